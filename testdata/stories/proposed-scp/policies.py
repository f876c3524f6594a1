"""The snapshot of `proposed-scp` as it stands today, and the proposals. README.md tells who is who."""

import json

import cloudtrail as ct

S, D, M, X = "111122223333", "444455556666", "123456789012", "777788889999"
ORG = "o-exampleorg1"
ROOT, WORKLOADS, SHOPS = "r-ex01", "ou-ex01-11111111", "ou-ex01-22222222"
GATEWAY, INTERFACE = "vpce-0123456789abcdef0", "vpce-0fedcba9876543210"
VPC, SUBNET, OTHER_SUBNET, GROUP, IMAGE = (
    "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "subnet-0fedcba9876543210", "sg-0123456789abcdef0", "ami-0123456789abcdef0",
)
KEY = f"arn:aws:kms:eu-west-1:{S}:key/00000000-1111-4222-8333-444455556666"
ORDERS_QUEUE, INVOICES_QUEUE = f"arn:aws:sqs:eu-west-1:{S}:orders", f"arn:aws:sqs:eu-west-1:{S}:invoices"
DB_SECRET = f"arn:aws:secretsmanager:eu-west-1:{S}:secret:shop/db-EXAMPL"
ATLAS_SECRET = f"arn:aws:secretsmanager:eu-west-1:{S}:secret:atlas/api-EXAMPL"
BOREALIS_SECRET = f"arn:aws:secretsmanager:eu-west-1:{S}:secret:borealis/api-EXAMPL"
COBALT_SECRET = f"arn:aws:secretsmanager:eu-west-1:{S}:secret:cobalt/api-EXAMPL"
GITHUB = "token.actions.githubusercontent.com"
OIDC = f"arn:aws:iam::{S}:oidc-provider/{GITHUB}"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
SCALING_POLICY = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy"


def bucket(name):
    return f"arn:aws:s3:::{name}"


def user(name):
    return f"arn:aws:iam::{S}:user/{name}"


def role(name, account=S):
    return f"arn:aws:iam::{account}:role/{name}"


def managed(name, account=S):
    return f"arn:aws:iam::{account}:policy/{name}"


def statement(sid, effect, actions=None, resource=None, principal=None, condition=None, not_actions=None):
    """A statement; members that are None are left out."""
    made = {
        "Sid": sid,
        "Effect": effect,
        "Principal": principal,
        "Action": actions,
        "NotAction": not_actions,
        "Resource": resource,
        "Condition": condition,
    }
    return {name: value for name, value in made.items() if value is not None}


def allow(sid, actions, resource="*", condition=None, principal=None):
    return statement(sid, "Allow", actions, resource, principal, condition)


def deny(sid, actions, resource="*", condition=None, principal=None):
    return statement(sid, "Deny", actions, resource, principal, condition)


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(sid, principal, actions="sts:AssumeRole", condition=None):
    return document(statement(sid, "Allow", actions, None, principal, condition))


# --- identity policies of 111122223333

