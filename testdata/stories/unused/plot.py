"""What happens in `unused`: every call, and which IAM actions it used. README.md tells it in words."""

from datetime import date, timedelta

import cloudtrail as ct
from policies import D, S, bucket, role
from telling import BROWSER, KEYS, Plot, SDK, Who, at, person, refusal

plot = Plot()
OFFICE, HOME, ELSEWHERE = "198.51.100.17", "203.0.113.40", "203.0.113.88"
ANNA, BEN = person("anna", OFFICE), person("ben", OFFICE)
CARL, DORA = person("carl", ELSEWHERE), person("dora", HOME)
BOT = person("backup-bot", "192.0.2.77", SDK)
HUGO = person("hugo", "198.51.100.90")
MONDAYS = [f"{date(2026, 6, 1) + timedelta(days=7 * week):%m-%d}" for week in range(13)]
FUNCTION = f"arn:aws:lambda:eu-west-1:{S}:function:"
IMAGE, INSTANCE = "ami-0123456789abcdef0", "i-0123456789abcdef0"


def uploaded(time, who, name, key, by):
    """An upload in parts: three events, each of which asks for s3:PutObject."""
    for second, event in (("10", "CreateMultipartUpload"), ("20", "UploadPart"), ("30", "CompleteMultipartUpload")):
        extra = {"partNumber": "1"} if event == "UploadPart" else {}
        plot.object_call(f"{time}:{second}", who, event, name, key, extra=extra, uses=["s3:PutObject"], by=by, readOnly=False)


# --- machines, every Monday

for week, day in enumerate(MONDAYS):
    writer = plot.assumed(f"{day} 02:00:00", BOT, "backup-writer", "nightly", by=("Become", "Bot"))
    uploaded(f"{day} 02:01", writer, "example-shop-backup", f"daily/2026-{day}.tar", "Put")
    listing = plot.object_call(f"{day} 02:02:00", writer, "ListObjects", "example-shop-backup",
                               extra={"list-type": "2", "prefix": "daily/"}, uses=["s3:ListBucket"], by="InEurope")
    if week % 6 == 0:
        plot.object_call(f"{day} 02:02:30", writer, "HeadBucket", "example-shop-backup", uses=["s3:ListBucket"], by="InEurope")
        plot.twice(listing)

    web = plot.service(f"{day} 06:00:00", "ec2.amazonaws.com", "web-app", INSTANCE, address="192.0.2.88")
    plot.object_call(f"{day} 06:10:00", web, "GetObject", "example-shop-assets", "logo.svg", by="Assets")
    plot.object_call(f"{day} 06:11:00", web, "HeadObject", "example-shop-assets", "shop.css", uses=["s3:GetObject"], by="Assets")

    run = plot.service(f"{day} 07:00:00", "lambda.amazonaws.com", "app-exec", "shop-orders")
    plot.call(f"{day} 07:00:02", run, "logs:CreateLogStream",
              {"logGroupName": "/aws/lambda/shop-orders", "logStreamName": f"2026/{day.replace('-', '/')}/[$LATEST]0000"}, by="Logs")
    plot.object_call(f"{day} 07:00:05", run, "GetObject", "example-shop-artifacts", "config/orders.json", by="Code")

for day in MONDAYS[::2]:
    etl = plot.service(f"{day} 04:00:00", "lambda.amazonaws.com", "etl", "nightly-etl", by="Jobs")
    plot.call(f"{day} 04:00:04", etl, "s3:GetBucketLocation", {"bucketName": "example-data-lake", "location": ""}, by="Lake")
    plot.call(f"{day} 04:00:06", etl, "s3:GetBucketEncryption", {"bucketName": "example-data-lake", "encryption": ""},
              uses=["s3:GetEncryptionConfiguration"], by="Lake")
    plot.call(f"{day} 04:00:09", etl, "athena:StartQueryExecution", {"queryString": "HIDDEN_DUE_TO_SECURITY_REASONS", "workGroup": "primary"},
              {"queryExecutionId": ct.uuid_of("query", day)}, by="Ask")

scaling = plot.service("06-08 05:00:00", "autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScaling", keyed=False)
for minute in ("01", "31"):
    plot.call(f"06-08 05:{minute}:00", scaling, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}})

