"""People: anna, the operators, lisa, carl. README.md tells the story in words."""

import json

import cloudtrail as ct
from cast import (
    ANNA, BACKUP, BASE, CARL, GUARDRAILS, LISA, OFFICE, OUTSIDE, OWN_PEOPLE, WORK, asking, assumed, now_allowed, now_denied, plot, same,
    undetermined,
)
from policies import ADMIN, ATLAS_SECRET, BOREALIS_SECRET, BOUNDARY, COBALT_SECRET, KEY, KIOSK_SESSION, S, bucket
from telling import BROWSER, KEYS, Who, at, encoded, made_role, made_user, nothing, refusal
from workloads import INSTANCE, orders

# --- anna: console with MFA, groups, variables, tags
SIGN_IN = "03 08:00:12"
said = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes",
        "MFAIdentifier": f"arn:aws:iam::{S}:mfa/anna"}
plot.call(SIGN_IN, Who(made_user("anna"), OFFICE, BROWSER), "signin:ConsoleLogin", None, nothing("a sign-in is no request", "console"),
          {"ConsoleLogin": "Success"}, additionalEventData=said, eventType="AwsConsoleSignIn", readOnly=False, requestID=None,
          host="signin.aws.amazon.com")
anna_console = Who(ct.console(made_user("anna"), KEYS.make("ASIA", S), at(SIGN_IN), mfa=True), OFFICE, BROWSER,
                   more={"sessionCredentialFromConsole": "true"})
plot.call("03 08:01:00", anna_console, "s3:ListBuckets", {}, same(
    "identity", BASE, "LookAround", [("s3:ListAllMyBuckets", "*")], "her group's policy allows it", "same-allowed", "group"))
plot.call("03 08:02:00", anna_console, "cloudwatch:DescribeAlarms", {"maxRecords": 100}, same(
    "identity", BASE, "LookAround", [("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:eu-west-1:{S}:alarm:*")],
    "the service's prefix is cloudwatch, not monitoring", "same-allowed", "group"))
plot.call("03 08:02:30", anna_console, "cloudwatch:DescribeAlarms", None, same(
    "identity", BASE, "LookAround", [("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:eu-west-1:{S}:alarm:*")],
    "AWS throttled the call, which says nothing on permission; it is allowed", "failed:throttled"),
    error=("ThrottlingException", "Rate exceeded"))
plot.call("03 08:03:00", anna_console, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}}, same(
    "identity", BASE, "LookAround", [("ec2:DescribeInstances", "*")], "her group's policy allows it", "same-allowed", "group"))
plot.call("03 08:04:00", anna_console, "iam:CreateAccessKey", {"userName": "anna"}, same(
    "identity", "own-space", "OwnKeys", [("iam:CreateAccessKey", made_user("anna")["arn"])],
    "${aws:username} is anna, and her console session has MFA", "same-allowed", "policy-variable", "mfa"),
    {"accessKey": {"userName": "anna", "status": "Active", "accessKeyId": KEYS.make("AKIA", S), "createDate": "Sep 3, 2026, 8:04:00 AM"}})
plot.call("03 08:05:00", ANNA, "iam:CreateAccessKey", None, same(
    "identity", "mfa-for-harm", "HarmNeedsMfa", [("iam:CreateAccessKey", made_user("anna")["arn"])],
    "a long-term key carries no aws:MultiFactorAuthPresent, and BoolIfExists counts that as no MFA", "same-denied:identity-explicit", "long-term-key"),
    error=refusal(ANNA, "iam:CreateAccessKey", "user anna", "identity-based policy", "explicit"))
plot.call("03 08:06:00", ANNA, "secretsmanager:GetSecretValue", None, same(
    "identity", "no-secrets", "NoSecrets", [("secretsmanager:GetSecretValue", ATLAS_SECRET)], "her group's policy denies it",
    "same-denied:identity-explicit", "group"), error=refusal(ANNA, "secretsmanager:GetSecretValue", ATLAS_SECRET, effect="explicit"))
