"""The snapshot of `unused`: who may do what on 2026-08-30, and IAM's credential report of that night. README.md tells who is who."""

import json

import cloudtrail as ct

S, D, M = "111122223333", "444455556666", "123456789012"
ORG = "o-exampleorg7"
GITHUB = "token.actions.githubusercontent.com"
OIDC = f"arn:aws:iam::{S}:oidc-provider/{GITHUB}"
AWS = "arn:aws:iam::aws:policy"
ADMIN, POWER = f"{AWS}/AdministratorAccess", f"{AWS}/PowerUserAccess"
SCALING = f"{AWS}/aws-service-role/AutoScalingServiceRolePolicy"
SUPPORT = f"{AWS}/aws-service-role/AWSSupportServiceRolePolicy"
CARTS = f"arn:aws:dynamodb:eu-west-1:{S}:table/carts"


def bucket(name):
    return f"arn:aws:s3:::{name}"


def user(name, account=S, path="/"):
    return f"arn:aws:iam::{account}:user{path}{name}"


def group(name):
    return f"arn:aws:iam::{S}:group/{name}"


def managed(name):
    return f"arn:aws:iam::{S}:policy/{name}"


def statement(sid, effect, actions=None, resource=None, principal=None, condition=None, not_actions=None):
    """A statement; members that are None are left out."""
    made = {"Sid": sid, "Effect": effect, "Principal": principal, "Action": actions, "NotAction": not_actions,
            "Resource": resource, "Condition": condition}
    return {name: value for name, value in made.items() if value is not None}


def allow(sid, actions, resource="*", condition=None):
    return statement(sid, "Allow", actions, resource, None, condition)


def deny(sid, actions, resource="*", condition=None):
    return statement(sid, "Deny", actions, resource, None, condition)


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(sid, principal, actions="sts:AssumeRole", condition=None):
    return statement(sid, "Allow", actions, None, principal, condition)


EVERYTHING = document(statement(None, "Allow", "*", "*"))


def power_user(*more):
    """The shape of AWS's PowerUserAccess."""
    return document(
        statement(None, "Allow", None, "*", not_actions=["iam:*", "organizations:*", "account:*"]),
        statement(None, "Allow", [
            "account:GetAccountInformation", *more, "account:GetPrimaryEmail", "account:ListRegions", "iam:CreateServiceLinkedRole",
            "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeEffectivePolicy", "organizations:DescribeOrganization",
        ], "*"),
    )


# --- roles' names with their paths, which ARNs carry

PATHS = {
    "deploy": "/ci/", "app-exec": "/service-role/",
    "AWSServiceRoleForAutoScaling": "/aws-service-role/autoscaling.amazonaws.com/",
    "AWSServiceRoleForSupport": "/aws-service-role/support.amazonaws.com/",
}
USER_PATHS = {"carl": "/contractors/"}


def role(name, account=S):
    return f"arn:aws:iam::{account}:role{PATHS.get(name, '/')}{name}"


# --- managed policies: ARN -> (default version, {version: document})

DEPLOY = document(
    allow("Functions", ["lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:DeleteFunction"],
          f"arn:aws:lambda:eu-west-1:{S}:function:shop-*"),
    allow("Launch", ["ec2:RunInstances", "ec2:DescribeImages"]),
    allow("Pass", "iam:PassRole", [role("app-exec"), role("web-app")],
          {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}}),
    allow("Stacks", ["cloudformation:CreateStack", "cloudformation:DeleteStack"], f"arn:aws:cloudformation:eu-west-1:{S}:stack/shop-*"),
    allow("Queues", ["sqs:CreateQueue", "sqs:DeleteQueue"], f"arn:aws:sqs:eu-west-1:{S}:shop-*"),
    allow("Artifacts", ["s3:GetObject", "s3:PutObject"], bucket("example-shop-artifacts/*")),
    allow("Images", ["ecr:PutImage", "ecr:InitiateLayerUpload"], f"arn:aws:ecr:eu-west-1:{S}:repository/shop"),
)
ANALYST_BASE = document(
    allow("Look", ["s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:GetEncryptionConfiguration", "cloudwatch:DescribeAlarms"]),
    allow("Read", ["s3:ListBucket", "s3:GetObject"],
          [bucket("example-shop-reports"), bucket("example-shop-reports/*"), bucket("example-shop-finance/*")]),
    allow("FromOffice", "s3:PutObject", bucket("example-shop-incoming/*"), {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}),
    allow("Ask", ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:StopQueryExecution"],
          f"arn:aws:athena:eu-west-1:{S}:workgroup/analysts"),
)
MANAGED = {
    managed("deploy-policy"): ("v2", {
        "v1": document(allow("All", ["iam:*", "s3:*", "lambda:*", "ec2:*", "cloudformation:*"])),
        "v2": DEPLOY,
        "v3": document(*DEPLOY["Statement"], allow("Tables", "dynamodb:DeleteTable")),
    }),
    managed("analyst-base"): ("v1", {"v1": ANALYST_BASE}),
    managed("old-readers"): ("v1", {"v1": document(allow("Old", "s3:GetObject", bucket("example-shop-old/*")))}),
    managed("contractor-limit"): ("v1", {"v1": document(
        allow("Limit", ["s3:*", "ec2:Describe*", "logs:*", "iam:Get*", "sqs:*"]),
        deny("NoBucketPolicies", "s3:PutBucketPolicy"),
    )}),
    ADMIN: ("v1", {"v1": EVERYTHING}),
    POWER: ("v12", {"v7": power_user(), "v12": power_user("account:GetGovCloudAccountInformation")}),
    SCALING: ("v1", {"v1": document(allow("Instances", ["ec2:DescribeInstances", "ec2:RunInstances", "ec2:TerminateInstances"]))}),
    SUPPORT: ("v1", {"v1": document(allow("Look", ["ec2:DescribeInstances", "s3:GetBucketLocation"]))}),
}
BOUNDARY = managed("contractor-limit")

