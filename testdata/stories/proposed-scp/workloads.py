"""Machines: CI, the export, the web application, sessions for tenants. README.md tells the story in words."""

import json

from cast import CI_POLICY, CI_DAYS, LIMITS, asking, assumed, now_allowed, now_denied, plot, same, service_assumed, trusted, undetermined
from policies import (
    BLUE_SESSION, D, DB_SECRET, GATEWAY, GROUP, IMAGE, INTERFACE, KEY, OIDC, OTHER_SUBNET, S, SUBNET, TRUSTS, X, bucket, managed, role,
)
from telling import KEYS, SDK, Who, at, encoded, made_role, refusal, session

# --- CI: a GitHub workflow pushes images and rolls the service


def github(time, ref, run, expected, error=None):
    subject = f"repo:example-org/shop:{ref}"
    who = Who({"type": "WebIdentityUser", "principalId": f"{OIDC}:sts.amazonaws.com:{subject}", "userName": subject,
               "identityProvider": OIDC}, "192.0.2.140", SDK)
    made, name = made_role("ci-deploy"), f"GitHubActions-{run}"
    request = {"roleArn": made.arn, "roleSessionName": name, "durationSeconds": 3600}
    if error:
        plot.call(time, who, "sts:AssumeRoleWithWebIdentity", request, expected, error=error, recipientAccountId=S)
        return None
    key = KEYS.make("ASIA", S)
    response = {"subjectFromWebIdentityToken": subject, **made.issued(name, key, at(time)), "provider": OIDC, "audience": "sts.amazonaws.com"}
    plot.call(time, who, "sts:AssumeRoleWithWebIdentity", request, expected, response, recipientAccountId=S, resources=made.resources())
    made_session = session("ci-deploy", name, key, at(time),
                           webIdFederationData={"federatedProvider": OIDC, "attributes": {}})
    return Who(made_session, "192.0.2.140", SDK)


CI_ROLE = made_role("ci-deploy").arn
WEB_REQUEST = [("sts:AssumeRoleWithWebIdentity", CI_ROLE)]
SHOP_SERVICE = f"arn:aws:ecs:eu-west-1:{S}:service/shop/front"
IMAGES = {region: f"arn:aws:ecr:{region}:{S}:repository/shop" for region in ("eu-west-1", "us-east-1")}


def push(time, ci, region, tag, why, *facts):
    """The login to a registry and the last step of a push."""
    plot.call(f"{time}:20", ci, "ecr:GetAuthorizationToken", {"registryIds": [S]}, same(
        "identity", CI_POLICY, "Registry", [("ecr:GetAuthorizationToken", "*")], why, *facts), region=region)
    plot.call(f"{time}:41", ci, "ecr:PutImage", {"registryId": S, "repositoryName": "shop", "imageTag": tag,
              "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"}, same(
        "identity", CI_POLICY, "Push", [("ecr:PutImage", IMAGES[region])], why, *facts),
        {"image": {"registryId": S, "repositoryName": "shop", "imageId": {"imageTag": tag}}}, region=region,
        resources=[{"accountId": S, "ARN": IMAGES[region]}])


MIRROR_DAYS = ("02", "10", "17", "24")
ci_sessions = {}
for count, day in enumerate(CI_DAYS):
    ci = github(f"{day} 09:04:11", "ref:refs/heads/main", 4100 + count, same(
        "trust", CI_ROLE, "GitHub", WEB_REQUEST, "audience and subject of the token are what the trust policy asks for", "same-allowed",
        "trust:federated"))
    ci_sessions[day] = ci
    push(f"{day} 09:05", ci, "eu-west-1", f"v{60 + count}", "the CI role may push to the registry of any region", "same-allowed")
    if day in MIRROR_DAYS:
        push(f"{day} 09:06", ci, "us-east-1", f"v{60 + count}",
             "the mirror in us-east-1 is what the proposed SCP cuts off", "scp-breaks")
    update = {"cluster": "shop", "service": "front", "forceNewDeployment": True}
    request = [("ecs:UpdateService", SHOP_SERVICE)]
    if day == "01":
        plot.call("01 09:07:02", ci, "ecs:UpdateService", None, now_allowed(
            "identity", CI_POLICY, "Service", request, "statement Service came on 2 September; AWS's reason of then no longer holds", "identity"),
            error=refusal(ci, "ecs:UpdateService", SHOP_SERVICE))
    else:
        plot.call(f"{day} 09:07:02", ci, "ecs:UpdateService", update, same(
            "identity", CI_POLICY, "Service", request, "the CI role may roll services of the shop", "same-allowed"),
            {"service": {"serviceArn": SHOP_SERVICE, "status": "ACTIVE"}})