plot.object_call("03 08:07:00", ANNA, "s3:PutObject", orders, "home/anna/notes.txt", same(
    "identity", "own-space", "OwnPrefix", [], "${aws:username} is anna", "same-allowed", "policy-variable"))
plot.object_call("03 08:08:00", ANNA, "s3:PutObject", orders, "home/lisa/notes.txt", same(
    "identity", None, None, [], "the prefix is another user's", "same-denied:identity", "policy-variable"),
    error=refusal(ANNA, "s3:PutObject", bucket(f"{orders}/home/lisa/notes.txt")))


def listing(time, who, name, prefix, expected, owner=S, error=None):
    resources = [{"type": "AWS::S3::Object", "ARNPrefix": f"{bucket(name)}/{prefix}"},
                 {"accountId": owner, "type": "AWS::S3::Bucket", "ARN": bucket(name)}]
    expected.requests = [("s3:ListBucket", bucket(name))]
    plot.call(time, who, "s3:ListObjects", {"bucketName": name, "list-type": "2", "prefix": prefix, "delimiter": "/"}, expected, error=error,
              resources=resources, managementEvent=False, eventCategory="Data")


listing("03 08:09:00", ANNA, orders, "home/anna/", same(
    "identity", "own-space", "OwnList", [], "the prefix is her own", "same-allowed", "policy-variable"))
listing("03 08:10:00", ANNA, orders, "home/", same(
    "identity", None, None, [], "the prefix is not hers", "same-denied:identity", "policy-variable"),
    error=refusal(ANNA, "s3:ListBucket", bucket(orders)))
plot.call("03 08:11:00", ANNA, "athena:StartQueryExecution", {"queryString": "HIDDEN_DUE_TO_SECURITY_REASONS", "workGroup": "primary"}, now_denied(
    "identity", None, None, [("athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{S}:workgroup/primary")],
    "Athena was taken out of her group's policy since"), {"queryExecutionId": ct.uuid_of("query", 1)})
plot.call("03 08:12:00", ANNA, "athena:StartQueryExecution", {"queryString": "HIDDEN_DUE_TO_SECURITY_REASONS", "workGroup": "primary"}, now_denied(
    "identity", None, None, [("athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{S}:workgroup/primary")],
    "the query was not well-formed, which says nothing on permission; today it is denied", "failed:now-denied"),
    error=("InvalidRequestException", "line 1:8: mismatched input 'FORM'"))
plot.call("03 08:13:00", ANNA, "sts:GetCallerIdentity", None, nothing("GetCallerIdentity needs no permission", "caller-identity"))

ANALYST_ROLE, DEEP_ROLE, BATCH_ROLE = (made_role(name).arn for name in ("analyst-read", "atlas-deep", "batch-read"))
atlas = assumed("09 10:00:00", ANNA, "analyst-read", "anna", same(
    "trust", ANALYST_ROLE, "Analysts", asking(ANALYST_ROLE, ("sts:TagSession", ANALYST_ROLE)),
    "the trust policy names the account and a tag of the request; her group allows both actions", "same-allowed", "session-tags"),
    tags={"project": "atlas"}, transitive=["project"])
plot.object_call("09 10:01:00", atlas, "s3:GetObject", orders, "projects/atlas/plan.md", same(
    "identity", "by-project", "OwnProject", [], "aws:PrincipalTag/project is the session's tag", "same-allowed", "session-tags"))
plot.object_call("09 10:02:00", atlas, "s3:GetObject", orders, "projects/borealis/plan.md", same(
    "identity", None, None, [], "the session's tag is another project", "same-denied:identity", "session-tags"),
    error=refusal(atlas, "s3:GetObject", bucket(f"{orders}/projects/borealis/plan.md")))
plot.call("09 10:03:00", atlas, "secretsmanager:GetSecretValue", {"secretId": ATLAS_SECRET}, same(
    "identity", "by-project", "OwnSecrets", [("secretsmanager:GetSecretValue", ATLAS_SECRET)],
    "the secret's tag of the snapshot equals the session's", "same-allowed", "session-tags"))