# --- `deploy`, shared by the workflow and anna


def function(time, who, name, role_arn, **more):
    request = {"functionName": name, "runtime": "python3.13", "role": role_arn, "handler": "app.handler", "code": {}, "publish": False}
    plot.call(time, who, "lambda:CreateFunction", request, {"functionName": name, "functionArn": FUNCTION + name, "role": role_arn},
              event="CreateFunction20150331", uses=["lambda:CreateFunction", "iam:PassRole"], by=("Functions", "Pass"), **more)


for count, day in enumerate(MONDAYS[::2]):
    ci = plot.github(f"{day} 09:00:00", "deploy", "ref:refs/heads/main", 700 + count)
    uploaded(f"{day} 09:01", ci, "example-shop-artifacts", f"orders/v{count}.zip", "Artifacts")
    plot.call(f"{day} 09:03:00", ci, "lambda:UpdateFunctionCode", {"functionName": "shop-orders", "dryRun": False, "publish": True},
              {"functionName": "shop-orders", "functionArn": FUNCTION + "shop-orders"},
              event="UpdateFunctionCode20150331v2", by="Functions")
    if count == 1:
        function(f"{day} 09:04:00", ci, "shop-mail", role("app-exec"))
        plot.call(f"{day} 09:05:00", ci, "cloudformation:CreateStack", {"stackName": "shop-queues", "capabilities": []},
                  {"stackId": f"arn:aws:cloudformation:eu-west-1:{S}:stack/shop-queues/00000000-aaaa-4bbb-8ccc-111122223333"}, by="Stacks")
        plot.call(f"{day} 09:05:09", ci.through("cloudformation.amazonaws.com"), "sqs:CreateQueue", {"queueName": "shop-mail"},
                  {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{S}/shop-mail"}, by="Queues")
        plot.call(f"{day} 09:06:00", ci, "lambda:UpdateFunctionCode", {"functionName": "shop-old"}, event="UpdateFunctionCode20150331v2",
                  error=("ResourceNotFoundException", f"Function not found: {FUNCTION}shop-old"))
        plot.call(f"{day} 09:07:00", ci, "ecs:UpdateService", {"cluster": "shop", "service": "front", "forceNewDeployment": True},
                  {"service": {"serviceArn": f"arn:aws:ecs:eu-west-1:{S}:service/shop/front", "status": "ACTIVE"}})
    if count == 2:
        plot.call(f"{day} 09:08:00", ci, "lambda:CreateFunction", None, event="CreateFunction20150331", uses=["iam:PassRole"],
                  error=refusal(ci, "iam:PassRole", role("ops")))

by_anna = plot.assumed("08-24 10:00:00", ANNA, "deploy", "anna-laptop", by="People")
plot.call("08-24 10:02:00", by_anna, "ec2:DescribeImages", {"imagesSet": {"items": [{"imageId": IMAGE}]}, "filterSet": {}}, by="Launch")
plot.call("08-24 10:03:00", by_anna, "ec2:RunInstances", {
    "instancesSet": {"items": [{"imageId": IMAGE, "minCount": 1, "maxCount": 1}]}, "instanceType": "t3.large",
    "subnetId": "subnet-0123456789abcdef0", "groupSet": {"items": [{"groupId": "sg-0123456789abcdef0"}]}, "blockDeviceMapping": {},
    "monitoring": {"enabled": False}, "iamInstanceProfile": {"name": "web-app"}},
    {"instancesSet": {"items": [{"instanceId": INSTANCE, "imageId": IMAGE, "subnetId": "subnet-0123456789abcdef0"}]}, "ownerId": S},
    uses=["ec2:RunInstances", "iam:PassRole"], by=("Launch", "Pass"))
plot.object_call("08-24 10:05:00", by_anna, "CopyObject", "example-shop-artifacts", "orders/stable.zip", readOnly=False,
                 extra={"x-amz-copy-source": "example-shop-artifacts/orders/v6.zip"}, uses=["s3:GetObject", "s3:PutObject"], by="Artifacts")

# --- anna, administrator

plot.call("08-03 07:58:00", ANNA.but(identity={name: value for name, value in ANNA.identity.items() if name != "accessKeyId"}, agent=BROWSER),
          "signin:ConsoleLogin", None, {"ConsoleLogin": "Success"}, uses=[], eventType="AwsConsoleSignIn", host="signin.aws.amazon.com",
          additionalEventData={"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes"})
console = ANNA.but(identity=ct.console(ANNA.identity, KEYS.make("ASIA", S), at("08-03 07:58:00"), True), agent=BROWSER)
plot.call("08-03 08:00:00", console, "iam:ListUsers", {"maxItems": 100})
plot.call("08-03 08:01:00", console, "iam:ListRoles", {"maxItems": 100})
plot.call("08-03 08:02:00", console, "s3:ListBuckets", {}, uses=["s3:ListAllMyBuckets"])
for name in ("audit", "reports"):
    plot.call("08-03 08:03:00", console, "s3:GetBucketEncryption", {"bucketName": f"example-shop-{name}", "encryption": ""},
              uses=["s3:GetEncryptionConfiguration"])
plot.call("08-03 08:04:00", console, "iam:GetRolePolicy", {"roleName": "web-app", "policyName": "gone"},
          error=("NoSuchEntityException", "The role policy with name gone cannot be found."))
plot.call("08-03 08:05:00", console, "cloudtrail:StopLogging", {"name": "main"},
          error=refusal(console, "cloudtrail:StopLogging", f"arn:aws:cloudtrail:eu-west-1:{S}:trail/main", "service control policy", True))
plot.call("08-03 08:06:00", console, "cloudtrail:DescribeTrails", {"trailNameList": []})
ops = plot.assumed("07-14 15:00:00", ANNA, "ops", "anna", by="Operators")
plot.call("07-14 15:01:00", ops, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}})
plot.call("07-14 15:02:00", ops, "ec2:TerminateInstances", {"instancesSet": {"items": [{"instanceId": "i-0fedcba9876543210"}]}},
          {"instancesSet": {"items": [{"instanceId": "i-0fedcba9876543210", "currentState": {"code": 32, "name": "shutting-down"}}]}})