github("09 17:20:00", "pull_request", 4199, same(
    "trust", None, None, WEB_REQUEST, "the token's subject is a pull request, and the trust policy lets in branches only",
    "same-denied:trust", "trust:federated"), error=("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"))

# --- CI: functions, stacks, instances
ci = ci_sessions["08"]


def function(time, who, name, role_arn, expected, error=None):
    request = None if error else {"functionName": name, "runtime": "python3.13", "role": role_arn, "handler": "app.handler",
                                  "code": {}, "packageType": "Zip", "publish": False}
    arn = f"arn:aws:lambda:eu-west-1:{S}:function:{name}"
    response = None if error else {"functionName": name, "functionArn": arn, "role": role_arn, "runtime": "python3.13"}
    plot.call(time, who, "lambda:CreateFunction", request, expected, response, error, event="CreateFunction20150331")


def with_role(name, role_arn):
    return [("lambda:CreateFunction", f"arn:aws:lambda:eu-west-1:{S}:function:{name}"), ("iam:PassRole", role_arn, "derived")]


function("08 09:20:10", ci, "shop-resize", role("app-worker"), same(
    "identity", CI_POLICY, "Functions", with_role("shop-resize", role("app-worker")),
    "the role may make the function and pass role app-worker to Lambda", "same-allowed", "pass-role:allowed"))
function("08 09:21:30", ci, "shop-report", role("legacy-app"), now_denied(
    "identity", None, None, with_role("shop-report", role("legacy-app")),
    "the function was made; since PassApps names role/app-* only, its role can no longer be passed", "pass-role:now-denied"))
function("08 09:22:05", ci, "shop-admin", role("ops"), same(
    "identity", None, None,
    [("lambda:CreateFunction", f"arn:aws:lambda:eu-west-1:{S}:function:*", "maybe"), ("iam:PassRole", role("ops"), "derived")],
    "AWS names iam:PassRole, which the policy gives for app-* and web-app only", "same-denied:identity", "pass-role:denied"),
    error=refusal(ci, "iam:PassRole", role("ops")))

stack = f"arn:aws:cloudformation:eu-west-1:{S}:stack/shop-queues/00000000-aaaa-4bbb-8ccc-111122223333"
plot.call("08 09:25:00", ci, "cloudformation:CreateStack", {"stackName": "shop-queues", "templateURL": "https://example.com/queues.yaml"},
          same("identity", CI_POLICY, "Stacks", [("cloudformation:CreateStack", f"arn:aws:cloudformation:eu-west-1:{S}:stack/shop-queues/*")],
               "stacks of the shop may be made", "same-allowed"), {"stackId": stack})