plot.call("09 10:04:00", atlas, "secretsmanager:GetSecretValue", None, same(
    "identity", None, None, [("secretsmanager:GetSecretValue", BOREALIS_SECRET)], "the secret's tag is another project",
    "same-denied:identity", "session-tags"), error=refusal(atlas, "secretsmanager:GetSecretValue", BOREALIS_SECRET))
context = {"requestContext": {"aws:ResourceAccount": S},
           "tagContext": {"resourceTags": [{"arn": COBALT_SECRET, "tags": {"project": "atlas"}}], "principalTags": {"project": "atlas"}}}
plot.call("09 10:05:00", atlas, "secretsmanager:GetSecretValue", {"secretId": COBALT_SECRET}, same(
    "identity", "by-project", "OwnSecrets", [("secretsmanager:GetSecretValue", COBALT_SECRET)],
    "the snapshot has no tags of this secret, but the enriched event tells them", "same-allowed", "enriched"), eventContext=context)
plot.call("09 10:06:00", atlas, "secretsmanager:GetSecretValue", {"secretId": COBALT_SECRET}, undetermined(
    "identity", ["aws:ResourceTag/project"], [("secretsmanager:GetSecretValue", COBALT_SECRET)],
    "the same call without enrichment: neither the log nor the snapshot has the secret's tags", "missing-tags"))
deep = assumed("09 10:10:00", atlas, "atlas-deep", "anna", same(
    "trust", DEEP_ROLE, "FromAnalystRead", asking(DEEP_ROLE, ("sts:TagSession", DEEP_ROLE, "maybe")),
    "the tag of the calling session is atlas", "same-allowed", "transitive-tags"))
plot.object_call("09 10:11:00", deep, "s3:GetObject", "example-shop-audit", "atlas/1.json", same(
    "identity", "deep", "AuditOfProject", [], "the tag is transitive, so this session has it although no parameter says so",
    "same-allowed", "transitive-tags"))
plot.object_call("09 10:12:00", deep, "s3:GetObject", "example-shop-audit", "borealis/1.json", same(
    "identity", None, None, [], "the transitive tag is another project", "same-denied:identity", "transitive-tags"),
    error=refusal(deep, "s3:GetObject", bucket("example-shop-audit/borealis/1.json")))
plot.call("09 10:20:00", ANNA, "sts:AssumeRole", None, same(
    "trust", None, None, [("sts:TagSession", BATCH_ROLE)],
    "AWS names sts:TagSession: batch-read's trust policy allows AssumeRole, but no tags", "same-denied:trust", "no-tag-session"),
    error=refusal(ANNA, "sts:TagSession", BATCH_ROLE, None))
assumed("09 10:21:00", ANNA, "batch-read", "anna", same(
    "trust", BATCH_ROLE, "Account", asking(BATCH_ROLE), "the trust policy delegates to the account, and her group's policy allows it",
    "same-allowed"))
plot.call("09 10:22:00", CARL, "sts:AssumeRole", None, same(
    "boundary", None, None, asking(BATCH_ROLE), "the trust policy delegates, his policy allows, his boundary does not", "same-denied:boundary",
    "assume-role:caller"), error=refusal(CARL, "sts:AssumeRole", BATCH_ROLE, "permissions boundary"))
plot.call("09 10:23:00", BACKUP, "sts:AssumeRole", None, same(
    "identity", None, None, asking(BATCH_ROLE), "the trust policy delegates to the account, and the caller's policy has no such statement",
    "same-denied:identity", "assume-role:caller"), error=refusal(BACKUP, "sts:AssumeRole", BATCH_ROLE))

# --- who becomes ops: what the proposed trust policy is about
OPS_ROLE = made_role("ops").arn


def operator(why, *facts):
    return same("trust", OPS_ROLE, "Operators", asking(OPS_ROLE), why, *facts)


plot.call("01 20:00:00", LISA, "sts:AssumeRole", None, now_allowed(
    "trust", OPS_ROLE, "Operators", asking(OPS_ROLE), "lisa was added to the trust policy on 2 September", "trust"),
    error=refusal(LISA, "sts:AssumeRole", OPS_ROLE, None))