plot.call("07-14 15:03:00", ops, "s3:PutBucketEncryption", {"bucketName": "example-shop-audit", "encryption": ""},
          uses=["s3:PutEncryptionConfiguration"])
old = plot.assumed("05-20 08:30:00", ANNA, "legacy-reports", "anna", by=())
plot.object_call("05-20 08:31:00", old, "GetObject", "example-shop-reports", "2026/q1.csv")

# --- ben, developer

for day in ("06-09", "06-23", "07-07", "08-11"):
    plot.call(f"{day} 13:00:00", BEN, "lambda:InvokeFunction", {"functionName": FUNCTION + "shop-orders", "invocationType": "RequestResponse"},
              event="Invoke20150331", managementEvent=False, eventCategory="Data", readOnly=False, by="OwnFunctions",
              resources=[{"accountId": S, "type": "AWS::Lambda::Function", "ARN": FUNCTION + "shop-orders"}])
    plot.call(f"{day} 13:01:00", BEN, "logs:DescribeLogGroups", {"logGroupNamePrefix": "/aws/lambda/shop"})
plot.call("06-09 13:05:00", BEN, "iam:ListRoles", {"maxItems": 100})
plot.call("06-09 13:06:00", BEN, "iam:CreateUser", None, error=refusal(BEN, "iam:CreateUser", f"arn:aws:iam::{S}:user/tmp"))
plot.call("06-09 13:07:00", BEN, "secretsmanager:GetSecretValue", None, error=refusal(
    BEN, "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{S}:secret:shop/db-EXAMPL", explicit=True))
plot.call("06-23 13:08:00", BEN, "ec2:TerminateInstances", None, error=refusal(
    BEN, "ec2:TerminateInstances", f"arn:aws:ec2:eu-west-1:{S}:instance/{INSTANCE}", explicit=True))
plot.call("06-23 13:09:00", BEN, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}})
plot.call("08-29 23:58:00", BEN, "ec2:DescribeRegions", {"regionSet": {}})
plot.call("05-31 23:59:40", BEN, "kms:ListKeys", None)
plot.call("08-30 00:00:05", BEN, "kms:ListKeys", None)

# --- carl, contractor, under a boundary that was tightened at the end of June

for day in ("06-02", "06-16"):
    plot.call(f"{day} 11:00:00", CARL, "lambda:ListFunctions", None, event="ListFunctions20150331")