queue = f"arn:aws:sqs:eu-west-1:{S}:shop-mail"
plot.call("08 09:25:09", ci.through("cloudformation.amazonaws.com"), "sqs:CreateQueue", {"queueName": "shop-mail"}, same(
    "identity", CI_POLICY, "OnlyByStacks", [("sqs:CreateQueue", queue)],
    "CloudFormation forwards the call, so aws:CalledVia holds its name; the log has only the last service of the chain",
    "same-allowed", "forwarded:called-via", also="undetermined"),
    {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{S}/shop-mail"})
plot.call("08 09:26:40", ci, "sqs:CreateQueue", None, same(
    "identity", None, None, [("sqs:CreateQueue", queue)],
    "asked for directly there is no aws:CalledVia, and ForAnyValue of nothing is false", "same-denied:identity", "forwarded:absent"),
    error=refusal(ci, "sqs:CreateQueue", queue))


def launch_request(instance_type, subnet=SUBNET, dry=False, profile="web-app"):
    request = {"instancesSet": {"items": [{"imageId": IMAGE, "minCount": 1, "maxCount": 1}]}, "instanceType": instance_type,
               "subnetId": subnet, "groupSet": {"items": [{"groupId": GROUP}]}, "blockDeviceMapping": {}, "monitoring": {"enabled": False}}
    if profile:
        request["iamInstanceProfile"] = {"name": profile}
    if dry:
        request["dryRun"] = True
    return request


def launching(subnet=SUBNET, passed="web-app"):
    ec2 = f"arn:aws:ec2:eu-west-1:{S}"
    made = [("ec2:RunInstances", arn) for arn in (
        f"arn:aws:ec2:eu-west-1::image/{IMAGE}", f"{ec2}:instance/*", f"{ec2}:network-interface/*", f"{ec2}:security-group/{GROUP}",
        f"{ec2}:subnet/{subnet}")]
    made.append(("ec2:RunInstances", f"{ec2}:volume/*", "maybe"))
    return made + ([("iam:PassRole", role(passed), "derived")] if passed else [])


INSTANCE = "i-0123456789abcdef0"
launched = {"instancesSet": {"items": [{"instanceId": INSTANCE, "imageId": IMAGE, "subnetId": SUBNET,
            "iamInstanceProfile": {"arn": f"arn:aws:iam::{S}:instance-profile/web-app"}}]}, "ownerId": S}
ci = ci_sessions["01"]
plot.call("01 09:30:00", ci, "ec2:RunInstances", launch_request("t3.large"), same(
    "identity", CI_POLICY, "Launch", launching(), "every resource is allowed, and so is passing the role of profile web-app",
    "same-allowed", "run-instances", "pass-role:allowed"), launched)
plot.call("01 09:31:00", ci, "ec2:RunInstances", launch_request("t3.large", dry=True), same(
    "identity", CI_POLICY, "Launch", launching(), "the dry run says that the call would have been let through", "dry-run"),
    error=("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."))
ci = ci_sessions["10"]
plot.call("10 09:30:00", ci, "ec2:RunInstances", launch_request("c5.large"), now_denied(
    "scp", "p-exshop001", "SmallInstances", launching(), "the account's SCP has since allowed small types only", "now-denied:scp-account",
    "run-instances"), launched)
ci = ci_sessions["22"]
told = refusal(ci, "ec2:RunInstances", f"arn:aws:ec2:eu-west-1:{S}:instance/*", "service control policy", "explicit", LIMITS)
plot.call("22 09:30:00", ci, "ec2:RunInstances", launch_request("p4d.24xlarge"), same(
    "scp", "p-exshop001", "SmallInstances", launching(), "the account's SCP denies the instance type, as AWS said",
    "same-denied:scp-account", "encoded", "run-instances"), error=encoded("22", told))
plot.call("22 09:31:00", ci, "ec2:RunInstances", launch_request("t3.large", OTHER_SUBNET), same(
    "identity", None, None, launching(OTHER_SUBNET), "all resources but the subnet are allowed, and one is enough to refuse",
    "same-denied:identity", "encoded", "run-instances"), error=encoded("22b"))

# --- a role that is a few seconds old
ci = ci_sessions["08"]
made = made_role("release-bot")
plot.call("08 09:10:00", ci, "iam:CreateRole", {"roleName": "release-bot", "assumeRolePolicyDocument": json.dumps(TRUSTS["release-bot"])},
          same("identity", CI_POLICY, "Releases", [("iam:CreateRole", made.arn)], "roles of the name release-* may be made", "same-allowed"),
          {"role": {"path": "/", "roleName": "release-bot", "roleId": made.id, "arn": made.arn, "createDate": "Sep 8, 2026, 9:10:00 AM"}})
plot.call("08 09:10:04", ci, "sts:AssumeRole", None, now_allowed(
    "trust", made.arn, "Ci", asking(made.arn), "4 s after CreateRole IAM had not caught up; at 15 s the same call works", "trust", "propagation"),
    error=refusal(ci, "sts:AssumeRole", made.arn, None))
assumed("08 09:10:15", ci, "release-bot", "release-60", same(
    "trust", made.arn, "Ci", asking(made.arn), "the trust policy names role ci-deploy", "same-allowed", "propagation:later"))

# --- the export of costs
EXPORT_ROLE = made_role("billing-export").arn
for count, day in enumerate(("02", "08", "15", "22")):
    export = service_assumed(f"{day} 04:00:01", "lambda.amazonaws.com", "billing-export", "export-costs", trusted(
        "billing-export", "Lambda", "the trust policy lets Lambda in", "same-allowed"))
    plot.call(f"{day} 04:00:09", export, "ce:GetCostAndUsage", {"TimePeriod": {"Start": "2026-08-01", "End": "2026-09-01"}, "Granularity": "DAILY",
              "Metrics": ["UnblendedCost"]}, same("identity", "export", "Costs", [("ce:GetCostAndUsage", "*")],
              "Cost Explorer is called in us-east-1; the proposed SCP exempts it", "same-allowed", "global-service"))
    plot.object_call(f"{day} 04:00:30", export, "s3:PutObject", "example-data-reports", f"costs/2026-{count}.csv", same(
        "identity", "export", "Deliver", [], "the role's policy and the bucket's, in another account, both allow it", "same-allowed",
        "cross-account"), owner=D)
    if count < 2:
        plot.call(f"{day} 04:00:05", export, "secretsmanager:GetSecretValue", {"secretId": DB_SECRET}, now_denied(
            "resource", DB_SECRET, "OnlyApp", [("secretsmanager:GetSecretValue", DB_SECRET)],
            "the secret's policy has since denied it to all but web-app and ops", "now-denied:resource-explicit"))

# --- the web application on an instance, through the gateway endpoint
WEB_ROLE = made_role("web-app").arn
web_sessions = {}
for day in ("01", "08", "15", "22"):
    outer = service_assumed(f"{day} 06:00:00", "ec2.amazonaws.com", "web-app", INSTANCE, trusted(
        "web-app", "Ec2", "the trust policy lets EC2 in", "same-allowed"), address="192.0.2.88")
    web = outer.by_endpoint(GATEWAY)
    web_sessions[day] = (outer, web)
    for minute, key in (("10", "logo.svg"), ("11", "shop.css")):
        plot.object_call(f"{day} 06:{minute}:00", web, "s3:GetObject", "example-shop-assets", key, same(
            "identity", "web", "Assets", [], "role and endpoint allow it", "same-allowed", "endpoint"))
    plot.object_call(f"{day} 06:12:00", web, "s3:PutObject", "example-shop-assets", f"cache/{day}", same(
        "identity", "web", "Assets", [], "it comes through the endpoint that the bucket's policy asks for", "same-allowed", "endpoint"))
    plot.call(f"{day} 06:12:00", outer.through("s3.amazonaws.com"), "kms:GenerateDataKey",
              {"keyId": KEY, "keySpec": "AES_256", "encryptionContext": {"aws:s3:arn": bucket("example-shop-assets")}},
              same("resource", KEY, "ViaS3", [("kms:GenerateDataKey", KEY)], "S3 forwards it, so kms:ViaService is S3's", "same-allowed",
                   "forwarded:via-service"), resources=[{"accountId": S, "type": "AWS::KMS::Key", "ARN": KEY}], readOnly=True)

outer, web = web_sessions["08"]
plot.call("08 06:20:00", outer, "kms:Decrypt", None, same(
    "resource", None, None, [("kms:Decrypt", KEY)], "asked for directly there is no kms:ViaService, and the key's policy delegates nothing to the account",
    "same-denied:resource-kms"), error=refusal(outer, "kms:Decrypt", KEY, "resource-based policy"))
plot.object_call("08 06:21:00", outer, "s3:PutObject", "example-shop-assets", "cache/direct", same(
    "resource", bucket("example-shop-assets"), "OnlyThroughEndpoint", [], "it does not come through the endpoint, and a missing key is not equal",
    "same-denied:resource"), error=refusal(outer, "s3:PutObject", bucket("example-shop-assets/cache/direct"), "resource-based policy", "explicit"))
plot.object_call("08 06:22:00", web, "s3:GetObject", "example-outside-tools", "agent.tar.gz", same(
    "vpc-endpoint", None, None, [], "the endpoint's policy does not allow that bucket", "same-denied:vpc-endpoint"),
    owner=X, error=refusal(web, "s3:GetObject", bucket("example-outside-tools/agent.tar.gz"), "VPC endpoint policy"))
plot.object_call("08 06:23:00", web, "s3:GetObject", "example-data-reports", "daily/08.csv", now_denied(
    "vpc-endpoint", None, None, [], "the endpoint's policy has since allowed the shop's own buckets only", "cross-account"), owner=D)
plot.object_call("08 06:24:00", outer, "s3:GetObject", "example-data-reports", "daily/08.csv", same(
    "identity", "web", "Reports", [], "not through the endpoint both sides allow it", "same-allowed", "cross-account"), owner=D)
plot.object_call("01 06:25:00", web_sessions["01"][1], "s3:GetObject", "example-shop-orders", "web/cart.json", now_allowed(
    "identity", "web", "Orders", [], "the endpoint's policy allows the bucket since 3 September", "vpc-endpoint"),
    error=refusal(web_sessions["01"][1], "s3:GetObject", bucket("example-shop-orders/web/cart.json"), "VPC endpoint policy"))
plot.object_call("15 06:25:00", web_sessions["15"][1], "s3:GetObject", "example-shop-orders", "web/cart.json", same(
    "identity", "web", "Orders", [], "role and endpoint allow it", "same-allowed", "endpoint"))
plot.object_call("15 06:26:00", web_sessions["15"][1], "s3:GetObject", "example-shop-uploads", "photo.jpg", undetermined(
    "resource", [f"resource policy of {bucket('example-shop-uploads')}"], [],
    "the bucket's policy was not supplied, and it might deny", "missing-resource-policy"))
behind = web_sessions["15"][0].by_endpoint(INTERFACE)
plot.call("15 06:27:00", behind, "secretsmanager:GetSecretValue", {"secretId": DB_SECRET}, undetermined(
    "vpc-endpoint", [f"policy of {INTERFACE}"], [("secretsmanager:GetSecretValue", DB_SECRET)],
    "the policy of this endpoint was not supplied", "missing-endpoint-policy"))
plot.call("15 06:28:00", web_sessions["15"][0], "secretsmanager:GetSecretValue", {"secretId": DB_SECRET}, same(
    "identity", "web", "Secret", [("secretsmanager:GetSecretValue", DB_SECRET)], "the application may read its secret", "same-allowed"))

# --- sessions for tenants, with session policies
TENANT_ROLE = made_role("tenant-worker").arn
web_side = web_sessions["15"][0]
orders = "example-shop-orders"
blue = assumed("15 07:00:00", web_side, "tenant-worker", "tenant-blue", same(
    "trust", TENANT_ROLE, "Web", asking(TENANT_ROLE), "the trust policy names role web-app", "same-allowed"), policy=BLUE_SESSION)
plot.object_call("15 07:01:00", blue, "s3:GetObject", orders, "tenants/blue/1.json", same(
    "identity", "tenants", "Tenants", [], "role and session policy allow it", "same-allowed", "session-policy"))
plot.object_call("15 07:02:00", blue, "s3:GetObject", orders, "tenants/green/1.json", same(
    "session", None, None, [], "the session policy is for tenant blue only", "same-denied:session"),
    error=refusal(blue, "s3:GetObject", bucket(f"{orders}/tenants/green/1.json"), "session policy"))
plot.object_call("15 07:03:00", blue, "s3:DeleteObject", orders, "tenants/blue/1.json", same(
    "session", None, None, [], "the session policy allows no deletion", "same-denied:session"),
    error=refusal(blue, "s3:DeleteObject", bucket(f"{orders}/tenants/blue/1.json"), "session policy"))
green = assumed("15 07:10:00", web_side, "tenant-worker", "tenant-green", same(
    "trust", TENANT_ROLE, "Web", asking(TENANT_ROLE), "the trust policy names role web-app", "same-allowed"), arns=[managed("tenant-session")])
plot.object_call("15 07:11:00", green, "s3:GetObject", orders, "tenants/green/1.json", same(
    "identity", "tenants", "Tenants", [], "role and managed session policy allow it", "same-allowed", "session-policy"))
plot.object_call("15 07:12:00", green, "s3:PutObject", orders, "tenants/green/2.json", now_denied(
    "session", None, None, [], "the managed session policy has since allowed reading only"))
plot.object_call("15 07:13:00", green, "s3:GetObject", orders, "tenants/shared/x.json", now_allowed(
    "identity", "tenants", "Tenants", [], "the managed session policy has since allowed all tenants' objects", "session"),
    error=refusal(green, "s3:GetObject", bucket(f"{orders}/tenants/shared/x.json"), "session policy"))
lost = Who(session("tenant-worker", "tenant-red", KEYS.make("ASIA", S), "2026-08-31T23:30:00Z"), "192.0.2.88", SDK)
plot.object_call("01 00:05:00", lost, "s3:GetObject", orders, "tenants/red/1.json", same(
    "identity", "tenants", "Tenants", [], "the session was made before the logs begin, so nobody knows its session policy; but AWS let the call pass, and a session keeps its policy", "same-allowed", "missing-issuance"))
plot.object_call("01 00:06:00", lost, "s3:GetObject", "example-shop-audit", "red.json", same(
    "identity", None, None, [], "whatever the session policy says, the role's policy does not allow it", "same-denied:identity", "missing-issuance:denied"),
    error=refusal(lost, "s3:GetObject", bucket("example-shop-audit/red.json")))