for day in ("04", "11", "18"):
    backup_ops = assumed(f"{day} 02:00:00", BACKUP, "ops", "nightly-backup", operator(
        "the trust policy names the user, so his own policy need not", "same-allowed", "trust-breaks"))
    plot.object_call(f"{day} 02:01:00", backup_ops, "s3:DeleteObject", "example-shop-backup", f"old/{day}.tar", same(
        "identity", ADMIN, None, [], "ops is exempt from the bucket's deny", "same-allowed"))


def session_token(time, who, name, mfa):
    """GetSessionToken, which needs no permission."""
    key = KEYS.make("ASIA", S)
    request = {"durationSeconds": 43200} | ({"serialNumber": f"arn:aws:iam::{S}:mfa/{name}"} if mfa else {})
    response = {"credentials": {"accessKeyId": key, "sessionToken": ct.token_of(key, at(time)), "expiration": ct.long_date(ct.later(at(time), 43200))}}
    plot.call(time, who, "sts:GetSessionToken", request, nothing("GetSessionToken needs no permission", "session-token"), response)
    return who.but(identity=ct.console(who.identity, key, at(time), mfa))


lisa_mfa = session_token("10 21:00:00", LISA, "lisa", True)
ops = assumed("10 21:01:00", lisa_mfa, "ops", "lisa", operator("her session token has MFA", "same-allowed", "mfa"), mfa=True)
lisa_bare = session_token("16 21:00:00", LISA, "lisa", False)
assumed("16 21:01:00", lisa_bare, "ops", "lisa-again", operator(
    "a session token without MFA: the key is there, and false", "same-allowed", "trust-breaks"))
anna_ops = assumed("16 21:30:00", ANNA, "ops", "anna", operator(
    "a long-term key, but AssumeRole itself was given an MFA device and its code", "same-allowed", "mfa-in-call"),
    serial=f"arn:aws:iam::{S}:mfa/anna")
plot.call("16 21:31:00", anna_ops, "ecs:ListClusters", {"maxResults": 50}, same(
    "identity", ADMIN, None, [("ecs:ListClusters", "*")], "an administrator", "same-allowed"))
assumed("03 08:20:00", anna_console, "ops", "anna-console", operator("her console session has MFA", "same-allowed", "mfa"), mfa=True)

GLASS_ROLE = made_role("break-glass").arn
plot.call("11 02:30:00", BACKUP, "sts:AssumeRole", None, same(
    "trust", None, None, asking(GLASS_ROLE), "the trust policy wants MFA, and a long-term key carries none", "same-denied:trust", "no-mfa"),
    error=refusal(BACKUP, "sts:AssumeRole", GLASS_ROLE, "role trust policy"))
plot.call("16 21:02:00", lisa_bare, "sts:AssumeRole", None, same(
    "trust", None, None, asking(GLASS_ROLE), "the trust policy wants MFA, and her session token was made without", "same-denied:trust", "no-mfa"),
    error=refusal(lisa_bare, "sts:AssumeRole", GLASS_ROLE, None))
assumed("10 21:02:00", lisa_mfa, "break-glass", "lisa", same(
    "trust", GLASS_ROLE, "WithMfa", asking(GLASS_ROLE), "the trust policy wants MFA, and her session token has it", "same-allowed", "mfa"), mfa=True)
lisa_later = session_token("22 20:00:00", LISA, "lisa", True)
later_ops = assumed("22 20:01:00", lisa_later, "ops", "lisa", operator("her session token has MFA", "same-allowed", "mfa"), mfa=True)
plot.object_call("22 20:02:00", later_ops, "s3:DeleteObject", "example-shop-audit", "2025/older.json", same(
    "rcp", "p-exrcp0001", "KeepAudit", [], "the RCP keeps audit objects, as AWS said", "same-denied:rcp"),
    error=refusal(later_ops, "s3:DeleteObject", bucket("example-shop-audit/2025/older.json"), "resource control policy", "explicit", OWN_PEOPLE))

