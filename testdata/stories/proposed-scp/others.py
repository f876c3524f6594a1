"""The data account, outsiders, roots, services, and records that no policy decides. README.md tells the story in words."""

import cloudtrail as ct
from cast import (
    ANNA, BACKUP, GONE, GUARDRAILS, HOME, OUTSIDE, asking, assumed, now_allowed, now_denied, plot, same, service_assumed, trusted,
    undetermined,
)
from people import READER_ROLE, listing, ops, said
from policies import ADMIN, D, INVOICES_QUEUE, KEY, M, ORDERS_QUEUE, S, SCALING_POLICY, X, bucket
from telling import BROWSER, Call, KEYS, Who, at, made_role, nothing, refusal, scp_arn
from workloads import INSTANCE, launch_request, launched, launching, orders

# --- the reader of the data account
first = assumed("02 11:00:00", ANNA, "report-reader", "anna", same(
    "trust", READER_ROLE, "Anna", asking(READER_ROLE), "the trust policy names her", "same-allowed"))
plot.object_call("02 11:01:00", first, "s3:GetObject", "example-data-reports", "daily/01.csv", now_allowed(
    "identity", "reader", "DataReads", [], "the bucket's policy names the role since 3 September", "resource", "cross-account"),
    owner=D, error=refusal(first, "s3:GetObject", bucket("example-data-reports/daily/01.csv"), "resource-based policy"))
reader = assumed("15 11:00:00", ANNA, "report-reader", "anna", same(
    "trust", READER_ROLE, "Anna", asking(READER_ROLE), "the trust policy names her", "same-allowed"))
plot.object_call("15 11:01:00", reader, "s3:GetObject", "example-data-reports", "daily/14.csv", same(
    "identity", "reader", "DataReads", [], "both accounts' policies allow it", "same-allowed", "cross-account"), owner=D)
listing("15 11:02:00", reader, "example-data-reports", "daily/", now_denied(
    "resource", None, None, [], "s3:ListBucket was taken out of the bucket's policy, and across accounts both sides must allow",
    "now-denied:resource-cross-account", "cross-account"), owner=D)
plot.object_call("15 11:03:00", reader, "s3:GetObject", "example-data-private", "salaries.csv", same(
    "resource", None, None, [], "the bucket of another account has no policy", "same-denied:resource-cross-account", "cross-account"),
    owner=D, error=refusal(reader, "s3:GetObject", bucket("example-data-private/salaries.csv"), "resource-based policy"))
plot.object_call("15 11:04:00", reader, "s3:GetObject", "example-data-lake", "events/1.parquet", undetermined(
    "resource", ["s3:ExistingObjectTag/class"], [], "the objects' tags are in no log", "object-tag", "cross-account"), owner=D)
plot.object_call("15 11:05:00", reader, "s3:GetObject", "example-data-lake", "secret/1.parquet", undetermined(
    "resource", ["s3:ExistingObjectTag/class"], [], "the objects' tags are in no log; what AWS said then is of the tags of then",
    "object-tag", "cross-account"),
    owner=D, error=refusal(reader, "s3:GetObject", bucket("example-data-lake/secret/1.parquet"), "resource-based policy"))
for minute in ("06", "07"):
    plot.object_call(f"15 11:{minute}:00", reader, "s3:GetObject", "example-data-public", f"leaflet-{minute}.pdf", same(
        "identity", "reader", "DataReads", [], "the bucket's policy allows everyone, the role's policy allows it too", "same-allowed",
        "cross-account", "bucket-may-break"), owner=D)
plot.call("04 12:00:00", BACKUP, "sts:AssumeRole", {"roleArn": READER_ROLE, "roleSessionName": "backup", "durationSeconds": 3600}, now_denied(
    "trust", None, None, asking(READER_ROLE), "backup-bot was taken out of the trust policy since"),
    made_role("report-reader").issued("backup", KEYS.make("ASIA", S), at("04 12:00:00")), resources=made_role("report-reader").resources())

# --- the other account: external id, allow-list SCP, outsiders
PARTNER_ROLE = made_role("partner-read").arn
assumed("11 13:00:00", BACKUP, "partner-read", "shop", same(
    "trust", PARTNER_ROLE, "Shop", asking(PARTNER_ROLE), "the external id is right, and the caller's policy allows the role", "same-allowed",
    "external-id", "cross-account"), external="shop-2026")
plot.call("11 13:01:00", BACKUP, "sts:AssumeRole", None, undetermined(
    "trust", ["sts:ExternalId"], asking(PARTNER_ROLE), "the record of a refused AssumeRole has no parameters, so the external id is not known",
    "no-external-id"), error=refusal(BACKUP, "sts:AssumeRole", PARTNER_ROLE, None))
