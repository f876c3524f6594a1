"""The plot of `leaked-key`, call by call. README.md tells it in words."""

import json

import cloudtrail as ct
from telling import Denial, Plot, Who, at, denial, encoded_denial

A, B, OUTSIDER = "111122223333", "444455556666", "777788889999"
OFFICE, HOME, CI, NAT = "198.51.100.17", "198.51.100.23", "192.0.2.140", "192.0.2.88"
ATTACKER, ATTACKER_BROWSER, ATTACKER_CLOUD = "203.0.113.66", "203.0.113.91", "203.0.113.120"

# Account, region, delivery minute of every object.
DELIVERIES = (
    (A, "us-east-1", "20260309T0820Z"), (A, "eu-west-1", "20260309T0925Z"), (A, "eu-west-1", "20260309T1130Z"),
    (B, "eu-west-1", "20260309T1030Z"),
    (A, "us-east-1", "20260310T0930Z"), (A, "eu-west-1", "20260310T0935Z"), (B, "eu-west-1", "20260310T1445Z"),
    (A, "us-east-1", "20260310T2255Z"), (A, "eu-west-1", "20260310T2300Z"), (A, "us-west-2", "20260310T2300Z"),
    (A, "us-east-1", "20260310T2325Z"), (A, "eu-west-1", "20260310T2335Z"), (A, "eu-west-1", "20260311T0000Z"),
    (A, "us-east-1", "20260311T0000Z"), (B, "eu-west-1", "20260310T2350Z"), (B, "eu-west-1", "20260311T0020Z"),
    (B, "us-east-1", "20260311T0010Z"), (A, "eu-west-1", "20260311T0030Z"), (A, "us-east-1", "20260311T0105Z"),
    (A, "eu-west-1", "20260311T0105Z"), (A, "us-east-1", "20260311T0830Z"), (A, "eu-west-1", "20260311T0835Z"),
    (B, "eu-west-1", "20260311T0900Z"), (A, "us-east-1", "20260311T0955Z"), (A, "eu-west-1", "20260311T1000Z"),
)
MULTI_MEMBER = (A, "eu-west-1", "20260311T0105Z")

CLI = "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.1 os/{} md/arch#x86_64 lang/python#3.12.8 md/pyimpl#CPython cfg/retry-mode#standard md/command#{}"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0"
LAPTOP, KALI = "macos#24.3.0", "linux#6.11.2-amd64"
HOSTILE_AGENT = "aws-cli/2.22.35 \x1b[2J\x1b[31mroot\x1b[0m \u202egpj.exe\u202c"

plot = Plot()
WHO_MADE = {}


def keyed(prefix, account, number, how, rule=None, through=None):
    """An access key id, and how it came to be. `through` is the key that led to it where no call by a key issued it:
    that made the user who signs in, or launched the instance."""
    key = ct.unique_id(prefix, account, number)
    WHO_MADE[key] = {"how": how, "rule": rule, "by": None, "event_id": None, "through": through}
    return key


def made(key, call):
    """The call that issued a key, now that it is told."""
    WHO_MADE[key] |= {"by": call.key, "event_id": call.id}


SUBJECT = keyed("AKIA", A, 0, "before the logs begin")
BACKUP_KEY = keyed("AKIA", A, 1, "CreateAccessKey", "key")
TMP_KEY = ct.unique_id("AKIA", A, 2)
REPORT_KEY = keyed("AKIA", A, 3, "not in the log: while the trail was stopped")
METRICS_KEY = keyed("AKIA", A, 4, "before the logs begin")

DEPLOY = ct.Role(A, "deploy", 0, "/ci/")
SYNC = ct.Role(A, "maint-sync", 1)
WORKER = ct.Role(A, "worker", 2)
AUDIT = ct.Role(A, "audit-read", 3)
SSO = ct.Role(A, "AWSReservedSSO_PlatformAdmin_0123456789abcdef", 4, "/aws-reserved/sso.amazonaws.com/eu-west-1/")
SCALING = ct.Role(A, "AWSServiceRoleForAutoScaling", 5, "/aws-service-role/autoscaling.amazonaws.com/")
ADVISOR = ct.Role(A, "AWSServiceRoleForTrustedAdvisor", 6, "/aws-service-role/trustedadvisor.amazonaws.com/")
PUBLISH = ct.Role(B, "ci-publish", 0)
OPS = ct.Role(B, "ops-admin", 1)

DANA = ct.iam_user(A, "dana", 0, SUBJECT)
BACKUP = ct.iam_user(A, "svc-backup", 1, BACKUP_KEY)
REPORT = ct.iam_user(A, "report-bot", 3, REPORT_KEY)
METRICS = ct.iam_user(A, "metrics-bot", 4, METRICS_KEY)

VPC, SUBNET, GROUP, VOLUME = "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0", "vol-0123456789abcdef0"
INSTANCE, SNAPSHOT, FLOW_LOG, IMAGE = "i-0123456789abcdef0", "snap-0123456789abcdef0", "fl-0123456789abcdef0", "ami-0123456789abcdef0"
EXPORTS, TRAIL = "example-customer-exports", f"arn:aws:cloudtrail:eu-west-1:{A}:trail/main-trail"
KMS_KEY = f"arn:aws:kms:eu-west-1:{A}:key/00000000-1111-4222-8333-444455556666"
ADMIN_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


def cli(system, command):
    return CLI.format(system, command)


def items(name, *values):
    return {"items": [{name: value} for value in values]}


def none_of(*names):
    return {name: {} for name in names}