# --- lisa as ops: guardrails
trail = f"arn:aws:cloudtrail:eu-west-1:{S}:trail/main"
plot.call("10 21:05:00", ops, "cloudtrail:StopLogging", None, same(
    "scp", "p-exguard01", "ProtectTrail", [("cloudtrail:StopLogging", trail)], "the SCP of the unit denies it", "same-denied:scp-ou"),
    error=refusal(ops, "cloudtrail:StopLogging", trail, "service control policy", "explicit", GUARDRAILS))
plot.call("10 21:06:00", ops, "s3:PutBucketPublicAccessBlock", {"bucketName": "example-shop-assets", "publicAccessBlock": "",
          "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}},
          now_denied("scp", "p-exguard01", "KeepBlocks", [("s3:PutBucketPublicAccessBlock", bucket("example-shop-assets"))],
                     "statement KeepBlocks came since", "now-denied:scp-ou"),
          resources=[{"accountId": S, "type": "AWS::S3::Bucket", "ARN": bucket("example-shop-assets")}])
table = f"arn:aws:dynamodb:eu-west-1:{S}:table/carts"
plot.call("10 21:07:00", ops, "dynamodb:DescribeTable", None, now_allowed(
    "identity", ADMIN, None, [("dynamodb:DescribeTable", table)], "the SCP that denied DynamoDB then is gone", "scp"),
    error=refusal(ops, "dynamodb:DescribeTable", table, "service control policy", "explicit"))
plot.object_call("10 21:08:00", ops, "s3:DeleteObject", "example-shop-audit", "2025/old.json", now_denied(
    "rcp", "p-exrcp0001", "KeepAudit", [], "the RCP has since kept audit objects"))
plot.call("10 21:09:00", ops, "kms:Decrypt", None, now_allowed(
    "identity", ADMIN, None, [("kms:Decrypt", KEY)], "the RCP that denied it then is gone; key policy and role both allow", "rcp"),
    error=refusal(ops, "kms:Decrypt", KEY, "resource control policy", "explicit"))
plot.call("10 21:10:00", ops, "s3:GetBucketPolicy", {"bucketName": "example-shop-attic", "policy": ""}, undetermined(
    "resource", [f"resource policy of {bucket('example-shop-attic')}"], [("s3:GetBucketPolicy", bucket("example-shop-attic"))],
    "the bucket does not exist, which says nothing on permission; no policy of it was supplied", "failed:other", also="same"),
    error=("NoSuchBucket", "The specified bucket does not exist"))
plot.object_call("10 21:11:00", ops, "s3:GetObject", "example-shop-audit", "2025/none.json", same(
    "identity", ADMIN, None, [], "there is no such object; an administrator", "failed:other"), error=("NoSuchKey", "The specified key does not exist."))
READER_ROLE = made_role("report-reader").arn
plot.call("10 21:13:00", ops, "sts:AssumeRole", None, same(
    "trust", None, None, asking(READER_ROLE), "an administrator, but the trust policy names anna and nobody else", "same-denied:trust"),
    error=refusal(ops, "sts:AssumeRole", READER_ROLE, None))
plot.object_call("10 21:12:00", ops, "s3:CopyObject", orders, "copies/1.json", same(
    "identity", ADMIN, None, [("s3:GetObject", bucket(f"{orders}/tenants/blue/1.json")), ("s3:PutObject", bucket(f"{orders}/copies/1.json"))],
    "one call, two requests: read the source, write the copy", "same-allowed", "two-requests"), readOnly=False) \
    .record["requestParameters"]["x-amz-copy-source"] = f"{orders}/tenants/blue/1.json"

# --- lisa as herself
plot.object_call("10 20:50:00", LISA, "s3:DeleteObject", orders, "old/1.json", same(
    "identity", "mfa-for-harm", "HarmNeedsMfa", [], "a long-term key has no MFA, and BoolIfExists counts a missing key as false",
    "same-denied:identity-explicit", "long-term-key"),
    error=refusal(LISA, "s3:DeleteObject", bucket(f"{orders}/old/1.json"), "identity-based policy", "explicit"))
plot.object_call("10 21:20:00", lisa_mfa, "s3:DeleteObject", orders, "old/1.json", same(
    "identity", "oncall", "CareForObjects", [], "with MFA the deny does not match", "same-allowed", "mfa"))
plot.object_call("10 21:21:00", lisa_mfa, "s3:DeleteObject", "example-shop-backup", "last.tar", same(
    "resource", bucket("example-shop-backup"), "KeepBackups", [], "the bucket's policy denies it to all but ops", "same-denied:resource"),
    error=refusal(lisa_mfa, "s3:DeleteObject", bucket("example-shop-backup/last.tar"), "resource-based policy", "explicit"))
old_instance = f"arn:aws:ec2:eu-west-1:{S}:instance/i-0fedcba9876543210"
terminating = {"instancesSet": {"items": [{"instanceId": "i-0fedcba9876543210"}]}}
ended = {"instancesSet": {"items": [{"instanceId": "i-0fedcba9876543210", "currentState": {"code": 32, "name": "shutting-down"},
         "previousState": {"code": 16, "name": "running"}}]}}
plot.call("10 21:24:00", lisa_mfa.but(address=OUTSIDE), "ec2:TerminateInstances", terminating, same(
    "identity", None, None, [("ec2:TerminateInstances", old_instance)], "the address is outside of the range that her policy names",
    "same-denied:identity", "source-ip"), error=encoded("lisa", refusal(lisa_mfa, "ec2:TerminateInstances", old_instance)))
plot.call("10 21:26:00", lisa_mfa, "ec2:TerminateInstances", terminating, same(
    "identity", "oncall", "TerminateFromHome", [("ec2:TerminateInstances", old_instance)], "the address is in the range, and she has MFA",
    "same-allowed", "source-ip", "mfa"), ended)
kiosk_key = KEYS.make("ASIA", S)
kiosk_arn = f"arn:aws:sts::{S}:federated-user/kiosk"
plot.call("11 09:00:00", LISA, "sts:GetFederationToken", {"name": "kiosk", "policy": json.dumps(KIOSK_SESSION), "durationSeconds": 43200}, same(
    "identity", "oncall", "Kiosk", [("sts:GetFederationToken", kiosk_arn)], "her policy allows tokens for the kiosk", "same-allowed"),
    {"credentials": {"accessKeyId": kiosk_key, "sessionToken": ct.token_of(kiosk_key, "kiosk"), "expiration": "Sep 11, 2026, 9:00:00 PM"},
     "federatedUser": {"federatedUserId": f"{S}:kiosk", "arn": kiosk_arn}, "packedPolicySize": 5})
kiosk = Who({"type": "FederatedUser", "principalId": f"{S}:kiosk", "arn": kiosk_arn, "accountId": S, "accessKeyId": kiosk_key,
             "sessionContext": {"sessionIssuer": {"type": "IAMUser", "principalId": LISA.identity["principalId"], "arn": LISA.arn, "accountId": S,
                                                  "userName": "lisa"},
                                "attributes": {"creationDate": at("11 09:00:00"), "mfaAuthenticated": "false"}}}, "198.51.100.60")
plot.object_call("11 09:05:00", kiosk, "s3:GetObject", orders, "kiosk/menu.json", same(
    "identity", "oncall", "CareForObjects", [], "the user's policy and the session policy both allow it", "same-allowed", "federated-user"))
plot.object_call("11 09:06:00", kiosk, "s3:PutObject", orders, "kiosk/menu.json", same(
    "session", None, None, [], "the session policy allows reading only", "same-denied:session", "federated-user"),
    error=refusal(kiosk, "s3:PutObject", bucket(f"{orders}/kiosk/menu.json"), "session policy"))

# --- carl, who has a boundary
plot.call("07 10:00:00", CARL, "s3:ListBuckets", {}, same(
    "identity", WORK, "Work", [("s3:ListAllMyBuckets", "*")], "NotAction leaves S3 in, and so does the boundary", "same-allowed", "not-action"))
plot.call("07 10:01:00", CARL, "iam:GetUser", None, same(
    "identity", None, None, [("iam:GetUser", f"arn:aws:iam::{S}:user/lisa")], "NotAction leaves iam out, though the boundary has it",
    "same-denied:identity", "not-action"), error=refusal(CARL, "iam:GetUser", "user lisa"))
resize = f"arn:aws:lambda:eu-west-1:{S}:function:shop-resize"
for time in ("07 10:02:00", "14 10:02:00"):
    plot.call(time, CARL, "lambda:GetFunction", {"functionName": "shop-resize"}, now_denied(
        "boundary", None, None, [("lambda:GetFunction", resize)], "Lambda was taken out of the boundary since", "boundary-opens"),
        event="GetFunction20150331v2", readOnly=True)
plot.call("21 10:02:00", CARL, "lambda:GetFunction", None, same(
    "boundary", None, None, [("lambda:GetFunction", resize)], "the boundary does not allow Lambda, as AWS said", "same-denied:boundary", "boundary-opens"),
    error=refusal(CARL, "lambda:GetFunction", resize, "permissions boundary"), event="GetFunction20150331v2", readOnly=True)
instance_arn = f"arn:aws:ec2:eu-west-1:{S}:instance/{INSTANCE}"
plot.call("07 10:03:00", CARL, "ec2:GetPasswordData", {"instanceId": INSTANCE}, same(
    "boundary", BOUNDARY, "NoPasswords", [("ec2:GetPasswordData", instance_arn)], "the boundary denies it", "same-denied:boundary-explicit"),
    error=refusal(CARL, "ec2:GetPasswordData", instance_arn, "permissions boundary", "explicit", BOUNDARY))
plot.call("07 10:04:00", CARL, "ec2:StartInstances", {"instancesSet": {"items": [{"instanceId": INSTANCE}]}}, same(
    "boundary", None, None, [("ec2:StartInstances", instance_arn)], "the boundary does not allow it; the message is only an encoded one",
    "same-denied:boundary", "encoded"), error=encoded("07"))
plot.call("07 10:05:00", CARL, "cloudwatch:GetMetricData", None, now_allowed(
    "identity", WORK, "Work", [("cloudwatch:GetMetricData", "*")], "CloudWatch was added to the boundary since", "boundary"),
    error=refusal(CARL, "cloudwatch:GetMetricData", None, "permissions boundary"))
plot.call("07 10:06:00", CARL, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}}, same(
    "identity", WORK, "Work", [("ec2:DescribeInstances", "*")], "policy and boundary allow it", "same-allowed"))