plot.call("11 13:02:00", BACKUP, "sts:AssumeRole", {"roleArn": PARTNER_ROLE, "roleSessionName": "shop"}, same(
    "trust", None, None, asking(PARTNER_ROLE), "this record has its parameters, and no external id is among them", "same-denied:trust",
    "no-external-id"), error=refusal(BACKUP, "sts:AssumeRole", PARTNER_ROLE, None), eventVersion="1.08")
DATA_ADMIN = made_role("data-admin").arn
data_admin = assumed("10 21:30:00", ops, "data-admin", "lisa", same(
    "trust", DATA_ADMIN, "Ops", asking(DATA_ADMIN), "the trust policy names role ops of the other account, whose policy allows it",
    "same-allowed", "cross-account"))
plot.call("10 21:31:00", data_admin, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}}, same(
    "scp", None, None, [("ec2:DescribeInstances", "*")], "the account's SCP is a list of services without EC2", "same-denied:scp-account-implicit"),
    error=refusal(data_admin, "ec2:DescribeInstances", None, "service control policy"))
plot.call("10 21:32:00", data_admin, "sqs:ReceiveMessage", {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{S}/orders"}, same(
    "identity", ADMIN, None, [("sqs:ReceiveMessage", ORDERS_QUEUE)], "the queue's policy names the account, the role's policy allows it",
    "same-allowed", "cross-account"), resources=[{"accountId": S, "type": "AWS::SQS::Queue", "ARN": ORDERS_QUEUE}], readOnly=False,
    managementEvent=False, eventCategory="Data")
plot.call("10 21:33:00", data_admin, "sqs:ReceiveMessage", {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{S}/invoices"}, undetermined(
    "resource", [f"resource policy of {INVOICES_QUEUE}"], [("sqs:ReceiveMessage", INVOICES_QUEUE)],
    "across accounts the queue's policy must allow, and it was not supplied", "missing-resource-policy", "cross-account"),
    resources=[{"accountId": S, "type": "AWS::SQS::Queue", "ARN": INVOICES_QUEUE}], readOnly=False, managementEvent=False, eventCategory="Data")
stranger = Who({"type": "AWSAccount", "principalId": ct.unique_id("AIDA", X, 0), "accountId": X}, OUTSIDE)
plot.object_call("12 03:00:00", stranger, "s3:GetObject", "example-data-public", "leaflet-06.pdf", same(
    "rcp", "p-exrcp0001", "OwnPeopleOnly", [], "the bucket's policy allows everyone, the RCP only the organization's own; "
    "an account outside of the tree is not of this organization", "same-denied:rcp", also="undetermined"), owner=D, recipientAccountId=D,
    error=("AccessDenied", f'User: arn:aws:iam::{X}:user/stranger is not authorized to perform: s3:GetObject on resource: '
           f'"{bucket("example-data-public/leaflet-06.pdf")}" with an explicit deny in a resource control policy'))
nobody = Who({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}, OUTSIDE, "curl/8.14.1")
plot.object_call("12 03:02:00", nobody, "s3:GetObject", "example-data-public", "leaflet-06.pdf", same(
    "rcp", "p-exrcp0001", "OwnPeopleOnly", [], "an unsigned request has neither aws:PrincipalOrgID nor aws:PrincipalIsAWSService, and IfExists "
    "counts both for the deny", "same-denied:rcp", "anonymous", "no-reason"), owner=D, recipientAccountId=D,
    error=("AccessDenied", "Access Denied"))
plot.call("12 03:05:00", Who({"type": "AWSService", "invokedBy": "sns.amazonaws.com"}, "sns.amazonaws.com", "sns.amazonaws.com", more={"host": None}),
          "sqs:SendMessage", {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{S}/orders"}, undetermined(
    "resource", ["aws:SourceArn"], [("sqs:SendMessage", ORDERS_QUEUE)], "the log does not tell for which topic SNS sent it", "source-arn"),
    recipientAccountId=S, resources=[{"accountId": S, "type": "AWS::SQS::Queue", "ARN": ORDERS_QUEUE}], managementEvent=False, eventCategory="Data")

# --- the user who is gone
for day in ("02", "04", "07"):
    plot.object_call(f"{day} 01:00:00", GONE, "s3:PutObject", orders, f"export/{day}.csv", undetermined(
        "identity", [f"policies of {GONE.arn}"], [], "the user was deleted since, and its policies with it", "deleted-principal"))

# --- roots, the service-linked role, the management account
root = Who({"type": "Root", "principalId": S, "arn": f"arn:aws:iam::{S}:root", "accountId": S, "accessKeyId": KEYS.make("ASIA", S),
            "sessionContext": {"attributes": {"creationDate": at("14 07:00:00"), "mfaAuthenticated": "true"}}}, HOME, BROWSER)