def policy(principal, action, resource=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Resource": resource} if resource else {})]}


def kms_resources():
    return [{"accountId": A, "type": "AWS::KMS::Key", "ARN": KMS_KEY}]


def page_of_console(who, times):
    """What a start page of the console asks for."""
    shown = (
        ("health:DescribeEventAggregates", {"aggregateField": "eventTypeCategory", "filter": {"eventStatusCodes": ["open", "upcoming"]}}),
        ("ce:GetCostAndUsage", {"TimePeriod": {"Start": "2026-03-01", "End": "2026-03-31"}, "Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]}),
        ("cloudwatch:DescribeAlarms", {"stateValue": "ALARM", "maxRecords": 100}),
        ("notifications:ListNotificationHubs", None),
    )
    for time, (action, request) in zip(times, shown):
        plot.call(time, who, action, request, region="us-east-1" if action.startswith(("health", "ce", "not")) else None)


def signed_in(time, user, address, agent, mfa, region="us-east-1"):
    """A console password sign-in."""
    who = Who(user, address, agent, region, {"host": "signin.aws.amazon.com", "requestID": None})
    if mfa:
        # CloudTrail gives this step an empty key.
        check = {name: value for name, value in user.items() if name != "arn"} | {"accessKeyId": ""}
        plot.call(time[:-2] + f"{int(time[-2:]) - 6:02d}", who.but(identity=check), "signin:CheckMfa", None, {"CheckMfa": "Success"},
                  additionalEventData={"MfaType": "Virtual MFA"}, eventType="AwsConsoleSignIn", readOnly=False)
    said = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes" if mfa else "No"}
    if mfa:
        said["MFAIdentifier"] = f"arn:aws:iam::{A}:mfa/{user['userName']}"
    return plot.call(time, who, "signin:ConsoleLogin", None, {"ConsoleLogin": "Success"}, additionalEventData=said,
                     eventType="AwsConsoleSignIn", readOnly=False)


def assumed(time, who, role, session, key, seconds=3600, region=None, again=(), **more):
    """AssumeRole that works; in the role's account another record tells of the same."""
    request = {"roleArn": role.arn, "roleSessionName": session, "durationSeconds": seconds}
    response = role.issued(session, key, at(time), seconds)
    caller = who.identity["accountId"]
    if caller != role.account:
        more["sharedEventID"] = ct.uuid_of("shared", time, role.arn)
    call = plot.call(time, who, "sts:AssumeRole", request, response, region=region, again=again, resources=role.resources(), **more)
    if caller != role.account:
        outsider = {"type": "AWSAccount", "principalId": who.identity["principalId"], "accountId": caller}
        plot.call(time, who.but(identity=outsider), "sts:AssumeRole", request, response, region=region,
                  resources=role.resources(), recipientAccountId=role.account, requestID=call.record["requestID"], **more)
    if key in WHO_MADE:
        made(key, call)
    return call


def service_assumed(time, service, role, session, key, region="eu-west-1", seconds=21600, **more):
    """AssumeRole by an AWS service; EC2's answer names no assumed-role user."""
    who = Who({"type": "AWSService", "invokedBy": service}, service, service, region, {"host": None})
    response = role.issued(session, key, at(time), seconds)
    del response["assumedRoleUser"]
    call = plot.call(time, who, "sts:AssumeRole", {"roleArn": role.arn, "roleSessionName": session}, response,
                     resources=role.resources(), recipientAccountId=role.account,
                     sharedEventID=ct.uuid_of("shared", time, role.arn), **more)
    made(key, call)
    return call


def secret_read(time, who, secret, forwarded, account=A, **more):
    """GetSecretValue, and the Decrypt that Secrets Manager makes for the caller."""
    call = plot.call(time, who, "secretsmanager:GetSecretValue", {"secretId": secret}, **more)
    arn = f"arn:aws:secretsmanager:eu-west-1:{account}:secret:{secret}-AbCdEf"
    key = KMS_KEY.replace(A, account)
    plot.call(time, forwarded, "kms:Decrypt",
              {"encryptionContext": {"SecretARN": arn, "SecretVersionId": ct.uuid_of("version", arn)}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
              resources=[{"accountId": account, "type": "AWS::KMS::Key", "ARN": key}])
    return call


def dana_at_work():
    """The days before: dana's console and command line from the office."""
    monday = keyed("ASIA", A, 0, "ConsoleLogin with MFA", "session")
    login = signed_in("09 08:02:31", ct.iam_user(A, "dana", 0), OFFICE, BROWSER, mfa=True)
    WHO_MADE[monday]["event_id"] = login.id
    at_console = Who(ct.console(DANA, monday, login.time, mfa=True), OFFICE, BROWSER, more={"sessionCredentialFromConsole": "true"})
    page_of_console(at_console, ("09 08:02:38", "09 08:02:39", "09 08:02:41", "09 08:02:44"))
    plot.call("09 08:05:12", at_console, "ecs:ListClusters", {"maxResults": 100})
    plot.call("09 08:05:14", at_console, "ecs:DescribeClusters", {"clusters": ["shop"], "include": ["STATISTICS"]})
    plot.call("09 08:06:02", at_console, "logs:DescribeLogGroups", {"limit": 50, "logGroupNamePrefix": "/ecs/shop"})
    plot.call("09 08:07:55", at_console, "logs:FilterLogEvents", {"logGroupName": "/ecs/shop", "filterPattern": "ERROR", "limit": 200})
    plot.call("09 08:09:40", at_console, "lambda:ListFunctions20150331", {"maxItems": 50}, apiVersion="2015-03-31")

    at_shell = Who(DANA, OFFICE, cli(LAPTOP, "sts.get-caller-identity"))
    plot.call("09 08:31:02", at_shell, "sts:GetCallerIdentity")
    plot.call("09 08:31:40", at_shell.but(agent=cli(LAPTOP, "ec2.describe-instances")), "ec2:DescribeInstances",
              {"maxResults": 1000, **none_of("instancesSet", "filterSet")})
    plot.call("09 08:33:18", at_shell.but(agent=cli(LAPTOP, "s3api.list-buckets")), "s3:ListBuckets", {}, region="us-east-1",
              delivered="20260310T0930Z")
    plot.call("09 08:40:07", at_shell.but(agent=cli(LAPTOP, "logs.start-query")), "logs:StartQuery",
              {"logGroupName": "/ecs/shop", "startTime": 1773014400, "endTime": 1773043200, "queryString": "fields @timestamp, @message | limit 50"},
              {"queryId": ct.uuid_of("query", 1)}, readOnly=True)
    plot.call("09 08:41:30", at_shell.but(agent=cli(LAPTOP, "secretsmanager.get-secret-value")), "secretsmanager:GetSecretValue",
              {"secretId": "dev/shop/db"}, error=("ResourceNotFoundException", "Secrets Manager can't find the specified secret."))

    keyed("ASIA", A, 3, "AssumeRole", "key")
    session = ct.unique_id("ASIA", A, 3)
    call = assumed("09 09:02:10", at_shell.but(agent=cli(LAPTOP, "sts.assume-role")), DEPLOY, "dana-laptop", session)
    deployer = Who(DEPLOY.session("dana-laptop", session, call.time), OFFICE, cli(LAPTOP, "ecs.update-service"))
    plot.call("09 09:03:01", deployer, "ecs:UpdateService", {"cluster": "shop", "service": "web", "forceNewDeployment": True},
              {"service": {"serviceName": "web", "clusterArn": f"arn:aws:ecs:eu-west-1:{A}:cluster/shop", "status": "ACTIVE", "desiredCount": 3, "runningCount": 3, "pendingCount": 0, "launchType": "FARGATE"}})
    for time in ("09 09:03:20", "09 09:03:50", "09 09:04:20", "09 09:04:50"):
        plot.call(time, deployer.but(agent=cli(LAPTOP, "ecs.describe-services")), "ecs:DescribeServices", {"cluster": "shop", "services": ["web"]})
    plot.call("09 09:06:31", deployer.but(agent=cli(LAPTOP, "cloudformation.describe-stacks")), "cloudformation:DescribeStacks", {"stackName": "shop-web"})
    plot.call("09 09:07:12", deployer.but(agent=cli(LAPTOP, "iam.get-role")), "iam:GetRole", {"roleName": "shop-task"}, delivered="20260310T0930Z")

    tuesday = keyed("ASIA", A, 2, "ConsoleLogin with MFA", "session")
    login = signed_in("10 09:00:19", ct.iam_user(A, "dana", 0), OFFICE, BROWSER, mfa=True)
    WHO_MADE[tuesday]["event_id"] = login.id
    at_console = Who(ct.console(DANA, tuesday, login.time, mfa=True), OFFICE, BROWSER, more={"sessionCredentialFromConsole": "true"})
    page_of_console(at_console, ("10 09:00:25", "10 09:00:26", "10 09:00:28", "10 09:00:30"))
    plot.call("10 09:02:02", at_console, "rds:DescribeDBInstances", {"maxRecords": 100})
    plot.call("10 09:02:40", at_console, "rds:DescribeDBSnapshots", {"snapshotType": "manual", "maxRecords": 100})
    for time, call, request in (
        ("10 09:11:15", "sts:GetCallerIdentity", None),
        ("10 09:11:52", "ec2:DescribeSecurityGroups", {"maxResults": 1000, **none_of("securityGroupSet", "securityGroupIdSet", "filterSet")}),
        ("10 09:14:03", "ecr:DescribeRepositories", {"maxResults": 100}),
        ("10 09:15:47", "ecs:ListTasks", {"cluster": "shop", "serviceName": "web"}),
        ("10 09:16:20", "ecs:DescribeTasks", {"cluster": "shop", "tasks": ["0123456789abcdef0123456789abcdef"]}),
        ("10 09:20:41", "logs:GetQueryResults", {"queryId": ct.uuid_of("query", 1)}),
    ):
        plot.call(time, at_shell.but(agent=cli(LAPTOP, call.split(":")[0])), call, request)
    plot.call("10 09:22:08", at_shell.but(agent=cli(LAPTOP, "iam.list-access-keys")), "iam:ListAccessKeys", {"userName": "dana"})


def ci_publishes(time, number, image):
    """A GitHub workflow publishes an image in account B."""
    subject = "repo:example-org/shop:ref:refs/heads/main"
    provider = f"arn:aws:iam::{B}:oidc-provider/token.actions.githubusercontent.com"
    audience = "sts.amazonaws.com"
    agent = "aws-sdk-nodejs/3.726.1 configure-aws-credentials-for-github-actions os/linux#6.8.0 lang/js md/nodejs#20.18.1 api/sts#3.726.1"
    identity = {"type": "WebIdentityUser", "principalId": f"{provider}:{audience}:{subject}", "userName": subject, "identityProvider": provider}
    key = keyed("ASIA", B, number, "AssumeRoleWithWebIdentity", "key")
    response = {"subjectFromWebIdentityToken": subject} | PUBLISH.issued("GitHubActions", key, at(time)) | {"provider": provider, "audience": audience}
    call = plot.call(time, Who(identity, CI, agent), "sts:AssumeRoleWithWebIdentity",
                     {"roleArn": PUBLISH.arn, "roleSessionName": "GitHubActions", "durationSeconds": 3600}, response,
                     resources=PUBLISH.resources(), recipientAccountId=B)
    made(key, call)
    federation = {"federatedProvider": provider, "attributes": {}}
    who = Who(PUBLISH.session("GitHubActions", key, call.time, webIdFederationData=federation), CI, "docker/27.5.1 go/go1.22.10 kernel/6.8.0 os/linux arch/amd64")
    hour = time[:6]
    repository = [{"accountId": B, "ARN": f"arn:aws:ecr:eu-west-1:{B}:repository/shop/web"}]
    minute = int(time[6:8])
    plot.call(f"{hour}{minute:02d}:50", who, "ecr:GetAuthorizationToken")
    for part in range(3):
        layer = "sha256:" + ct.digest("layer", image, part).hex()
        plot.call(f"{hour}{minute + 1:02d}:0{part * 3}", who, "ecr:BatchCheckLayerAvailability",
                  {"repositoryName": "shop/web", "layerDigests": [layer]}, resources=repository)
        plot.call(f"{hour}{minute + 1:02d}:1{part * 3}", who, "ecr:InitiateLayerUpload", {"repositoryName": "shop/web"},
                  {"uploadId": ct.uuid_of("upload", image, part), "partSize": 20971520}, resources=repository)
    sums = "sha256:" + ct.digest("image", image).hex()
    plot.call(f"{hour}{minute + 1:02d}:40", who, "ecr:PutImage", {"repositoryName": "shop/web", "imageTag": image, "imageManifest": "{\"schemaVersion\":2}"},
              {"image": {"registryId": B, "repositoryName": "shop/web", "imageId": {"imageDigest": sums, "imageTag": image}}}, resources=repository)
    plot.call(f"{hour}{minute + 2:02d}:05", who, "ecs:RegisterTaskDefinition", {"family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"},
              {"taskDefinition": {"taskDefinitionArn": f"arn:aws:ecs:eu-west-1:{B}:task-definition/web:{40 + number}", "status": "ACTIVE", "revision": 40 + number}})
    plot.call(f"{hour}{minute + 2:02d}:08", who, "ecs:UpdateService", {"cluster": "shop", "service": "web", "taskDefinition": f"web:{40 + number}"},
              {"service": {"serviceName": "web", "status": "ACTIVE", "desiredCount": 2}})


def portal_session(time, answered, keys, region="eu-west-1"):
    """lea signs in through Identity Center. The key in AssumeRoleWithSAML's answer is never used, others are."""
    provider = f"arn:aws:iam::{A}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    store = {"userId": "e0000000-1111-4222-8333-444455556666", "identityStoreArn": f"arn:aws:identitystore::{A}:identitystore/d-0123456789"}
    portal = {"type": "IdentityCenterUser", "accountId": A, "onBehalfOf": store, "credentialId": ct.uuid_of("portal", time)}
    plot.call(time, Who(portal, HOME, BROWSER, more={"host": None}), "sso:Federate", None, None, eventType="AwsServiceEvent", readOnly=False,
              requestID=ct.uuid_of("federate", time), serviceEventDetails={"role_name": "PlatformAdmin", "account_id": A})
    saml = {"type": "SAMLUser", "principalId": "EXAMPLEzQ1x2y3z4w5v6u7t8s9=:lea@example.com", "userName": "lea@example.com", "identityProvider": "EXAMPLEzQ1x2y3z4w5v6u7t8s9="}
    response = SSO.issued("lea@example.com", answered, at(time)) | {
        "subjectType": "persistent", "subject": "lea@example.com", "issuer": "https://portal.sso.eu-west-1.amazonaws.com/saml/assertion/EXAMPLE",
        "nameQualifier": "EXAMPLEzQ1x2y3z4w5v6u7t8s9=", "audience": "https://signin.aws.amazon.com/saml"}
    saml_resources = SSO.resources() + [{"accountId": A, "type": "AWS::IAM::SAMLProvider", "ARN": provider}]
    call = plot.call(time, Who(saml, HOME, "aws-internal/3", more={"host": None}), "sts:AssumeRoleWithSAML",
                     {"sAMLAssertionID": "_" + ct.uuid_of("assertion", time), "roleSessionName": "lea@example.com", "durationSeconds": 3600, "roleArn": SSO.arn, "principalArn": provider},
                     response, resources=saml_resources, recipientAccountId=A)
    for key in keys:
        WHO_MADE[key] |= {"event_id": call.id}
    return [Who(SSO.session("lea@example.com", key, call.time) | {"onBehalfOf": store}, HOME, BROWSER, region, {"sessionCredentialFromConsole": "true"}) for key in keys]


def lea_builds():
    """Monday: lea makes the NAT gateway whose address the instance will show."""
    key = keyed("ASIA", A, 4, "AssumeRoleWithSAML, whose answer names another key", "session")
    (lea,) = portal_session("09 11:05:02", ct.unique_id("ASIA", A, 15), [key])
    plot.call("09 11:06:10", lea, "ec2:DescribeVpcs", none_of("vpcSet", "filterSet"))
    plot.call("09 11:06:12", lea, "ec2:DescribeSubnets", {**none_of("subnetSet"), "filterSet": {"items": [{"name": "vpc-id", "valueSet": items("value", VPC)}]}})
    plot.call("09 11:08:30", lea, "ec2:AllocateAddress", {"domain": "vpc"},
              {"requestId": ct.uuid_of("eip"), "publicIp": NAT, "domain": "vpc", "allocationId": "eipalloc-0123456789abcdef0", "networkBorderGroup": "eu-west-1"})
    plot.call("09 11:08:52", lea, "ec2:CreateNatGateway",
              {"CreateNatGatewayRequest": {"AllocationId": "eipalloc-0123456789abcdef0", "SubnetId": SUBNET, "ClientToken": ct.uuid_of("nat-token")}},
              {"CreateNatGatewayResponse": {"xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", "requestId": ct.uuid_of("nat"), "natGateway": {
                  "natGatewayId": "nat-0123456789abcdef0", "vpcId": VPC, "subnetId": SUBNET, "state": "pending", "connectivityType": "public",
                  "natGatewayAddressSet": {"item": {"allocationId": "eipalloc-0123456789abcdef0"}}}}})
    for time in ("09 11:09:20", "09 11:09:50", "09 11:10:20"):
        plot.call(time, lea, "ec2:DescribeNatGateways", {"DescribeNatGatewaysRequest": {"NatGatewayId": {"tag": 1, "content": "nat-0123456789abcdef0"}}})
    plot.call("09 11:12:00", lea, "ec2:CreateRoute", {"routeTableId": "rtb-0123456789abcdef0", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-0123456789abcdef0"},
              {"requestId": ct.uuid_of("route"), "_return": True})
    plot.call("09 11:20:00", lea, "ec2:DescribeInstances", {"maxResults": 1000, **none_of("instancesSet", "filterSet")},
              error=("Client.RequestLimitExceeded", "Request limit exceeded."))
    plot.call("09 11:20:01", lea, "ec2:DescribeInstances", {"maxResults": 1000, **none_of("instancesSet", "filterSet")})


def services_hum():
    """AWS's own services, and a monitoring user that is throttled."""
    for number, time in enumerate(("09 08:15:03", "09 09:15:03", "10 09:15:04", "10 22:45:03", "10 23:15:03", "10 23:45:03", "11 00:45:03", "11 08:15:04")):
        name = f"AutoScaling-{number}"
        slr = Who(SCALING.session(name, None, at(time)) | {"invokedBy": "autoscaling.amazonaws.com"}, "autoscaling.amazonaws.com", "autoscaling.amazonaws.com", more={"host": None})
        plot.call(time, slr, "ec2:DescribeInstanceStatus", {"instancesSet": items("instanceId", "i-00000000000000a1"), "includeAllInstances": True, "filterSet": {}})
    advisor = Who(ADVISOR.session("TrustedAdvisor_111122223333", None, at("10 09:05:00")) | {"invokedBy": "trustedadvisor.amazonaws.com"}, "trustedadvisor.amazonaws.com", "trustedadvisor.amazonaws.com", more={"host": None})
    for time, action, request in (
        ("10 09:05:01", "ec2:DescribeAddresses", none_of("publicIpsSet", "allocationIdsSet", "filterSet")),
        ("10 09:05:02", "ec2:DescribeSecurityGroups", none_of("securityGroupSet", "securityGroupIdSet", "filterSet")),
        ("10 09:05:03", "rds:DescribeDBInstances", None),
    ):
        plot.call(time, advisor, action, request)
    trail = Who({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}, "cloudtrail.amazonaws.com", "cloudtrail.amazonaws.com", more={"host": None})
    bucket = [{"accountId": A, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-trail-logs"}]
    for time in ("09 08:20:11", "10 09:20:11", "10 23:20:11", "11 00:20:11"):
        plot.call(time, trail, "s3:GetBucketAcl", {"bucketName": "example-trail-logs", "acl": ""}, resources=bucket, recipientAccountId=A, sharedEventID=ct.uuid_of("acl", time))
    rotation = Who({"accountId": A, "invokedBy": "AWS Internal"}, "AWS Internal", "AWS Internal", more={"host": None})
    plot.call("09 11:00:00", rotation, "kms:RotateKey", resources=kms_resources(), eventType="AwsServiceEvent", requestID=None,
              readOnly=False, serviceEventDetails={"keyId": KMS_KEY.split("/")[1], "rotationType": "AUTOMATIC", "keyOrigin": "AWS_KMS"})
    metrics = Who(METRICS, "198.51.100.40", "Boto3/1.36.3 md/Botocore#1.36.3 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.9 Botocore/1.36.3")
    for number, time in enumerate(("09 08:00:01", "09 08:00:02", "09 08:00:03", "09 09:00:01", "09 09:00:02", "10 09:00:01", "10 09:00:02", "10 09:00:03", "11 08:00:01", "11 08:00:02")):
        error = ("ThrottlingException", "Rate exceeded") if number in (1, 2, 4, 7) else None
        plot.call(time, metrics, "cloudwatch:DescribeAlarms", {"alarmNamePrefix": "shop-", "maxRecords": 100} if not error else None, error=error)


def recon(dana):
    """22:47, from outside: who am I, what is here."""
    call = plot.call("10 22:47:12", dana, "sts:GetCallerIdentity", again=("20260310T2325Z",))
    plot.tell(call, "sensitive", "first call with the leaked key from outside")
    west, home = dana.but(region="us-west-2"), dana.but(region="eu-west-1")
    plot.call("10 22:47:40", dana, "s3:ListBuckets", {}, again=("20260310T2325Z",))
    plot.call("10 22:48:05", dana, "iam:ListUsers", denied=denial(dana, "iam:ListUsers", f"arn:aws:iam::{A}:user/"))
    plot.call("10 22:48:11", dana, "iam:ListRoles", {"maxItems": 100})
    plot.call("10 22:48:16", dana, "iam:GetUser")
    plot.call("10 22:48:20", dana, "iam:ListAttachedUserPolicies", {"userName": "dana"}, again=("20260310T2325Z",))
    plot.call("10 22:48:24", dana, "iam:ListUserPolicies", {"userName": "dana"})
    plot.call("10 22:48:31", dana, "iam:GetAccountAuthorizationDetails", denied=denial(dana, "iam:GetAccountAuthorizationDetails", "*"))
    plot.call("10 22:48:40", dana, "iam:ListAccountAliases", denied=denial(dana, "iam:ListAccountAliases", "*", layer=None))
    plot.call("10 22:49:02", dana, "organizations:DescribeOrganization", denied=denial(dana, "organizations:DescribeOrganization", "*"))
    plot.call("10 22:49:30", home, "ec2:DescribeInstances", none_of("instancesSet", "filterSet"))
    plot.call("10 22:49:33", home, "ec2:DescribeSecurityGroups", none_of("securityGroupSet", "securityGroupIdSet", "filterSet"))
    plot.call("10 22:49:37", home, "ec2:DescribeVolumes", none_of("volumeSet", "filterSet"))
    plot.call("10 22:49:41", home, "ec2:DescribeSnapshots", {"ownersSet": items("owner", "self"), **none_of("snapshotSet", "sharedUsersSet", "filterSet")})
    plot.call("10 22:49:47", home, "ec2:DescribeFlowLogs", {"DescribeFlowLogsRequest": ""})
    plot.call("10 22:50:02", home, "cloudtrail:DescribeTrails", {"includeShadowTrails": True})
    plot.call("10 22:50:05", home, "cloudtrail:GetTrailStatus", {"name": TRAIL})
    plot.call("10 22:50:30", west, "ec2:DescribeInstances", none_of("instancesSet", "filterSet"),
              denied=denial(west, "ec2:DescribeInstances", layer="service control policy", effect="explicit"))
    plot.call("10 22:50:34", west, "lambda:ListFunctions20150331", None, apiVersion="2015-03-31",
              denied=denial(west, "lambda:ListFunctions", "*", layer="service control policy", effect="explicit"))
    plot.call("10 22:50:38", west, "ec2:DescribeRegions", none_of("regionSet"),
              denied=denial(west, "ec2:DescribeRegions", layer="service control policy", effect="explicit"))
    plot.call("10 22:51:10", home, "ec2:GetPasswordData", {"instanceId": "i-00000000000000a1"}, denied=encoded_denial("password"))
    plot.call("10 22:51:44", home, "secretsmanager:ListSecrets", {"maxResults": 100})
    forwarded = keyed("ASIA", A, 13, "Secrets Manager forwards dana's call", "identity")
    call = secret_read("10 22:52:03", home, "reporting/db", home.through("secretsmanager.amazonaws.com", forwarded, at("10 22:52:03")))
    plot.tell(call, "sensitive", "read secret reporting/db")
    for time, secret in (("10 22:52:10", "payments/stripe"), ("10 22:52:14", "payments/paypal")):
        plot.call(time, home, "secretsmanager:GetSecretValue", None, denied=denial(home, "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{A}:secret:{secret}-AbCdEf"))
    plot.call("10 22:52:40", home, "s3:GetBucketPolicy", {"bucketName": EXPORTS, "policy": ""},
              error=("NoSuchBucketPolicy", "The bucket policy does not exist"))
    plot.call("10 22:52:44", home, "s3:GetBucketAcl", {"bucketName": EXPORTS, "acl": ""},
              denied=denial(home, "s3:GetBucketAcl", f"arn:aws:s3:::{EXPORTS}", quoted=True))
    plot.call("10 22:53:01", home, "s3:GetBucketAcl", {"bucketName": "example-trail-logs", "acl": ""},
              denied=Denial("AccessDenied", "Access Denied", None, None, None, None))
    plot.object_call("10 22:53:20", home, "s3:GetObject", A, EXPORTS, "2026/02/customers.csv",
                     denied=denial(home, "s3:GetObject", f"arn:aws:s3:::{EXPORTS}/2026/02/customers.csv", quoted=True), again=("20260310T2335Z",))
    return home


def climbs(dana):
    """From the key to `deploy`, from there to an administrator of its own making."""
    key = keyed("ASIA", A, 7, "AssumeRole", "key")
    session = "botocore-session-1773183511"
    call = assumed("10 22:58:31", dana.but(agent=cli(KALI, "sts.assume-role")), DEPLOY, session, key, again=("20260310T2335Z",))
    plot.tell(call, "sensitive", "assumed role deploy")
    deploy = Who(DEPLOY.session(session, key, call.time), ATTACKER, cli(KALI, "iam"))
    plot.call("10 22:59:02", deploy, "sts:GetCallerIdentity")
    plot.call("10 22:59:30", deploy, "iam:ListRoles", {"maxItems": 1000})
    plot.call("10 23:00:12", deploy, "iam:ListAttachedRolePolicies", {"roleName": "deploy"})
    plot.call("10 23:00:15", deploy, "iam:ListRolePolicies", {"roleName": "deploy"})
    plot.call("10 23:01:40", deploy, "ec2:RunInstances",
              {"instancesSet": {"items": [{"imageId": IMAGE, "minCount": 1, "maxCount": 1}]}, "instanceType": "t3.micro", "subnetId": SUBNET, "iamInstanceProfile": {"name": "worker-profile"}},
              denied=encoded_denial("run", denial(deploy, "ec2:RunInstances", f"arn:aws:ec2:eu-west-1:{A}:instance/*")))

    trust = json.dumps(policy({"AWS": f"arn:aws:iam::{A}:root"}, "sts:AssumeRole"))
    call = plot.call("10 23:04:10", deploy, "iam:CreateRole", {"roleName": SYNC.name, "assumeRolePolicyDocument": trust, "description": "nightly sync"},
                     {"role": {"path": "/", "roleName": SYNC.name, "roleId": SYNC.id, "arn": SYNC.arn, "createDate": ct.long_date(at("10 23:04:10")), "assumeRolePolicyDocument": trust.replace(" ", "%20").replace('"', "%22").replace("{", "%7B").replace("}", "%7D")}})
    plot.make(call, "role", SYNC.name)
    call = plot.call("10 23:04:12", deploy, "iam:AttachRolePolicy", {"roleName": SYNC.name, "policyArn": ADMIN_POLICY})
    plot.tell(call, "sensitive", "AdministratorAccess to role maint-sync")
    for time in ("10 23:04:14", "10 23:04:17"):
        plot.call(time, deploy.but(agent=cli(KALI, "sts.assume-role")), "sts:AssumeRole", None,
                  denied=denial(deploy, "sts:AssumeRole", SYNC.arn, layer=None, worked_later="10 23:04:25"))
    key = keyed("ASIA", A, 8, "AssumeRole", "key")
    call = assumed("10 23:04:25", deploy.but(agent=cli(KALI, "sts.assume-role")), SYNC, "sync", key)
    plot.use(call, "role", SYNC.name)
    return deploy, Who(SYNC.session("sync", key, call.time), ATTACKER, cli(KALI, "ec2"))


def doors_for_later(deploy):
    """A user with key, password and administrator rights; another that is removed again."""
    call = plot.call("10 23:09:02", deploy, "iam:CreateUser", {"userName": "svc-backup"},
                     {"user": {"path": "/", "arn": f"arn:aws:iam::{A}:user/svc-backup", "userId": ct.unique_id("AIDA", A, 1), "createDate": ct.long_date(at("10 23:09:02")), "userName": "svc-backup"}},
                     again=("20260311T0000Z",))
    plot.make(call, "user", "svc-backup")
    call = plot.call("10 23:09:20", deploy, "iam:CreateAccessKey", {"userName": "svc-backup"},
                     {"accessKey": {"userName": "svc-backup", "accessKeyId": BACKUP_KEY, "status": "Active", "createDate": ct.long_date(at("10 23:09:20"))}},
                     again=("20260311T0000Z",))
    made(BACKUP_KEY, call)
    plot.make(call, "access key", BACKUP_KEY)
    plot.tell(call, "sensitive", "access key for user svc-backup")
    call = plot.call("10 23:09:41", deploy, "iam:CreateLoginProfile", {"userName": "svc-backup", "passwordResetRequired": False},
                     {"loginProfile": {"userName": "svc-backup", "createDate": ct.long_date(at("10 23:09:41")), "passwordResetRequired": False}})
    plot.make(call, "password", "svc-backup")
    plot.tell(call, "sensitive", "password for user svc-backup")
    call = plot.call("10 23:10:05", deploy, "iam:AttachUserPolicy", {"userName": "svc-backup", "policyArn": ADMIN_POLICY})
    plot.tell(call, "sensitive", "AdministratorAccess to user svc-backup")
    plot.call("10 23:10:30", deploy, "iam:CreateLoginProfile", {"userName": "svc-backup", "passwordResetRequired": False},
              error=("EntityAlreadyExistsException", "Login Profile for user svc-backup already exists."))
    call = plot.call("10 23:17:03", deploy, "iam:CreateUser", {"userName": "tmp-check"},
                     {"user": {"path": "/", "arn": f"arn:aws:iam::{A}:user/tmp-check", "userId": ct.unique_id("AIDA", A, 2), "createDate": ct.long_date(at("10 23:17:03")), "userName": "tmp-check"}})
    plot.make(call, "user", "tmp-check")
    call = plot.call("10 23:17:09", deploy, "iam:CreateAccessKey", {"userName": "tmp-check"},
                     {"accessKey": {"userName": "tmp-check", "accessKeyId": TMP_KEY, "status": "Active", "createDate": ct.long_date(at("10 23:17:09"))}})
    plot.make(call, "access key", TMP_KEY)


def backup_console():
    """23:14: the new user at the console, without MFA; later it makes a bucket public."""
    key, second = (keyed("ASIA", A, number, "ConsoleLogin without MFA", "session", WHO_MADE[BACKUP_KEY]["by"]) for number in (9, 10))
    login = signed_in("10 23:14:30", ct.iam_user(A, "svc-backup", 1), ATTACKER_BROWSER, BROWSER, mfa=False)
    plot.use(login, "user", "svc-backup")
    plot.use(login, "password", "svc-backup")
    plot.tell(login, "sensitive", "console sign-in of svc-backup without MFA")
    for one in (key, second):
        WHO_MADE[one]["event_id"] = login.id
    pages, bucket = (Who(ct.console(BACKUP, one, login.time, mfa=False), ATTACKER_BROWSER, BROWSER, more={"sessionCredentialFromConsole": "true"}) for one in (key, second))
    page_of_console(pages, ("10 23:14:36", "10 23:14:37", "10 23:14:39", "10 23:14:41"))
    plot.call("10 23:16:12", pages, "ec2:DescribeInstances", {"maxResults": 1000, **none_of("instancesSet", "filterSet")})
    plot.call("10 23:20:30", pages, "iam:ListUsers", {"maxItems": 1000})
    plot.call("10 23:20:33", pages, "iam:ListMFADevices", {"userName": "svc-backup"})

    resources = [{"accountId": A, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{EXPORTS}"}]
    public = policy("*", "s3:GetObject", f"arn:aws:s3:::{EXPORTS}/*")
    request = {"bucketName": EXPORTS, "bucketPolicy": public, "policy": ""}
    refusal = (f'User: {bucket.identity["arn"]} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::{EXPORTS}" '
               "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
    plot.call("10 23:35:02", bucket, "s3:PutBucketPolicy", dict(request), resources=resources,
              denied=Denial("AccessDenied", refusal, "s3:PutBucketPolicy", f"arn:aws:s3:::{EXPORTS}", None, "S3 Block Public Access", worked_later=at("10 23:36:20")))
    call = plot.call("10 23:35:48", bucket, "s3:DeleteBucketPublicAccessBlock", {"bucketName": EXPORTS, "publicAccessBlock": ""}, resources=resources)
    plot.tell(call, "sensitive", f"public access block of {EXPORTS} removed")
    call = plot.call("10 23:36:20", bucket, "s3:PutBucketPolicy", dict(request), resources=resources, again=("20260311T0030Z",))
    plot.open(call, "bucket policy", EXPORTS, "anyone")


def night_work(sync):
    """An open port, an instance with a role, a snapshot for an outside account, a trust that stays."""
    call = plot.call("10 23:22:05", sync, "ec2:AuthorizeSecurityGroupIngress",
                     {"groupId": GROUP, "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "ipRanges": items("cidrIp", "0.0.0.0/0"), "ipv6Ranges": {}, "prefixListIds": {}}]}},
                     {"requestId": ct.uuid_of("open"), "_return": True, "securityGroupRuleSet": {"items": [{"groupOwnerId": A, "groupId": GROUP, "securityGroupRuleId": "sgr-0123456789abcdef0", "isEgress": False, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"}]}})
    plot.open(call, "security group 22/tcp", GROUP, "0.0.0.0/0")
    call = plot.call("10 23:26:14", sync, "ec2:CreateKeyPair", {"keyName": "night-job", "keyType": "ed25519", "keyFormat": "pem"},
                     {"requestId": ct.uuid_of("pair"), "keyName": "night-job", "keyFingerprint": "EXAMPLEfingerprint=", "keyPairId": "key-0123456789abcdef0", "keyMaterial": "<sensitiveDataRemoved>"})
    plot.make(call, "key pair", "night-job")
    instance_answer = {"instanceId": INSTANCE, "imageId": IMAGE, "instanceState": {"code": 0, "name": "pending"}, "privateDnsName": "ip-10-0-1-10.eu-west-1.compute.internal",
                       "keyName": "night-job", "amiLaunchIndex": 0, "instanceType": "t3.micro", "launchTime": 1773185260000, "placement": {"availabilityZone": "eu-west-1a", "tenancy": "default"},
                       "subnetId": SUBNET, "vpcId": VPC, "privateIpAddress": "10.0.1.10", "iamInstanceProfile": {"arn": f"arn:aws:iam::{A}:instance-profile/worker-profile", "id": ct.unique_id("AIPA", A, 0)},
                       "metadataOptions": {"state": "pending", "httpTokens": "optional", "httpEndpoint": "enabled"}}
    call = plot.call("10 23:27:40", sync, "ec2:RunInstances",
                     {"instancesSet": {"items": [{"imageId": IMAGE, "minCount": 1, "maxCount": 1, "keyName": "night-job"}]}, "instanceType": "t3.micro", "subnetId": SUBNET, "iamInstanceProfile": {"name": "worker-profile"}, "monitoring": {"enabled": False}},
                     {"requestId": ct.uuid_of("launch"), "reservationId": "r-0123456789abcdef0", "ownerId": A, "groupSet": {}, "instancesSet": {"items": [instance_answer]}}, again=("20260311T0000Z",))
    plot.make(call, "instance", INSTANCE)
    plot.tell(call, "sensitive", f"instance {INSTANCE} launched with role worker")

    worker_key = keyed("ASIA", A, 11, "AssumeRole by ec2 for the instance, launched by maint-sync", "key", call.key)
    issued = service_assumed("10 23:27:42", "ec2.amazonaws.com", WORKER, INSTANCE, worker_key)
    plot.use(issued, "instance", INSTANCE)
    scope = {"inScopeOf": {"sourceArn": f"arn:aws:ec2:eu-west-1:{A}:instance/{INSTANCE}", "sourceAccount": A, "issuerType": "AWS::EC2::Instance", "credentialsIssuedTo": f"arn:aws:ec2:eu-west-1:{A}:instance/{INSTANCE}"}}
    worker = Who(WORKER.session(INSTANCE, worker_key, issued.time, ec2RoleDelivery="2.0") | scope, NAT, "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.1 os/linux#6.1.119-129.201.amzn2023.x86_64 lang/python#3.9.20")
    plot.call("10 23:29:10", worker.but(agent="aws-sdk-go/1.55.5 (go1.22.9; linux; amd64) amazon-ssm-agent/"), "ssm:UpdateInstanceInformation",
              {"instanceId": INSTANCE, "agentVersion": "3.3.1345.0", "agentStatus": "Active", "platformType": "Linux", "iPAddress": "10.0.1.10"}, readOnly=False)
    plot.call("10 23:30:02", worker, "sts:GetCallerIdentity")
    plot.call("10 23:31:10", worker, "s3:ListObjects", {"bucketName": EXPORTS, "list-type": "2", "prefix": "2026/", "encoding-type": "url"},
              managementEvent=False, eventCategory="Data", resources=[{"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{EXPORTS}/2026/"}, {"accountId": A, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{EXPORTS}"}])
    for number, month in enumerate(("01", "02")):
        for part, name in enumerate(("customers.csv", "orders.csv", "refunds.csv")):
            call = plot.object_call(f"10 23:3{2 + number}:{10 + part * 9}", worker, "s3:GetObject", A, EXPORTS, f"2026/{month}/{name}")
            # One of them comes hours late, and says so.
            if (number, part) == (1, 2):
                call.delivered = "20260311T0835Z"
                call.record["addendum"] = {"reason": "DELIVERY_DELAY"}
    plot.tell(call, "sensitive", f"6 objects of {EXPORTS} read by the instance")

    call = plot.call("10 23:39:05", sync, "ec2:CreateSnapshot", {"volumeId": VOLUME, "description": "sync"},
                     {"requestId": ct.uuid_of("snapshot"), "snapshotId": SNAPSHOT, "volumeId": VOLUME, "status": "pending", "startTime": 1773185945000, "ownerId": A, "volumeSize": "100", "encrypted": False})
    plot.make(call, "snapshot", SNAPSHOT)
    share = {"snapshotId": SNAPSHOT, "attributeType": "CREATE_VOLUME_PERMISSION"}
    call = plot.call("10 23:41:10", sync, "ec2:ModifySnapshotAttribute", share | {"createVolumePermission": {"add": items("userId", OUTSIDER)}},
                     {"requestId": ct.uuid_of("share"), "_return": True})
    plot.open(call, "snapshot", SNAPSHOT, OUTSIDER)
    for number, time in enumerate(("10 23:44:30", "10 23:44:33", "10 23:44:36")):
        secret = ("payments/stripe", "payments/paypal", "reporting/db")[number]
        call = secret_read(time, sync.but(agent=cli(KALI, "secretsmanager.get-secret-value")), secret, sync.through("secretsmanager.amazonaws.com"))
        plot.tell(call, "sensitive", f"read secret {secret}")
    call = plot.call("10 23:50:12", sync.but(agent=cli(KALI, "iam.update-assume-role-policy")), "iam:UpdateAssumeRolePolicy",
                     {"roleName": AUDIT.name, "policyDocument": json.dumps(policy({"AWS": [f"arn:aws:iam::{A}:root", f"arn:aws:iam::{OUTSIDER}:root"]}, "sts:AssumeRole"))})
    plot.open(call, "role trust", AUDIT.name, OUTSIDER)
    copied = Who({"accountId": A, "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com", "ec2.amazonaws.com", more={"host": None})
    call = plot.call("10 23:52:40", copied, "ec2:SharedSnapshotCopyInitiated", eventType="AwsServiceEvent", requestID=None, readOnly=False,
                     sharedEventID=ct.uuid_of("copied"), serviceEventDetails={"snapshotId": SNAPSHOT})
    plot.tell(call, "sensitive", f"snapshot {SNAPSHOT} copied by the account it was shared with")
    return worker


def other_account(deploy):
    """Account B by a session name that claims to be lea; it goes on while A's trail is stopped."""
    key = keyed("ASIA", B, 2, "AssumeRole across accounts", "shared-event")
    call = assumed("10 23:46:20", deploy.but(agent=cli(KALI, "sts.assume-role")), OPS, "lea@example.com", key)
    plot.tell(call, "sensitive", "assumed role ops-admin in 444455556666 with a session name that names lea")
    ops = Who(OPS.session("lea@example.com", key, call.time), ATTACKER, cli(KALI, "ec2"))
    plot.call("10 23:47:01", ops, "sts:GetCallerIdentity")
    plot.call("10 23:48:10", ops, "ec2:DescribeInstances", none_of("instancesSet", "filterSet"))
    plot.call("11 00:00:20", ops, "secretsmanager:ListSecrets", {"maxResults": 100})
    for time, secret in (("11 00:01:02", "shop/signing-key"), ("11 00:01:05", "shop/webhook")):
        call = secret_read(time, ops, secret, ops.through("secretsmanager.amazonaws.com"), B)
        plot.tell(call, "sensitive", f"read secret {secret} in {B}")
    plot.call("11 00:02:30", ops, "iam:ListUsers")
    plot.call("11 00:02:33", ops, "iam:GetAccountPasswordPolicy", error=("NoSuchEntityException", f"The Password Policy with domain name {B} cannot be found."))
    call = plot.call("11 00:03:15", ops, "guardduty:DeleteDetector", {"detectorId": "0123456789abcdef0123456789abcdef"},
                     denied=denial(ops, "guardduty:DeleteDetector", f"arn:aws:guardduty:eu-west-1:{B}:detector/0123456789abcdef0123456789abcdef", layer="service control policy", effect="explicit"))
    plot.tell(call, "logging", "GuardDuty detector of 444455556666")
    call = plot.call("11 00:03:50", ops, "cloudtrail:StopLogging", None, denied=denial(ops, "cloudtrail:StopLogging", f"arn:aws:cloudtrail:eu-west-1:{B}:trail/shop-trail", layer="service control policy", effect="explicit"))
    plot.tell(call, "logging", "trail shop-trail")
    plot.call("11 00:06:00", ops, "logs:DescribeLogGroups", {"limit": 50})
    call = plot.call("11 00:06:31", ops, "logs:DeleteLogGroup", {"logGroupName": "/ecs/shop"})
    plot.tell(call, "logging", "log group /ecs/shop deleted")


def blinds(sync):
    """Flow log deleted, trail stopped for 14 minutes; what happened in them stands in no record."""
    call = plot.call("10 23:56:31", sync, "ec2:DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": {"tag": 1, "content": FLOW_LOG}}},
                     {"DeleteFlowLogsResponse": {"xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", "requestId": ct.uuid_of("flow"), "unsuccessful": ""}})
    plot.tell(call, "logging", f"flow log {FLOW_LOG} deleted")
    call = plot.call("10 23:57:05", sync.but(agent=cli(KALI, "cloudtrail.delete-trail")), "cloudtrail:DeleteTrail", None,
                     denied=denial(sync, "cloudtrail:DeleteTrail", TRAIL, layer="service control policy", effect="explicit"))
    plot.tell(call, "logging", "trail main-trail")
    call = plot.call("10 23:58:02", sync.but(agent=cli(KALI, "cloudtrail.stop-logging")), "cloudtrail:StopLogging", {"name": TRAIL}, again=("20260311T0030Z",))
    plot.tell(call, "logging", "trail main-trail stopped")
    call = plot.call("11 00:11:47", sync.but(agent=cli(KALI, "cloudtrail.start-logging")), "cloudtrail:StartLogging", {"name": TRAIL})
    plot.tell(call, "logging", "trail main-trail started again after 13 min 45 s")


def stolen_instance_key(worker):
    """The instance's key, once from the attacker's own machine."""
    call = plot.call("11 00:20:15", worker.but(address=ATTACKER, agent=cli(KALI, "sts.get-caller-identity")), "sts:GetCallerIdentity")
    plot.tell(call, "sensitive", "the instance's key used from 203.0.113.66, which is not the instance's address")


def report_bot():
    """A key of user report-bot that no record made."""
    report = Who(REPORT, ATTACKER, cli(KALI, "sts.get-caller-identity"))
    plot.call("11 00:25:40", report, "sts:GetCallerIdentity")
    plot.object_call("11 00:26:05", report.but(agent=cli(KALI, "s3.cp")), "s3:GetObject", A, EXPORTS, "2026/02/customers.csv")
    plot.call("11 00:27:10", report, "iam:ListAccessKeys", {"userName": "report-bot"}, denied=denial(report, "iam:ListAccessKeys", "user report-bot"))
    plot.call("11 09:50:31", report, "sts:GetCallerIdentity")


def cleans_up(deploy, sync):
    """Some of what was made is removed, some doors are closed."""
    call = plot.call("11 00:41:33", sync, "ec2:ModifySnapshotAttribute",
                     {"snapshotId": SNAPSHOT, "attributeType": "CREATE_VOLUME_PERMISSION", "createVolumePermission": {"remove": items("userId", OUTSIDER)}},
                     {"requestId": ct.uuid_of("unshare"), "_return": True})
    plot.shut(call, "snapshot", SNAPSHOT, OUTSIDER)
    call = plot.call("11 00:44:02", sync, "ec2:TerminateInstances", {"instancesSet": items("instanceId", INSTANCE)},
                     {"requestId": ct.uuid_of("end"), "instancesSet": {"items": [{"instanceId": INSTANCE, "currentState": {"code": 32, "name": "shutting-down"}, "previousState": {"code": 16, "name": "running"}}]}})
    plot.end(call, "instance", INSTANCE)
    backup = Who(BACKUP, ATTACKER, cli(KALI, "iam"))
    call = plot.call("11 00:46:10", backup, "iam:DeleteAccessKey", {"userName": "tmp-check", "accessKeyId": TMP_KEY})
    plot.use(call, "access key", BACKUP_KEY)
    plot.end(call, "access key", TMP_KEY)
    plot.end(plot.call("11 00:46:14", backup, "iam:DeleteUser", {"userName": "tmp-check"}), "user", "tmp-check")
    call = plot.call("11 00:48:40", sync, "ec2:RevokeSecurityGroupIngress", {"groupId": GROUP, "securityGroupRuleIds": items("securityGroupRuleId", "sgr-0123456789abcdef0")},
                     {"requestId": ct.uuid_of("close"), "_return": True, "revokedSecurityGroupRuleSet": {"items": [{"groupId": GROUP, "securityGroupRuleId": "sgr-0123456789abcdef0", "isEgress": False, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"}]}})
    plot.shut(call, "security group 22/tcp", GROUP, "0.0.0.0/0")
    plot.call("11 00:51:05", backup, "iam:DeleteRole", {"roleName": SYNC.name}, error=("DeleteConflictException", "Cannot delete entity, must detach all policies first."))
    plot.call("11 00:51:12", backup, "iam:DetachRolePolicy", {"roleName": SYNC.name, "policyArn": ADMIN_POLICY})
    plot.end(plot.call("11 00:51:30", backup, "iam:DeleteRole", {"roleName": SYNC.name}), "role", SYNC.name)


def outsider_comes():
    """The trusted outside account uses its door; only A's copy of the request is in these logs."""
    key = keyed("ASIA", A, 12, "AssumeRole by account 777788889999, whose own log is not here", "key")
    outside = {"type": "AWSAccount", "principalId": ct.unique_id("AIDA", OUTSIDER, 0), "accountId": OUTSIDER}
    who = Who(outside, ATTACKER_CLOUD, "Boto3/1.36.3 md/Botocore#1.36.3 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.3 Botocore/1.36.3")
    call = plot.call("11 00:55:12", who, "sts:AssumeRole", {"roleArn": AUDIT.arn, "roleSessionName": "readonly"}, AUDIT.issued("readonly", key, at("11 00:55:12")),
                     resources=AUDIT.resources(), recipientAccountId=A, sharedEventID=ct.uuid_of("outside"))
    made(key, call)
    plot.tell(call, "sensitive", "role audit-read assumed by account 777788889999")
    audit = who.but(identity=AUDIT.session("readonly", key, call.time))
    for time, action, request in (
        ("11 00:55:20", "sts:GetCallerIdentity", None),
        ("11 00:55:41", "ec2:DescribeInstances", none_of("instancesSet", "filterSet")),
        ("11 00:56:02", "rds:DescribeDBInstances", None),
    ):
        plot.call(time, audit, action, request)


def morning():
    """lea closes what she sees, the attacker comes back by what she does not."""
    answered = ct.unique_id("ASIA", A, 1)
    keys = [keyed("ASIA", A, number, "AssumeRoleWithSAML, whose answer names another key", "session") for number in (5, 6)]
    pages, hands = portal_session("11 08:01:12", answered, keys)
    plot.call("11 08:02:30", pages, "cloudtrail:LookupEvents", {"lookupAttributes": [{"attributeKey": "Username", "attributeValue": "dana"}], "maxResults": 50})
    plot.call("11 08:03:10", pages, "s3:GetBucketPolicy", {"bucketName": EXPORTS, "policy": ""})
    resources = [{"accountId": A, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{EXPORTS}"}]
    call = plot.call("11 08:05:44", hands, "s3:DeleteBucketPolicy", {"bucketName": EXPORTS, "policy": ""}, resources=resources)
    plot.shut(call, "bucket policy", EXPORTS, "anyone")
    plot.call("11 08:06:20", hands, "s3:PutBucketPublicAccessBlock", {"bucketName": EXPORTS, "publicAccessBlock": "", "PublicAccessBlockConfiguration": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}}, resources=resources)
    call = plot.call("11 08:12:10", hands, "iam:UpdateAccessKey", {"userName": "dana", "accessKeyId": SUBJECT, "status": "Inactive"})
    plot.tell(call, "sensitive", "lea sets dana's key inactive")
    plot.call("11 08:12:40", pages, "iam:ListAccessKeys", {"userName": "dana"},
              extra={"riskSignals": [{"name": "unfamiliar", "score": 0.25}], "schemaHint": None})
    plot.call("11 08:20:05", pages, "ec2:DescribeFlowLogs", {"DescribeFlowLogsRequest": ""})

    backup = Who(BACKUP, ATTACKER_BROWSER, HOSTILE_AGENT)
    call = plot.call("11 09:41:03", backup, "sts:GetCallerIdentity")
    plot.tell(call, "sensitive", "svc-backup's key used after dana's was set inactive")
    formula = '=HYPERLINK("http://203.0.113.91/x","open")'
    message = (f"1 validation error detected: Value '{formula}' at 'roleSessionName' failed to satisfy constraint: "
               "Member must satisfy regular expression pattern: [\\w+=,.@-]*")
    plot.call("11 09:42:10", backup, "sts:AssumeRole", {"roleArn": DEPLOY.arn, "roleSessionName": formula}, error=("ValidationException", message))
    key = keyed("ASIA", A, 14, "AssumeRole", "key")
    session = "=HYPERLINK.203.0.113.91+1"
    call = assumed("11 09:43:00", backup, DEPLOY, session, key)
    hostile = Who(DEPLOY.session(session, key, call.time) | {"passkeyId": "EXAMPLE-passkey"}, ATTACKER_BROWSER, HOSTILE_AGENT)
    plot.call("11 09:43:20", hostile, "sts:GetCallerIdentity")
    plot.call("11 09:44:02", hostile, "iam:ListUsers", {"maxItems": 1000})
    plot.call("11 09:44:30", hostile, "s3:ListBuckets", {}, region="us-east-1")
    # The same event comes again with more in it: one id, two contents, so two events for whoever counts.
    call = plot.call("11 09:45:10", hostile, "ecs:ListClusters", {"maxResults": 100})
    plot.call("11 09:45:10", hostile, "ecs:ListClusters", {"maxResults": 100}, eventID=call.id, addendum={
        "reason": "UPDATED_DATA", "updatedFields": "userIdentity.sessionContext", "originalRequestID": call.record["requestID"], "originalEventID": call.id})


dana_at_work()
ci_publishes("09 10:11:40", 0, "v41")
ci_publishes("10 14:32:12", 1, "v42")
ci_publishes("11 08:41:07", 4, "v43")
lea_builds()
services_hum()
leaked = Who(DANA, ATTACKER, cli(KALI, "sts.get-caller-identity"), "us-east-1")
from_home = recon(leaked)
as_deploy, as_sync = climbs(from_home)
doors_for_later(as_deploy)
backup_console()
as_worker = night_work(as_sync)
other_account(as_deploy)
blinds(as_sync)
stolen_instance_key(as_worker)
report_bot()
cleans_up(as_deploy, as_sync)
outsider_comes()
morning()

plot.mismatches = [{"session_arn": OPS.session_arn("lea@example.com"), "claims": "lea@example.com", "origin": SUBJECT}]
plot.unseen = [
    f"How dana's key {SUBJECT} got out: nothing about it is in a log of AWS.",
    "Account 111122223333 from 03-10 23:58:02 to 03-11 00:11:47: its trail was stopped. (In truth the attacker made "
    f"the key {REPORT_KEY} for user report-bot in that time. No record says so; only the key's use does.)",
    "Reads and writes of S3 objects outside of bucket example-customer-exports, Lambda invocations, table items: no data events.",
    "Regions other than eu-west-1, us-east-1 and us-west-2 have no object here.",
    "Account 777788889999: it copied the snapshot and assumed audit-read; its own log is not here.",
    "What lea's sessions were issued as: the key that AssumeRoleWithSAML answered with is not the one that is used.",
    "Network traffic of the instance: the flow log was deleted at 23:56:31.",
]