plot.call("07 10:07:00", CARL, "ec2:DescribeRegions", {"regionSet": {}}, same(
    "identity", WORK, "Work", [("ec2:DescribeRegions", "*")], "in us-east-1, and exempt from the proposed SCP", "same-allowed", "global-service"),
    region="us-east-1")
plot.call("07 10:08:00", CARL, "organizations:DescribeOrganization", None, same(
    "identity", None, None, [("organizations:DescribeOrganization", "*")], "NotAction leaves organizations out", "same-denied:identity", "not-action"),
    error=refusal(CARL, "organizations:DescribeOrganization", "*"))
plot.object_call("07 10:09:00", CARL, "s3:PutObject", "example-shop-assets", "banner.png", same(
    "resource", bucket("example-shop-assets"), "OnlyThroughEndpoint", [], "S3 gave no reason; it does not come through the endpoint",
    "same-denied:resource", "no-reason"), error=("AccessDenied", "Access Denied"))
plot.object_call("07 10:10:00", CARL, "s3:GetObject", "example-shop-uploads", "photo.jpg", undetermined(
    "resource", [f"resource policy of {bucket('example-shop-uploads')}"], [],
    "the bucket's policy was not supplied; S3 gave no reason", "missing-resource-policy", "no-reason"), error=("AccessDenied", "Access Denied"))