plot.call("14 07:00:00", Who({"type": "Root", "principalId": S, "arn": f"arn:aws:iam::{S}:root", "accountId": S, "accessKeyId": ""}, HOME, BROWSER),
          "signin:ConsoleLogin", None, nothing("a sign-in is no request", "console"), {"ConsoleLogin": "Success"},
          additionalEventData=said | {"MFAIdentifier": f"arn:aws:iam::{S}:mfa/root-account-mfa-device"}, eventType="AwsConsoleSignIn", readOnly=False,
          requestID=None, host="signin.aws.amazon.com")
plot.call("14 07:01:00", root, "s3:ListBuckets", {}, same(
    "rule", None, None, [("s3:ListAllMyBuckets", "*")], "root may do all that no policy denies", "same-allowed", "root"))
plot.call("14 07:02:00", root, "iam:CreateAccessKey", None, same(
    "scp", "p-exguard01", "NoRootKeys", [("iam:CreateAccessKey", f"arn:aws:iam::{S}:root")], "SCPs bind root of a member account",
    "same-denied:scp-ou", "root"),
    error=refusal(root, "iam:CreateAccessKey", f"arn:aws:iam::{S}:root", "service control policy", "explicit", GUARDRAILS))
management_root = Who({"type": "Root", "principalId": M, "arn": f"arn:aws:iam::{M}:root", "accountId": M, "accessKeyId": KEYS.make("ASIA", M),
                       "sessionContext": {"attributes": {"creationDate": at("14 07:30:00"), "mfaAuthenticated": "true"}}}, HOME, BROWSER)
plot.call("14 07:31:00", management_root, "organizations:ListAccounts", {}, same(
    "rule", None, None, [("organizations:ListAccounts", "*")], "root of the management account, which no SCP binds", "same-allowed", "root",
    "management-account"))
manager = Who(ct.iam_user(M, "max", 0, KEYS.make("AKIA", M)), HOME)
plot.call("14 07:40:00", manager, "organizations:AttachPolicy", {"policyId": "p-exshop001", "targetId": S}, undetermined(
    "identity", [f"policy snapshot of account {M}"], [("organizations:AttachPolicy", scp_arn("p-exshop001")),
                                                       ("organizations:AttachPolicy", f"arn:aws:organizations::{M}:account/o-exampleorg1/{S}", "maybe")],
    "the management account's details are not in the snapshot", "missing-account", "management-account"))
SCALING_ROLE = made_role("AWSServiceRoleForAutoScaling").arn
scaling = service_assumed("15 05:00:00", "autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScaling", trusted(
    "AWSServiceRoleForAutoScaling", "Service", "the trust policy lets the service in", "same-allowed"), keyed=False, seconds=3600)
scaling = Who(scaling.identity | {"invokedBy": "autoscaling.amazonaws.com"}, "autoscaling.amazonaws.com", "autoscaling.amazonaws.com",
              more={"host": None})
plot.call("15 05:00:10", scaling, "ec2:RunInstances", launch_request("c5.18xlarge"), same(
    "identity", SCALING_POLICY, "EC2InstanceManagement", launching(), "no SCP binds a service-linked role, whatever the instance type",
    "same-allowed", "service-linked-role", "run-instances"), launched)
plot.call("15 05:10:00", scaling, "ec2:DescribeInstances", {"instancesSet": {"items": [{"instanceId": INSTANCE}]}, "filterSet": {}}, same(
    "identity", SCALING_POLICY, "EC2InstanceManagement", [("ec2:DescribeInstances", "*")], "in us-east-1, where the proposed SCP does not bind it either",
    "same-allowed", "service-linked-role"), region="us-east-1")

# --- what no policy decides
plot.call("16 03:00:00", Who({"accountId": S, "invokedBy": "AWS Internal"}, "AWS Internal", "AWS Internal", more={"host": None}), "kms:RotateKey", None,
          nothing("an event of the service itself", "service-event"), eventType="AwsServiceEvent", readOnly=False, requestID=None,
          serviceEventDetails={"keyId": KEY}, resources=[{"accountId": S, "type": "AWS::KMS::Key", "ARN": KEY}], recipientAccountId=S)
insight = {
    "eventVersion": "1.11", "eventTime": at("16 21:40:00"), "awsRegion": "eu-west-1", "eventID": ct.uuid_of("insight", 1),
    "eventType": "AwsCloudTrailInsight", "recipientAccountId": S, "sharedEventID": ct.uuid_of("insight shared", 1),
    "insightDetails": {"state": "Start", "eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue", "insightType": "ApiCallRateInsight",
                       "insightContext": {"statistics": {"baseline": {"average": 0.01}, "insight": {"average": 4.0}, "insightDuration": 5}}},
    "eventCategory": "Insight",
}
plot.calls.append(Call(insight, nothing("an insight is a finding, no call", "insight"), "CloudTrail-Insight"))