OWN_SPACE = document(
    allow("OwnPrefix", ["s3:GetObject", "s3:PutObject"], bucket("example-shop-orders/home/${aws:username}/*")),
    allow("OwnList", "s3:ListBucket", bucket("example-shop-orders"), {"StringLike": {"s3:prefix": "home/${aws:username}/*"}}),
    allow("OwnKeys", ["iam:ListAccessKeys", "iam:CreateAccessKey"], f"arn:aws:iam::{S}:user/${{aws:username}}"),
)
ANALYST_BASE = document(
    allow("LookAround", ["s3:ListAllMyBuckets", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData",
                         "logs:DescribeLogGroups", "ec2:DescribeInstances", "ec2:DescribeRegions"]),
    allow("Become", ["sts:AssumeRole", "sts:TagSession"],
          [role("analyst-read"), role("batch-read"), role("report-reader"), role("ops")]),
)
NO_SECRETS = document(deny("NoSecrets", "secretsmanager:GetSecretValue"))
MFA_FOR_HARM = document(deny("HarmNeedsMfa", ["s3:DeleteObject", "iam:CreateAccessKey", "iam:DeleteAccessKey", "ec2:TerminateInstances"],
                             "*", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
CONTRACTOR_WORK = document(statement("Work", "Allow", resource="*", not_actions=["iam:*", "organizations:*", "account:*"]))
BOUNDARY = managed("contractor-boundary")


def boundary(*more):
    return document(
        allow("Limit", ["s3:*", "ec2:Describe*", "ec2:GetPasswordData", "logs:*", "cloudwatch:*", "sqs:*", "iam:Get*",
                        "organizations:Describe*", *more]),
        deny("NoPasswords", "ec2:GetPasswordData"),
    )


BACKUP = document(
    allow("Upload", "s3:PutObject", bucket("example-shop-backup/*")),
    allow("UsePartner", "sts:AssumeRole", [role("partner-read", D), role("report-reader")]),
)
ONCALL = document(
    allow("CareForObjects", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
          [bucket("example-shop-backup/*"), bucket("example-shop-orders/*")]),
    allow("Kiosk", "sts:GetFederationToken", f"arn:aws:sts::{S}:federated-user/kiosk"),
    allow("TerminateFromHome", "ec2:TerminateInstances", f"arn:aws:ec2:eu-west-1:{S}:instance/*",
          {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}),
)
CI_DEPLOY = document(
    allow("Registry", "ecr:GetAuthorizationToken"),
    allow("Push", ["ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart",
                   "ecr:CompleteLayerUpload", "ecr:PutImage"], f"arn:aws:ecr:*:{S}:repository/shop"),
    allow("Service", ["ecs:UpdateService", "ecs:DescribeServices"], f"arn:aws:ecs:eu-west-1:{S}:service/shop/*"),
    allow("Functions", ["lambda:CreateFunction", "lambda:UpdateFunctionCode"], f"arn:aws:lambda:eu-west-1:{S}:function:shop-*"),
    allow("PassApps", "iam:PassRole", role("app-*"), {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
    allow("PassWeb", "iam:PassRole", role("web-app"), {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
    allow("Stacks", ["cloudformation:CreateStack", "cloudformation:DescribeStacks"],
          f"arn:aws:cloudformation:eu-west-1:{S}:stack/shop-*/*"),
    allow("OnlyByStacks", "sqs:CreateQueue", f"arn:aws:sqs:eu-west-1:{S}:shop-*",
          {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}),
    allow("Launch", "ec2:RunInstances", [
        "arn:aws:ec2:eu-west-1::image/*",
        *(f"arn:aws:ec2:eu-west-1:{S}:{kind}/*" for kind in ("instance", "network-interface", "security-group", "volume")),
        f"arn:aws:ec2:eu-west-1:{S}:subnet/{SUBNET}",
    ]),
    allow("Releases", ["iam:CreateRole", "sts:AssumeRole"], role("release-*")),
)
EXPORT = document(
    allow("Costs", "ce:GetCostAndUsage"),
    allow("Deliver", "s3:PutObject", bucket("example-data-reports/costs/*")),
    allow("Db", "secretsmanager:GetSecretValue", DB_SECRET),
)
WEB = document(
    allow("Assets", ["s3:GetObject", "s3:PutObject"], bucket("example-shop-assets/*")),
    allow("Orders", "s3:GetObject", bucket("example-shop-orders/web/*")),
    allow("Reports", "s3:GetObject", bucket("example-data-reports/*")),
    allow("Tools", "s3:GetObject", bucket("example-outside-tools/*")),
    allow("Uploads", "s3:GetObject", bucket("example-shop-uploads/*")),
    allow("Secret", "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{S}:secret:shop/*"),
    allow("Keys", ["kms:Decrypt", "kms:GenerateDataKey"], KEY),
    allow("Tenants", "sts:AssumeRole", role("tenant-worker")),
)
TENANTS = document(allow("Tenants", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], bucket("example-shop-orders/tenants/*")))
TENANT_SESSION = document(allow("ReadTenants", "s3:GetObject", bucket("example-shop-orders/tenants/*")))
BLUE_SESSION = document(allow("Blue", ["s3:GetObject", "s3:PutObject"], bucket("example-shop-orders/tenants/blue/*")))
KIOSK_SESSION = document(allow("Kiosk", "s3:GetObject", bucket("example-shop-orders/kiosk/*")))
BY_PROJECT = document(
    allow("OwnProject", "s3:GetObject", bucket("example-shop-orders/projects/${aws:PrincipalTag/project}/*")),
    allow("OwnSecrets", "secretsmanager:GetSecretValue", "*",
          {"StringEquals": {"aws:ResourceTag/project": "${aws:PrincipalTag/project}"}}),
    allow("Deeper", ["sts:AssumeRole", "sts:TagSession"], role("atlas-deep")),
)
DEEP = document(allow("AuditOfProject", "s3:GetObject", bucket("example-shop-audit/${aws:PrincipalTag/project}/*")))
READER = document(
    allow("DataReads", ["s3:GetObject", "s3:ListBucket"], [
        bucket(f"example-data-{name}{end}") for name in ("reports", "lake", "public", "private") for end in ("", "/*")
    ]),
)
WORKER = document(allow("Logs", "logs:CreateLogStream", f"arn:aws:logs:eu-west-1:{S}:log-group:/aws/lambda/shop-*"))
SCALING = document(
    allow("EC2InstanceManagement", ["ec2:RunInstances", "ec2:TerminateInstances", "ec2:Describe*", "ec2:CreateTags"]),
    allow("EC2InstanceProfileManagement", "iam:PassRole", "*", {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}}),
)
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
PARTNER = document(allow("Read", "s3:GetObject", bucket("example-data-public/*")))
ETL = document(allow("Lake", ["s3:GetObject", "s3:PutObject"], bucket("example-data-lake/*")))

# --- trust policies

OPERATORS = {"AWS": [user("anna"), user("lisa"), user("backup-bot")]}
OPS_TRUST = trust("Operators", OPERATORS)
TRUSTS = {
    "ci-deploy": trust("GitHub", {"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", {
        "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{GITHUB}:sub": "repo:example-org/shop:ref:refs/heads/*"},
    }),
    "app-worker": trust("Lambda", {"Service": "lambda.amazonaws.com"}),
    "legacy-app": trust("Lambda", {"Service": "lambda.amazonaws.com"}),
    "billing-export": trust("Lambda", {"Service": "lambda.amazonaws.com"}),
    "web-app": trust("Ec2", {"Service": "ec2.amazonaws.com"}),
    "tenant-worker": trust("Web", {"AWS": role("web-app")}),
    "analyst-read": trust("Analysts", {"AWS": f"arn:aws:iam::{S}:root"}, ["sts:AssumeRole", "sts:TagSession"],
                          {"StringEquals": {"aws:RequestTag/project": ["atlas", "borealis"]}}),
    "atlas-deep": trust("FromAnalystRead", {"AWS": role("analyst-read")}, ["sts:AssumeRole", "sts:TagSession"],
                        {"StringEquals": {"aws:PrincipalTag/project": "atlas"}}),
    "batch-read": trust("Account", {"AWS": S}),
    "ops": OPS_TRUST,
    "break-glass": trust("WithMfa", {"AWS": [user("lisa"), user("backup-bot")]}, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    "release-bot": trust("Ci", {"AWS": role("ci/ci-deploy")}),
    "report-reader": trust("Anna", {"AWS": user("anna")}),
    "AWSServiceRoleForAutoScaling": trust("Service", {"Service": "autoscaling.amazonaws.com"}),
    "data-admin": trust("Ops", {"AWS": role("ops")}),
    "partner-read": trust("Shop", {"AWS": f"arn:aws:iam::{S}:root"}, condition={"StringEquals": {"sts:ExternalId": "shop-2026"}}),
    "etl": trust("Glue", {"Service": "glue.amazonaws.com"}),
}

# --- control policies

GUARDRAILS = document(
    deny("ProtectTrail", ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]),
    deny("NoRootKeys", "iam:CreateAccessKey", "*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}),
    deny("KeepBlocks", "s3:PutBucketPublicAccessBlock"),
    deny("StayIn", "organizations:LeaveOrganization"),
)
SHOP_LIMITS = document(
    deny("SmallInstances", "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*",
         {"StringNotLike": {"ec2:InstanceType": ["t3.*", "m6i.*"]}}),
)
DATA_SERVICES = document(allow("DataServices", ["s3:*", "kms:*", "sqs:*", "secretsmanager:*", "sts:*", "iam:*", "logs:*", "glue:*", "athena:*"]))
OWN_PEOPLE = document(
    deny("OwnPeopleOnly", ["s3:*", "sqs:*", "kms:*", "secretsmanager:*"], "*", {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }, "*"),
    deny("KeepAudit", "s3:DeleteObject", bucket("example-shop-audit/*"), None, "*"),
)
OUTSIDE_EU = document(statement("DenyAllOutsideEU", "Deny", resource="*", not_actions=[
    "aws-marketplace:*", "budgets:*", "ce:*", "cloudfront:*", "config:*", "cur:*", "directconnect:*", "ec2:DescribeRegions",
    "globalaccelerator:*", "health:*", "iam:*", "kms:*", "networkmanager:*", "organizations:*", "pricing:*", "route53:*",
    "route53domains:*", "s3:GetAccountPublic*", "s3:ListAllMyBuckets", "s3:PutAccountPublic*", "shield:*", "sts:*",
    "support:*", "trustedadvisor:*", "waf:*", "wafv2:*",
], condition={"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}))

# --- policies of resources and endpoints; None: it is known that there is none

EVERYONE = document(allow("Everyone", "s3:GetObject", bucket("example-data-public/*"), None, "*"))
RESOURCES = {
    bucket("example-shop-assets"): (S, document(deny(
        "OnlyThroughEndpoint", "s3:PutObject", bucket("example-shop-assets/*"),
        {"StringNotEquals": {"aws:SourceVpce": GATEWAY}}, "*"))),
    bucket("example-shop-orders"): (S, None),
    bucket("example-shop-audit"): (S, None),
    bucket("example-shop-backup"): (S, document(deny(
        "KeepBackups", "s3:DeleteObject", bucket("example-shop-backup/*"),
        {"ArnNotEquals": {"aws:PrincipalArn": role("ops")}}, "*"))),
    bucket("example-data-reports"): (D, document(
        allow("ShopReads", "s3:GetObject", bucket("example-data-reports/*"), None, {"AWS": [role("report-reader"), role("web-app")]}),
        allow("CostsIn", "s3:PutObject", bucket("example-data-reports/costs/*"), None, {"AWS": role("billing-export")}),
    )),
    bucket("example-data-lake"): (D, document(allow(
        "PublicClass", "s3:GetObject", bucket("example-data-lake/*"),
        {"StringEquals": {"s3:ExistingObjectTag/class": "public"}}, {"AWS": f"arn:aws:iam::{S}:root"}))),
    bucket("example-data-public"): (D, EVERYONE),
    bucket("example-data-private"): (D, None),
    KEY: (S, document(
        allow("Admin", "kms:*", "*", None, {"AWS": role("ops")}),
        allow("ViaS3", ["kms:Decrypt", "kms:GenerateDataKey"], "*", {
            "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": S},
        }, {"AWS": role("web-app")}),
    )),
    ORDERS_QUEUE: (S, document(
        allow("Topic", "sqs:SendMessage", ORDERS_QUEUE, {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{S}:orders"}},
              {"Service": "sns.amazonaws.com"}),
        allow("DataReads", "sqs:ReceiveMessage", ORDERS_QUEUE, None, {"AWS": D}),
    )),
    DB_SECRET: (S, document(deny(
        "OnlyApp", "secretsmanager:GetSecretValue", "*",
        {"ArnNotEquals": {"aws:PrincipalArn": [role("web-app"), role("ops")]}}, "*"))),
    ATLAS_SECRET: (S, None),
    BOREALIS_SECRET: (S, None),
    COBALT_SECRET: (S, None),
    f"arn:aws:ecr:eu-west-1:{S}:repository/shop": (S, None),
    f"arn:aws:ecr:us-east-1:{S}:repository/shop": (S, None),
    f"arn:aws:lambda:eu-west-1:{S}:function:shop-resize": (S, None),
    f"arn:aws:lambda:eu-west-1:{S}:function:shop-report": (S, None),
    f"arn:aws:dynamodb:eu-west-1:{S}:table/carts": (S, None),
    f"arn:aws:sqs:eu-west-1:{S}:shop-mail": (S, None),
}
TAGS = {
    ATLAS_SECRET: {"project": "atlas"},
    BOREALIS_SECRET: {"project": "borealis"},
    DB_SECRET: {"team": "shop"},
}
ENDPOINTS = {
    GATEWAY: ("s3", document(allow(
        "ShopBuckets", ["s3:GetObject", "s3:PutObject"],
        [bucket("example-shop-assets/*"), bucket("example-shop-orders/*"), bucket("example-shop-uploads/*")], None, "*"))),
}

# --- the snapshot's files

USERS = {  # name: (number, path, inline, groups, attached, boundary)
    "anna": (0, "/", {"own-space": OWN_SPACE}, ["analysts", "people"], [], None),
    "carl": (1, "/contractors/", {}, ["people"], [managed("contractor-work")], BOUNDARY),
    "backup-bot": (2, "/", {"backup": BACKUP}, [], [], None),
    "lisa": (3, "/", {"oncall": ONCALL}, ["people"], [], None),
}
GROUPS = {"analysts": ({"no-secrets": NO_SECRETS}, [managed("analyst-base")]), "people": ({"mfa-for-harm": MFA_FOR_HARM}, [])}
SCALING_PATH = "/aws-service-role/autoscaling.amazonaws.com/"
ROLES = {  # name: (account, number, path, inline, attached, tags)
    "ci-deploy": (S, 0, "/ci/", {}, [managed("ci-deploy-policy")], {}),
    "app-worker": (S, 1, "/", {"worker": WORKER}, [], {}),
    "legacy-app": (S, 2, "/", {"worker": WORKER}, [], {}),
    "billing-export": (S, 3, "/", {"export": EXPORT}, [], {}),
    "web-app": (S, 4, "/", {"web": WEB}, [], {}),
    "tenant-worker": (S, 5, "/", {"tenants": TENANTS}, [], {}),
    "analyst-read": (S, 6, "/", {"by-project": BY_PROJECT}, [], {"team": "analysis"}),
    "atlas-deep": (S, 7, "/", {"deep": DEEP}, [], {}),
    "batch-read": (S, 8, "/", {"reader": READER}, [], {}),
    "ops": (S, 9, "/", {}, [ADMIN], {}),
    "release-bot": (S, 10, "/", {"worker": WORKER}, [], {}),
    "report-reader": (S, 11, "/", {"reader": READER}, [], {}),
    "AWSServiceRoleForAutoScaling": (S, 12, SCALING_PATH, {}, [SCALING_POLICY], {}),
    "break-glass": (S, 13, "/", {}, [ADMIN], {}),
    "data-admin": (D, 0, "/", {}, [ADMIN], {}),
    "partner-read": (D, 1, "/", {"partner": PARTNER}, [], {}),
    "etl": (D, 2, "/", {"etl": ETL}, [], {}),
}
MANAGED = {
    managed("analyst-base"): ANALYST_BASE,
    managed("contractor-work"): CONTRACTOR_WORK,
    BOUNDARY: boundary(),
    managed("ci-deploy-policy"): CI_DEPLOY,
    managed("tenant-session"): TENANT_SESSION,
    ADMIN: EVERYTHING,
    SCALING_POLICY: SCALING,
}
SCPS = {"p-exguard01": ("Guardrails", GUARDRAILS), "p-exshop001": ("ShopLimits", SHOP_LIMITS), "p-exdata001": ("DataServices", DATA_SERVICES)}
RCPS = {"p-exrcp0001": ("OwnPeople", OWN_PEOPLE)}
CREATED = "2026-02-02T08:00:00Z"


def policies(inline):
    return [{"PolicyName": name, "PolicyDocument": made} for name, made in inline.items()]


def attached(arns):
    return [{"PolicyName": arn.rsplit("/", 1)[1], "PolicyArn": arn} for arn in arns]


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def user_detail(name):
    number, path, inline, groups, arns, limit = USERS[name]
    made = {
        "Path": path, "UserName": name, "UserId": ct.unique_id("AIDA", S, number), "Arn": f"arn:aws:iam::{S}:user{path}{name}",
        "CreateDate": CREATED, "UserPolicyList": policies(inline), "GroupList": groups,
        "AttachedManagedPolicies": attached(arns), "Tags": [],
    }
    if limit:
        made["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": limit}
    return made


def group_detail(name):
    inline, arns = GROUPS[name]
    return {
        "Path": "/", "GroupName": name, "GroupId": f"AGPA{ct.unique_id('AROA', S, len(name) % 16)[4:]}",
        "Arn": f"arn:aws:iam::{S}:group/{name}", "CreateDate": CREATED,
        "GroupPolicyList": policies(inline), "AttachedManagedPolicies": attached(arns),
    }


def role_detail(name):
    account, number, path, inline, arns, tags = ROLES[name]
    arn = f"arn:aws:iam::{account}:role{path}{name}"
    made = {
        "Path": path, "RoleName": name, "RoleId": ct.unique_id("AROA", account, number), "Arn": arn,
        "CreateDate": CREATED if name != "release-bot" else "2026-09-08T09:10:00Z",
        "AssumeRolePolicyDocument": TRUSTS[name], "InstanceProfileList": [], "RolePolicyList": policies(inline),
        "AttachedManagedPolicies": attached(arns), "Tags": pairs(tags), "RoleLastUsed": {},
    }
    if name == "web-app":
        bare = {part: made[part] for part in ("Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument")}
        made["InstanceProfileList"] = [{
            "Path": "/", "InstanceProfileName": "web-app", "InstanceProfileId": f"AIPA{ct.unique_id('AROA', S, 4)[4:]}",
            "Arn": f"arn:aws:iam::{S}:instance-profile/web-app", "CreateDate": CREATED, "Roles": [bare],
        }]
    return made


def policy_detail(arn):
    name = arn.rsplit("/", 1)[1]
    return {
        "PolicyName": name, "PolicyId": f"ANPA{ct.letters_of(10, arn)}EXAMPLE", "Arn": arn,
        "Path": "/aws-service-role/" if "aws-service-role" in arn else "/", "DefaultVersionId": "v1",
        "AttachmentCount": 1, "PermissionsBoundaryUsageCount": 0, "IsAttachable": True,
        "CreateDate": CREATED, "UpdateDate": CREATED,
        "PolicyVersionList": [{"Document": MANAGED[arn], "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": CREATED}],
    }


def page(users=(), groups=(), roles=(), arns=(), marker=None):
    made = {
        "UserDetailList": [user_detail(name) for name in users], "GroupDetailList": [group_detail(name) for name in groups],
        "RoleDetailList": [role_detail(name) for name in roles], "Policies": [policy_detail(arn) for arn in arns],
        "IsTruncated": marker is not None,
    }
    return made | ({"Marker": marker} if marker else {})


def of_account(account):
    return [name for name, told in ROLES.items() if told[0] == account]


def organization():
    full, rcp_full = "p-FullAWSAccess", "p-RCPFullAWSAccess"
    return {"id": ORG, "managementAccount": M, "nodes": [
        {"id": ROOT, "name": "Root", "scps": [full], "rcps": [rcp_full]},
        {"id": WORKLOADS, "name": "workloads", "parent": ROOT, "scps": [full, "p-exguard01"], "rcps": [rcp_full, "p-exrcp0001"]},
        {"id": SHOPS, "name": "shops", "parent": WORKLOADS, "scps": [full], "rcps": [rcp_full]},
        {"id": M, "name": "management", "parent": ROOT, "scps": [full], "rcps": [rcp_full]},
        {"id": S, "name": "shop", "parent": SHOPS, "scps": [full, "p-exshop001"], "rcps": [rcp_full]},
        {"id": D, "name": "data", "parent": WORKLOADS, "scps": ["p-exdata001"], "rcps": [rcp_full]},
    ]}


def control(kind, id, name, made):
    summary = {
        "Id": id, "Arn": f"arn:aws:organizations::{M}:policy/{ORG}/{kind.lower()}/{id}", "Name": name, "Type": kind, "AwsManaged": False,
    }
    return {"Policy": {"PolicySummary": summary, "Content": json.dumps(made)}}


def resource(arn):
    account, made = RESOURCES[arn]
    return {"arn": arn, "account": account, "policy": None if made is None else json.dumps(made)}


def text(value):
    return json.dumps(value, indent=2).encode() + b"\n"


def files():
    """Path -> bytes of the snapshot and the proposals."""
    roles = of_account(S)
    made = {
        f"iam/accounts/{S}-1.json": page(USERS, GROUPS, roles[:6], marker="EXAMPLEMARKER"),
        f"iam/accounts/{S}-2.json": page(roles=roles[6:], arns=[arn for arn in MANAGED if f"::{D}:" not in arn]),
        f"iam/accounts/{D}.json": page(roles=of_account(D), arns=[ADMIN]),
        "iam/organization.json": organization(),
        "iam/resource-policies/tags.json": {"ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": pairs(tags)} for arn, tags in TAGS.items()
        ]},
        f"iam/vpc-endpoint-policies/{S}.json": {"VpcEndpoints": [
            {"VpcEndpointId": id, "VpcEndpointType": "Gateway", "VpcId": VPC, "OwnerId": S,
             "ServiceName": f"com.amazonaws.eu-west-1.{service}", "PolicyDocument": json.dumps(policy)}
            for id, (service, policy) in ENDPOINTS.items()
        ]},
    }
    for id, (name, policy) in SCPS.items():
        made[f"iam/scp/{id}.json"] = control("SERVICE_CONTROL_POLICY", id, name, policy)
    for id, (name, policy) in RCPS.items():
        made[f"iam/rcp/{id}.json"] = control("RESOURCE_CONTROL_POLICY", id, name, policy)
    for service in ("s3", "kms", "sqs", "secretsmanager", "ecr", "lambda", "dynamodb"):
        for account in (S, D):
            entries = [resource(arn) for arn, told in RESOURCES.items() if arn.split(":")[2] == service and told[0] == account]
            if entries:
                made[f"iam/resource-policies/{account}-{service}.json"] = entries
    return {name: text(value) for name, value in made.items()} | proposals()


# The proposals, in the patch format of README.md "Proposed policies".
MFA_TRUST = trust("Operators", OPERATORS, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
WIDER_BOUNDARY = boundary("lambda:*")
TAGGED_ONLY = document(allow("Everyone", "s3:GetObject", bucket("example-data-public/*"),
                             {"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}, "*"))


def proposals():
    made = {
        "proposed-scp/patch.json": {"changes": [
            {"put-scp": {"id": "deny-outside-eu", "file": "scp/deny-outside-eu.json", "attach": [WORKLOADS]}},
        ]},
        "proposed-scp/scp/deny-outside-eu.json": OUTSIDE_EU,
        "proposed-trust/patch.json": {"changes": [{"put-trust-policy": {"role": role("ops"), "file": "trust/ops.json"}}]},
        "proposed-trust/trust/ops.json": MFA_TRUST,
        "proposed-boundary/patch.json": {"changes": [{"put-managed-policy": {"arn": BOUNDARY, "file": "policies/contractor-boundary.json"}}]},
        "proposed-boundary/policies/contractor-boundary.json": WIDER_BOUNDARY,
        "proposed-bucket/patch.json": {"changes": [
            {"put-resource-policy": {"arn": bucket("example-data-public"), "file": "resource-policies/example-data-public.json"}},
        ]},
        "proposed-bucket/resource-policies/example-data-public.json": TAGGED_ONLY,
    }
    return {name: text(value) for name, value in made.items()}


def statements():
    """(policy, Sid) of every statement of the snapshot, as `expected.json` names them."""
    found = set()
    named = [*((arn, made) for arn, made in MANAGED.items())]
    named += [(id, made) for table in (SCPS, RCPS) for id, (_, made) in table.items()]
    named += [(arn, made) for arn, (_, made) in RESOURCES.items() if made]
    named += [(id, made) for id, (_, made) in ENDPOINTS.items()]
    for name, (account, _, path, inline, _, _) in ROLES.items():
        named.append((f"arn:aws:iam::{account}:role{path}{name}", TRUSTS[name]))
        named += list(inline.items())
    for told in (*USERS.values(),):
        named += list(told[2].items())
    for inline, _ in GROUPS.values():
        named += list(inline.items())
    named += [("session policy", BLUE_SESSION), ("session policy", KIOSK_SESSION)]
    for policy, made in named:
        found |= {(policy, part.get("Sid")) for part in made["Statement"]}
    return found