# --- inline policies

GUARDS = document(
    deny("NoSecrets", "secretsmanager:GetSecretValue"),
    deny("KeepAudit", "s3:DeleteObject", bucket("example-shop-audit/*")),
    deny("TerminateNeedsMfa", "ec2:TerminateInstances", "*", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
    allow("OwnFunctions", "lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{S}:function:shop-*"),
)
DORA = document(
    allow("Incoming", "s3:PutObject", bucket("example-shop-incoming/dora/*")),
    allow("Tidy", "s3:DeleteObject", bucket("example-shop-drop/dora/*")),
    deny("KeepDrop", "s3:*", bucket("example-shop-drop/*")),
)
BACKUP_WRITE = document(
    allow("Put", ["s3:PutObject", "s3:AbortMultipartUpload"], [bucket("example-shop-backup/*"), bucket("example-shop-archive/*")]),
    allow("InEurope", "s3:ListBucket", bucket("example-shop-backup"),
          {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}),
)
EXEC = document(
    allow("Code", "s3:GetObject", bucket("example-shop-artifacts/*")),
    allow("Logs", ["logs:CreateLogGroup", "logs:CreateLogStream"], f"arn:aws:logs:eu-west-1:{S}:log-group:/aws/lambda/shop-*"),
    allow("Carts", ["dynamodb:GetItem", "dynamodb:PutItem"], CARTS),
    allow("Database", "rds-db:connect", f"arn:aws:rds-db:eu-west-1:{S}:dbuser:db-EXAMPLE/shop"),
)
WEB = document(
    allow("Assets", "s3:GetObject", bucket("example-shop-assets/*")),
    allow("Mail", "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{S}:shop-mail"),
)
REPORTS = document(
    allow("Reports", ["s3:ListBucket", "s3:GetObject"], [bucket("example-shop-reports"), bucket("example-shop-reports/*")]),
)
ETL = document(
    allow("Lake", ["s3:GetBucketLocation", "s3:GetEncryptionConfiguration", "s3:GetObject", "s3:PutObject"],
          [bucket("example-data-lake"), bucket("example-data-lake/*")]),
    allow("Ask", ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:DeleteWorkGroup"]),
    allow("Database", "rds-db:connect", f"arn:aws:rds-db:eu-west-1:{D}:dbuser:db-EXAMPLE/etl"),
    allow("Keys", ["kms:Decrypt", "kms:ScheduleKeyDeletion"]),
)
HUGO = document(
    allow("Become", "sts:AssumeRole", [role("report-reader"), role("etl", D)]),
    allow("Self", ["iam:GetUser", "iam:ListAccessKeys", "iam:DeleteAccessKey"], f"arn:aws:iam::{D}:user/${{aws:username}}"),
    allow("Catalog", "glue:GetDatabases"),
)

# --- principals

USERS = {  # name: (account, number, created, inline, groups, attached, boundary)
    "anna": (S, 0, "2024-02-05T08:00:00Z", {}, ["admins", "people"], [], None),
    "ben": (S, 1, "2024-03-04T08:00:00Z", {}, ["developers", "glue-crew", "people"], [POWER], None),
    "carl": (S, 2, "2025-09-01T08:00:00Z", {"work": document(
        statement("Work", "Allow", None, "*", not_actions=["iam:*", "organizations:*", "account:*", "s3:Delete*"]))}, ["people"], [], BOUNDARY),
    "dora": (S, 3, "2026-07-20T08:00:00Z", {"dora": DORA}, ["analysts"], [], None),
    "erik": (S, 4, "2023-05-02T08:00:00Z", {"queues": document(
        allow("Queues", ["sqs:ListQueues", "sqs:PurgeQueue"]))}, [], [], None),
    "hana": (S, 5, "2025-01-13T08:00:00Z", {"carts": document(
        allow("Carts", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DescribeTable"], CARTS))}, [], [], None),
    "backup-bot": (S, 6, "2023-05-02T08:00:00Z", {"become": document(allow("Become", "sts:AssumeRole", role("backup-writer")))}, [], [], None),
    "hugo": (D, 0, "2025-02-03T08:00:00Z", {"hugo": HUGO}, [], [], None),
}
GROUPS = {  # name: (inline, attached)
    "admins": ({}, [ADMIN]),
    "developers": ({"dev-guards": GUARDS}, []),
    "analysts": ({}, [managed("analyst-base")]),
    "people": ({}, []),
    "auditors-old": ({"audit": document(allow("Audit", ["iam:Get*", "iam:List*", "cloudtrail:LookupEvents"]))}, []),
    "glue-crew": ({"glue": document(allow("Glue", "glue:*"))}, []),
}
BY_GITHUB = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}, "StringLike": {f"{GITHUB}:sub": "repo:example-org/shop:*"}}


def of_service(name):
    return document(trust("Service", {"Service": name}))


ROLES = {  # name: (account, number, created, trust, inline, attached)
    "deploy": (S, 0, "2024-02-05T08:00:00Z", document(
        trust("GitHub", {"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity", BY_GITHUB),
        trust("People", {"AWS": user("anna")})), {}, [managed("deploy-policy")]),
    "ops": (S, 1, "2024-02-05T08:00:00Z", document(trust("Operators", {"AWS": [user("anna"), user("ben")]})), {}, [ADMIN]),
    "backup-writer": (S, 2, "2023-05-02T08:00:00Z", document(trust("Bot", {"AWS": user("backup-bot")})), {"write": BACKUP_WRITE}, []),
    "app-exec": (S, 3, "2024-02-05T08:00:00Z", of_service("lambda.amazonaws.com"), {"exec": EXEC}, []),
    "web-app": (S, 4, "2024-02-05T08:00:00Z", of_service("ec2.amazonaws.com"), {"web": WEB}, []),
    "legacy-reports": (S, 5, "2023-05-02T08:00:00Z", document(trust("Anna", {"AWS": user("anna")})), {"legacy": REPORTS}, []),
    "report-reader": (S, 6, "2025-02-03T08:00:00Z", document(
        trust("Data", {"AWS": [user("hugo", D), role("etl", D)]})), {"read": REPORTS}, []),
    "AWSServiceRoleForAutoScaling": (S, 7, "2024-02-05T08:00:00Z", of_service("autoscaling.amazonaws.com"), {}, [SCALING]),
    "AWSServiceRoleForSupport": (S, 8, "2023-05-02T08:00:00Z", of_service("support.amazonaws.com"), {}, [SUPPORT]),
    "etl": (D, 0, "2025-02-03T08:00:00Z", document(
        trust("Jobs", {"Service": ["lambda.amazonaws.com", "glue.amazonaws.com"], "AWS": user("hugo", D)})), {"etl": ETL}, []),
}

# --- the organization

GUARDRAILS = document(
    deny("KeepTrail", ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"]),
    deny("StayIn", "organizations:LeaveOrganization"),
    deny("NoGlue", "glue:*"),
    deny("SmallInstances", "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", {"StringNotLike": {"ec2:InstanceType": ["t3.*", "m6i.*"]}}),
)
DATA_SERVICES = document(allow("DataServices", [
    "athena:*", "dynamodb:*", "iam:*", "lambda:*", "logs:*", "rds-db:*", "s3:*", "sts:*"]))
SCPS = {"p-exguard07": ("Guardrails", GUARDRAILS), "p-exdata0007": ("DataServices", DATA_SERVICES)}


def organization():
    full, rcp_full = "p-FullAWSAccess", "p-RCPFullAWSAccess"
    return {"id": ORG, "managementAccount": M, "nodes": [
        {"id": "r-ex07", "name": "Root", "scps": [full], "rcps": [rcp_full]},
        {"id": M, "name": "management", "parent": "r-ex07", "scps": [full], "rcps": [rcp_full]},
        {"id": S, "name": "shop", "parent": "r-ex07", "scps": [full, "p-exguard07"], "rcps": [rcp_full]},
        {"id": D, "name": "data", "parent": "r-ex07", "scps": ["p-exdata0007"], "rcps": [rcp_full]},
    ]}


BUCKETS = {name: S for name in ("artifacts", "reports", "finance", "incoming", "drop", "backup", "archive", "assets", "audit", "old")}


def resources(account):
    """No bucket, function or log group of the story has a policy of its own, which the snapshot says."""
    names = [bucket(f"example-shop-{name}") for name in BUCKETS] + [f"arn:aws:lambda:eu-west-1:{S}:function:shop-{name}" for name in ("orders", "mail", "old")]
    names.append(f"arn:aws:logs:eu-west-1:{S}:log-group:/aws/lambda/shop-orders")
    if account == D:
        names = [bucket("example-data-lake")]
    return [{"arn": arn, "account": account, "policy": None} for arn in names]


# --- IAM's credential report of 111122223333, as https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
# tells it. A key that is inactive keeps its dates.

COLUMNS = ["user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation",
           "mfa_active"]
COLUMNS += [f"access_key_{key}_{part}" for key in (1, 2)
            for part in ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")]
COLUMNS += ["cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"]
NO_KEY = ("FALSE", None, None, None, None)
NO_PASSWORD = ("FALSE", None, None, None)
CREDENTIALS = {  # user: (password, MFA, key 1, key 2)
    "anna": (("TRUE", "2026-08-03T07:58:00", "2026-05-04T08:00:00", None), "TRUE",
             ("TRUE", "2025-11-03T08:00:00", "2026-08-24T10:00:00", "eu-west-1", "sts"), ("TRUE", "2026-02-09T08:00:00", None, None, None)),
    "ben": (("TRUE", "no_information", "2024-03-04T08:00:00", None), "FALSE",
            ("TRUE", "2025-03-03T08:00:00", "2026-08-30T00:00:05", "eu-west-1", "kms"), NO_KEY),
    "carl": (("TRUE", "2026-07-02T07:41:00", "2025-09-01T08:00:00", None), "TRUE",
             ("TRUE", "2025-09-01T08:00:00", "2026-08-18T11:00:00", "eu-west-1", "ec2"), NO_KEY),
    "dora": (NO_PASSWORD, "FALSE", ("TRUE", "2026-07-20T08:10:00", "2026-08-25T09:40:00", None, "s3"), NO_KEY),
    "erik": (("TRUE", "2026-01-15T09:12:00", "2023-05-02T08:00:00", None), "FALSE",
             ("TRUE", "2023-05-02T08:00:00", "2025-11-20T16:40:00", "eu-west-1", "sqs"), NO_KEY),
    "hana": (NO_PASSWORD, "FALSE", ("TRUE", "2025-01-13T08:00:00", "2026-08-11T14:20:00", "eu-west-1", "dynamodb"), NO_KEY),
    "backup-bot": (NO_PASSWORD, "FALSE", ("TRUE", "2025-06-02T08:00:00", "2026-08-24T02:00:00", "eu-west-1", "sts"),
                   ("FALSE", "2023-05-02T08:00:00", "2025-06-02T02:00:00", "eu-west-1", "sts")),
}


def stamp(value):
    """A time as the report writes it; other values as they are."""
    return f"{value}+00:00" if value and value[:1] == "2" else value or "N/A"


def report():
    """The CSV, root first."""
    root = ["<root_account>", f"arn:aws:iam::{S}:root", stamp("2023-05-01T08:00:00"), "not_supported", stamp("2023-05-01T08:20:00"),
            "not_supported", "not_supported", "TRUE"]
    lines = [COLUMNS, root + [stamp(value) for value in NO_KEY] * 2 + ["FALSE", "N/A", "FALSE", "N/A"]]
    for name, (password, mfa, *keys) in CREDENTIALS.items():
        cells = [name, user(name, S, USER_PATHS.get(name, "/")), stamp(USERS[name][2].rstrip("Z")), *map(stamp, password), mfa]
        for key in keys:
            cells += map(stamp, key)
        lines.append([*cells, "FALSE", "N/A", "FALSE", "N/A"])
    assert all(len(line) == 22 for line in lines)
    return "".join(",".join(line) + "\n" for line in lines).encode()


# --- the files

def policies(inline):
    return [{"PolicyName": name, "PolicyDocument": made} for name, made in inline.items()]


def attached(arns):
    return [{"PolicyName": arn.rsplit("/", 1)[1], "PolicyArn": arn} for arn in arns]


def user_detail(name):
    account, number, created, inline, groups, arns, limit = USERS[name]
    path = USER_PATHS.get(name, "/")
    made = {"Path": path, "UserName": name, "UserId": ct.unique_id("AIDA", account, number), "Arn": user(name, account, path),
            "CreateDate": created, "UserPolicyList": policies(inline), "GroupList": groups, "AttachedManagedPolicies": attached(arns), "Tags": []}
    if limit:
        made["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": limit}
    return made


def group_detail(name):
    inline, arns = GROUPS[name]
    number = list(GROUPS).index(name)
    return {"Path": "/", "GroupName": name, "GroupId": f"AGPA{ct.unique_id('AROA', S, number)[4:]}", "Arn": group(name),
            "CreateDate": "2023-05-02T08:00:00Z", "GroupPolicyList": policies(inline), "AttachedManagedPolicies": attached(arns)}


LAST_USED = {"legacy-reports": {"LastUsedDate": "2026-05-20T08:30:00Z", "Region": "eu-west-1"},
             "deploy": {"LastUsedDate": "2026-08-24T10:02:00Z", "Region": "eu-west-1"}}


def role_detail(name):
    account, number, created, trusted, inline, arns = ROLES[name]
    made = {"Path": PATHS.get(name, "/"), "RoleName": name, "RoleId": ct.unique_id("AROA", account, number), "Arn": role(name, account),
            "CreateDate": created, "AssumeRolePolicyDocument": trusted, "InstanceProfileList": [], "RolePolicyList": policies(inline),
            "AttachedManagedPolicies": attached(arns), "Tags": [], "RoleLastUsed": LAST_USED.get(name, {})}
    if name == "web-app":
        bare = {part: made[part] for part in ("Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument")}
        made["InstanceProfileList"] = [{
            "Path": "/", "InstanceProfileName": name, "InstanceProfileId": f"AIPA{ct.unique_id('AROA', S, number)[4:]}",
            "Arn": f"arn:aws:iam::{S}:instance-profile/{name}", "CreateDate": created, "Roles": [bare]}]
    return made


def policy_detail(arn):
    default, versions = MANAGED[arn]
    users = sum(arn in told[5] for told in USERS.values()) + sum(arn in told[5] for told in ROLES.values())
    users += sum(arn in arns for _, arns in GROUPS.values())
    path = "/aws-service-role/" if "aws-service-role" in arn else "/"
    listed = [{"Document": made, "VersionId": version, "IsDefaultVersion": version == default, "CreateDate": f"2025-0{int(version[1:]) % 9 + 1}-03T08:00:00Z"}
              for version, made in reversed(versions.items())]
    return {"PolicyName": arn.rsplit("/", 1)[1], "PolicyId": f"ANPA{ct.letters_of(10, arn)}EXAMPLE", "Arn": arn, "Path": path,
            "DefaultVersionId": default, "AttachmentCount": users, "PermissionsBoundaryUsageCount": int(arn == BOUNDARY), "IsAttachable": True,
            "CreateDate": "2023-05-02T08:00:00Z", "UpdateDate": listed[0]["CreateDate"], "PolicyVersionList": listed}


def details(account):
    return {
        "UserDetailList": [user_detail(name) for name, told in USERS.items() if told[0] == account],
        "GroupDetailList": [group_detail(name) for name in GROUPS] if account == S else [],
        "RoleDetailList": [role_detail(name) for name, told in ROLES.items() if told[0] == account],
        "Policies": [policy_detail(arn) for arn in MANAGED] if account == S else [], "IsTruncated": False,
    }


def files():
    """Path -> bytes of the snapshot."""
    made = {f"iam/accounts/{account}.json": details(account) for account in (S, D)}
    made |= {f"iam/resource-policies/{account}.json": resources(account) for account in (S, D)}
    made["iam/organization.json"] = organization()
    for id, (name, policy) in SCPS.items():
        kind = "SERVICE_CONTROL_POLICY"
        summary = {"Id": id, "Arn": f"arn:aws:organizations::{M}:policy/{ORG}/{kind.lower()}/{id}", "Name": name, "Type": kind, "AwsManaged": False}
        made[f"iam/scp/{id}.json"] = {"Policy": {"PolicySummary": summary, "Content": json.dumps(policy)}}
    return {name: json.dumps(value, indent=1).encode() + b"\n" for name, value in made.items()} | {"iam/credential-report.csv": report()}