for day in ("07-02", "07-21", "08-18"):
    plot.call(f"{day} 11:00:00", CARL, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}}, by="Work")
    plot.object_call(f"{day} 11:01:00", CARL, "ListObjects", "example-shop-incoming", extra={"list-type": "2"}, uses=["s3:ListBucket"], by="Work")
    plot.object_call(f"{day} 11:02:00", CARL, "HeadObject", "example-shop-incoming", "a.csv", uses=["s3:GetObject"], by="Work")
    plot.object_call(f"{day} 11:03:00", CARL, "GetObject", "example-shop-incoming", "a.csv", by="Work")
plot.object_call("08-18 11:05:00", CARL, "GetObject", "example-shop-incoming", "b.csv",
                 error=("NoSuchKey", "The specified key does not exist."))
plot.call("07-21 11:10:00", CARL, "iam:GetUser", None, error=refusal(CARL, "iam:GetUser", f"arn:aws:iam::{S}:user/ben"))
plot.call("07-21 11:11:00", CARL, "s3:PutBucketPolicy", {"bucketName": "example-shop-incoming", "policy": ""}, error=refusal(
    CARL, "s3:PutBucketPolicy", '"' + bucket("example-shop-incoming") + '"', "permissions boundary", True))
plot.call("07-21 11:12:00", CARL, "ec2:StartInstances", None, error=refusal(
    CARL, "ec2:StartInstances", f"arn:aws:ec2:eu-west-1:{S}:instance/{INSTANCE}", "permissions boundary"))

# --- dora, analyst, since 20 July

for day in ("07-22", "08-04", "08-25"):
    plot.call(f"{day} 09:20:00", DORA, "s3:GetBucketEncryption", {"bucketName": "example-shop-reports", "encryption": ""},
              uses=["s3:GetEncryptionConfiguration"], by="Look")
    plot.object_call(f"{day} 09:21:00", DORA, "ListObjects", "example-shop-reports", extra={"list-type": "2"}, uses=["s3:ListBucket"], by="Read")
    plot.object_call(f"{day} 09:22:00", DORA, "GetObject", "example-shop-reports", f"2026/{day}.csv", by="Read")
    plot.call(f"{day} 09:25:00", DORA, "athena:StartQueryExecution", {"queryString": "HIDDEN_DUE_TO_SECURITY_REASONS", "workGroup": "analysts"},
              {"queryExecutionId": ct.uuid_of("query", day, "dora")}, by="Ask")
    plot.object_call(f"{day} 09:30:00", DORA, "PutObject", "example-shop-incoming", f"dora/{day}.csv", by="Incoming")
for day in ("08-04", "08-25"):
    key = f"dora/{day}.csv"
    plot.object_call(f"{day} 09:40:00", DORA, "DeleteObject", "example-shop-drop", key,
                     error=refusal(DORA, "s3:DeleteObject", '"' + bucket(f"example-shop-drop/{key}") + '"', explicit=True))

# --- hugo, of the data account

reader = None
for count, day in enumerate(("06-04", "07-16", "08-13")):
    reader = plot.assumed(f"{day} 08:00:00", HUGO, "report-reader", "hugo", by=("Become", "Data"))
    plot.object_call(f"{day} 08:01:00", reader, "ListObjects", "example-shop-reports", extra={"list-type": "2"}, uses=["s3:ListBucket"], by="Reports")
    for number in range(2):
        plot.object_call(f"{day} 08:0{2 + number}:00", reader, "GetObject", "example-shop-reports", f"2026/{count}-{number}.csv", by="Reports")
    plot.call(f"{day} 08:10:00", HUGO, "iam:GetUser", None, by="Self")
plot.call("07-16 08:12:00", HUGO, "glue:GetDatabases", None, error=refusal(
    HUGO, "glue:GetDatabases", f"arn:aws:glue:eu-west-1:{D}:catalog", "service control policy"))
own = plot.assumed("08-13 08:20:00", HUGO, "etl", "hugo-debug", by=("Become", "Jobs"))
plot.call("08-13 08:21:00", own, "athena:GetQueryExecution", {"queryExecutionId": ct.uuid_of("query", MONDAYS[-1])}, by="Ask")
