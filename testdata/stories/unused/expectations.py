"""What `unused` should say of the story, written from AWS's pages beside the policies and calls; only counts are counted."""

import json
from collections import Counter

from policies import BOUNDARY, CARTS, D, GROUPS, M, MANAGED, POWER, ROLES, S, SUPPORT, USERS, bucket, group, managed, role, user
from telling import FROM, TO

DATA, NEVER = "data-events", "never-logged"
# No event of KMS is inside the window, and a trail may leave all of them out.
OUT = {"kms:ListKeys": "excluded-source", "kms:ScheduleKeyDeletion": "excluded-source"}
SCP_GONE = ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "organizations:LeaveOrganization", "glue:GetDatabases", "glue:CreateJob"]

# principal: (account, unused, not observable, not granted, conditional, used without grant)
PRINCIPALS = {
    "user/anna": (S, ["iam:CreateUser", "iam:CreateAccessKey", "iam:PassRole", "s3:GetObject", "s3:DeleteBucket",
                      "lambda:InvokeFunction", "lambda:CreateFunction", "ec2:TerminateInstances", "s3:PutEncryptionConfiguration"],
                  {"dynamodb:GetItem": DATA, "sqs:SendMessage": DATA, "rds-db:connect": NEVER, **OUT}, SCP_GONE, ["ec2:RunInstances"], []),
    "user/ben": (S, ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteObject",
                     "ec2:TerminateInstances", "iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "dynamodb:DeleteTable",
                     "rds:DeleteDBInstance", "secretsmanager:ListSecrets", "organizations:DescribeOrganization", "sts:AssumeRole"],
                 {"dynamodb:GetItem": DATA, "sqs:SendMessage": DATA, "rds-db:connect": NEVER, **OUT},
                 [*SCP_GONE, "iam:CreateUser", "iam:PassRole", "iam:GetRole", "account:CloseAccount", "secretsmanager:GetSecretValue"],
                 ["ec2:TerminateInstances", "ec2:RunInstances"], []),
    "user/carl": (S, ["s3:PutObject", "s3:ListAllMyBuckets", "s3:GetEncryptionConfiguration", "logs:DescribeLogGroups", "sqs:CreateQueue",
                      "ec2:DescribeImages"], {"sqs:SendMessage": DATA, "sqs:ReceiveMessage": DATA},
                  ["iam:GetUser", "iam:GetRole", "ec2:RunInstances", "ec2:StartInstances", "s3:PutBucketPolicy", "s3:DeleteObject",
                   "s3:DeleteBucket", "lambda:ListFunctions", "lambda:InvokeFunction", "rds-db:connect"], [], ["lambda:ListFunctions"]),
    "user/dora": (S, ["s3:ListAllMyBuckets", "s3:GetBucketLocation", "cloudwatch:DescribeAlarms", "athena:GetQueryExecution",
                      "athena:StopQueryExecution"], {}, ["s3:DeleteObject", "s3:DeleteBucket", "dynamodb:GetItem"], [], []),
    "user/erik": (S, ["sqs:PurgeQueue"], {"sqs:ListQueues": DATA}, ["sqs:SendMessage"], [], []),
    "user/hana": (S, ["dynamodb:DescribeTable"], {"dynamodb:GetItem": DATA, "dynamodb:PutItem": DATA}, ["dynamodb:DeleteTable"], [], []),
    "user/backup-bot": (S, [], {}, ["s3:PutObject", "sts:AssumeRoleWithWebIdentity"], [], []),
    "user/hugo": (D, ["iam:ListAccessKeys", "iam:DeleteAccessKey"], {}, ["glue:GetDatabases", "s3:GetObject"], [], []),
    "role/deploy": (S, ["lambda:DeleteFunction", "cloudformation:DeleteStack", "sqs:DeleteQueue", "ecr:PutImage", "ecr:InitiateLayerUpload"], {},
                    ["iam:CreateUser", "iam:CreateRole", "s3:DeleteObject", "s3:ListBucket", "ec2:TerminateInstances", "dynamodb:DeleteTable",
                     "ecs:UpdateService"], ["iam:PassRole", "ec2:RunInstances"], ["ecs:UpdateService"]),
    "role/ops": (S, ["iam:CreateUser", "s3:DeleteBucket", "s3:GetObject"],
                 {"dynamodb:GetItem": DATA, "rds-db:connect": NEVER, **OUT}, SCP_GONE, ["ec2:RunInstances"], []),
    "role/backup-writer": (S, ["s3:AbortMultipartUpload"], {}, ["s3:GetObject", "s3:DeleteObject"], ["s3:ListBucket"], []),
    "role/app-exec": (S, ["logs:CreateLogGroup"], {"dynamodb:GetItem": DATA, "dynamodb:PutItem": DATA, "rds-db:connect": NEVER},
                      ["s3:PutObject"], [], []),
    "role/web-app": (S, [], {"sqs:SendMessage": DATA}, ["s3:PutObject", "s3:ListBucket"], [], []),
    "role/legacy-reports": (S, ["s3:GetObject", "s3:ListBucket"], {}, ["s3:PutObject"], [], []),
    "role/report-reader": (S, [], {}, ["s3:PutObject"], [], []),
    "role/AWSServiceRoleForAutoScaling": (S, [], {}, [], [], []),
    "role/AWSServiceRoleForSupport": (S, [], {}, [], [], []),
    "role/etl": (D, ["athena:DeleteWorkGroup"], {"s3:GetObject": DATA, "s3:PutObject": DATA, "rds-db:connect": NEVER},
                 ["kms:Decrypt", "kms:ScheduleKeyDeletion", "glue:GetDatabases", "s3:DeleteObject"], [], []),
}
YOUNG = {"user/dora"}
KEPT_APART = {"role/AWSServiceRoleForAutoScaling": "service-linked", "role/AWSServiceRoleForSupport": "service-linked",
              "role/app-exec": "service-role", "role/web-app": "service-role"}


def finding(kind, subject, why, account=S, **detail):
    return {"kind": kind, "account": account, "subject": subject, "detail": detail, "why": why}


def undecided(subject, policy, sid, why, account=S):
    return finding("statement-never-decided", subject, why, account, policy=policy, sid=sid)


FINDINGS = [
    finding("role-never-assumed", role("legacy-reports"), "last assumed on 20 May, which the log has and which is before the window",
            last_used="2026-05-20T08:30:00Z"),
    finding("user-inactive", user("erik"), "no event, and the report's dates are all older than the window"),
    finding("access-key-unused", user("anna"), "active, made in February, never used", key=2, active=True, last_used=None),
    finding("access-key-unused", user("erik"), "active, last used in November 2025", key=1, active=True, last_used="2025-11-20T16:40:00Z"),
    finding("access-key-unused", user("backup-bot"), "made inactive when it was rotated in June 2025, never deleted", key=2, active=False,
            last_used="2025-06-02T02:00:00Z"),
    finding("password-unused", user("ben"), "enabled, and the report says no_information: never used", last_used=None),
    finding("password-unused", user("erik"), "enabled, last used in January", last_used="2026-01-15T09:12:00Z"),
    finding("group-without-effect", group("people"), "three members, no policies", reason="no-policies"),
    finding("group-without-effect", group("auditors-old"), "a policy, no members", reason="no-members"),
    finding("group-without-effect", group("glue-crew"), "its only policy allows glue:*, which the account's SCP denies wholly",
            reason="adds-nothing"),
    finding("policy-unattached", managed("old-readers"), "attached to nobody, nobody's boundary"),
    finding("policy-version-unused", managed("deploy-policy"), "not the default: decides nothing", version="v1"),
    finding("policy-version-unused", managed("deploy-policy"), "newer than the default, yet not the default", version="v3"),
    undecided(managed("deploy-policy"), "deploy-policy", "Images", "nobody pushed an image"),
    undecided(managed("analyst-base"), "analyst-base", "FromOffice", "all puts came from elsewhere; another statement allowed them"),
    undecided(user("dora"), "dora", "Tidy", "each request that it matches is denied by KeepDrop"),
    undecided(user("hugo", D), "hugo", "Catalog", "the account's SCP does not allow Glue: the one request was refused", D),
    undecided(role("etl", D), "etl", "Keys", "never asked for, and the account's SCP does not allow KMS", D),
    finding("resource-never-matched", managed("analyst-base"), "reads of the reports only", policy="analyst-base", sid="Read",
            resource=bucket("example-shop-finance/*")),
    finding("resource-never-matched", role("backup-writer"), "all uploads went to the other bucket", policy="write", sid="Put",
            resource=bucket("example-shop-archive/*")),
    finding("condition-never-matched", managed("deploy-policy"), "roles were passed to Lambda and EC2 only", policy="deploy-policy", sid="Pass",
            operator="StringEquals", key="iam:PassedToService", value="ecs-tasks.amazonaws.com"),
    finding("condition-never-matched", role("backup-writer"), "every call went to eu-west-1", policy="write", sid="InEurope",
            operator="StringEquals", key="aws:RequestedRegion", value="eu-central-1"),
    finding("condition-never-matched", managed("analyst-base"), "action and resource matched three times, the address never",
            policy="analyst-base", sid="FromOffice", operator="IpAddress", key="aws:SourceIp", value="198.51.100.0/24"),
    finding("trust-principal-never-assumed", role("ops"), "only anna became ops", principal=user("ben")),
    finding("trust-principal-never-assumed", role("report-reader"), "only hugo became report-reader", principal=role("etl", D)),
    finding("trust-principal-never-assumed", role("etl", D), "Lambda and hugo did, Glue did not", D, principal="glue.amazonaws.com"),
]

# Accepted, not asked for: parts of what is a finding already, and guards that stayed quiet.
MAY = [
    undecided(user("erik"), "queues", "Queues", "the user is inactive"),
    undecided(role("legacy-reports"), "legacy", "Reports", "the role was never assumed"),
    undecided(role("legacy-reports"), "trust", "Anna", "the role was never assumed"),
    finding("trust-principal-never-assumed", role("legacy-reports"), "the role was never assumed", principal=user("anna")),
    undecided(group("auditors-old"), "audit", "Audit", "the group has no members"),
    undecided(group("glue-crew"), "glue", "Glue", "the group adds nothing"),
    undecided(managed("old-readers"), "old-readers", "Old", "the policy is attached to nobody"),
    undecided(group("developers"), "dev-guards", "KeepAudit", "a Deny that denied nothing is a guard, not a permission"),
    *(undecided("p-exguard07", "Guardrails", sid, "a Deny that denied nothing is a guard, not a permission", M)
      for sid in ("StayIn", "NoGlue", "SmallInstances")),
]

# What must not be found.
NOT = [
    finding("user-inactive", user("hana"), "the log has nothing of hers, but IAM says that her key was used on 11 August, with DynamoDB, "
            "whose data events are not recorded"),
    finding("access-key-unused", user("hana"), "IAM says when it was used", key=1),
    finding("access-key-unused", user("carl", S, "/contractors/"), "used", key=1),
    finding("password-unused", user("carl", S, "/contractors/"), "IAM says that it was used on 2 July; the sign-in is in no log here"),
    finding("password-unused", user("anna"), "used on 3 August"),
    finding("password-unused", f"arn:aws:iam::{S}:root", "root's password cannot be removed, and nobody should use it"),
    finding("role-never-assumed", role("AWSServiceRoleForSupport"), "service-linked: kept apart"),
    finding("policy-unattached", BOUNDARY, "attached to nobody, but carl's boundary"),
    finding("policy-version-unused", POWER, "AWS's own policy: nobody here can delete its versions", version="v7"),
    undecided(user("hana"), "carts", "Carts", "two of its three actions cannot be seen"),
    undecided(role("app-exec"), "exec", "Carts", "no data events of DynamoDB"),
    undecided(role("app-exec"), "exec", "Database", "never logged"),
    undecided(role("web-app"), "web", "Mail", "no data events of SQS"),
    undecided(role("etl", D), "etl", "Database", "never logged", D),
    undecided(group("developers"), "dev-guards", "OwnFunctions", "it allowed ben's calls of Lambda, though PowerUserAccess did, too"),
    undecided(SUPPORT, "AWSSupportServiceRolePolicy", None, "a service-linked role's"),
    finding("resource-never-matched", role("etl", D), "only reads and writes of objects match it, which cannot be seen in this account", D,
            policy="etl", sid="Lake", resource=bucket("example-data-lake/*")),
    finding("trust-principal-never-assumed", role("deploy"), "anna became deploy on 24 August", principal=user("anna")),
    finding("group-without-effect", group("developers"), "its denials bind ben"),
]

FUNCTIONS = f"arn:aws:lambda:eu-west-1:{S}:function:"
SUGGESTIONS = [
    {"principal": "role/deploy", "must_allow": [
        ["lambda:CreateFunction", f"{FUNCTIONS}shop-mail"], ["lambda:UpdateFunctionCode", f"{FUNCTIONS}shop-orders"],
        ["iam:PassRole", role("app-exec")], ["iam:PassRole", role("web-app")], ["s3:PutObject", bucket("example-shop-artifacts/orders/v0.zip")],
        ["s3:GetObject", bucket("example-shop-artifacts/orders/v6.zip")], ["sqs:CreateQueue", f"arn:aws:sqs:eu-west-1:{S}:shop-mail"],
        ["ec2:RunInstances", f"arn:aws:ec2:eu-west-1:{S}:instance/*"]],
     "must_not_allow": [
        ["iam:PassRole", role("ops")], ["lambda:DeleteFunction", f"{FUNCTIONS}shop-mail"], ["ecr:PutImage", f"arn:aws:ecr:eu-west-1:{S}:repository/shop"],
        ["iam:CreateUser", user("new")], ["s3:GetObject", bucket("example-shop-finance/2026.csv")],
        ["ecs:UpdateService", f"arn:aws:ecs:eu-west-1:{S}:service/shop/front"]]},
    {"principal": "role/backup-writer", "must_allow": [
        ["s3:PutObject", bucket("example-shop-backup/daily/2026-06-01.tar")], ["s3:ListBucket", bucket("example-shop-backup")]],
     "must_not_allow": [["s3:PutObject", bucket("example-shop-archive/2026.tar")], ["s3:DeleteObject", bucket("example-shop-backup/daily/2026-06-01.tar")],
                        ["s3:AbortMultipartUpload", bucket("example-shop-backup/daily/2026-06-01.tar")]]},
    {"principal": "role/report-reader", "must_allow": [
        ["s3:GetObject", bucket("example-shop-reports/2026/0-0.csv")], ["s3:ListBucket", bucket("example-shop-reports")]],
     "must_not_allow": [["s3:PutObject", bucket("example-shop-reports/2026/0-0.csv")], ["s3:GetObject", bucket("example-shop-finance/2026.csv")]]},
    {"principal": "user/ben", "must_allow": [
        ["lambda:InvokeFunction", f"{FUNCTIONS}shop-orders"], ["iam:ListRoles", "*"], ["ec2:DescribeRegions", "*"]],
     "must_not_allow": [["kms:ListKeys", "*"], ["s3:GetObject", bucket("example-shop-finance/2026.csv")],
                        ["iam:CreateServiceLinkedRole", role("AWSServiceRoleForSupport")], ["secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{S}:secret:shop/db-EXAMPL"],
                        ["dynamodb:DeleteTable", CARTS]]},
    {"principal": "user/carl", "must_allow": [
        ["s3:GetObject", bucket("example-shop-incoming/a.csv")], ["s3:ListBucket", bucket("example-shop-incoming")], ["ec2:DescribeInstances", "*"]],
     "must_not_allow": [["s3:PutObject", bucket("example-shop-incoming/a.csv")], ["lambda:ListFunctions", "*"], ["sqs:CreateQueue", f"arn:aws:sqs:eu-west-1:{S}:x"]]},
    {"principal": "user/dora", "must_allow": [
        ["s3:PutObject", bucket("example-shop-incoming/dora/07-22.csv")], ["s3:GetObject", bucket("example-shop-reports/2026/07-22.csv")],
        ["athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{S}:workgroup/analysts"]],
     "must_not_allow": [["s3:GetObject", bucket("example-shop-finance/2026.csv")], ["s3:DeleteObject", bucket("example-shop-drop/dora/08-04.csv")]]},
    {"principal": "user/hugo", "must_allow": [
        ["sts:AssumeRole", role("report-reader")], ["sts:AssumeRole", role("etl", D)], ["iam:GetUser", user("hugo", D)]],
     "must_not_allow": [["iam:DeleteAccessKey", user("hugo", D)], ["glue:GetDatabases", "*"], ["sts:AssumeRole", role("ops")]]},
    {"principal": "role/etl", "must_allow": [
        ["s3:GetBucketLocation", bucket("example-data-lake")], ["athena:StartQueryExecution", f"arn:aws:athena:eu-west-1:{D}:workgroup/primary"]],
     "must_not_allow": [["athena:DeleteWorkGroup", f"arn:aws:athena:eu-west-1:{D}:workgroup/primary"], ["kms:ScheduleKeyDeletion", "*"]]},
]


def counted(calls, principal, then):
    """Actions of a principal's calls with that answer, inside the window."""
    found = Counter()
    for call in calls:
        if call.who.principal == principal and call.account == PRINCIPALS[principal][0] and call.inside and call.then == then:
            found.update(call.uses)
    return dict(sorted(found.items()))


def origins(calls, principal):
    """How many of a role's used requests each origin stands behind."""
    found = Counter()
    for call in calls:
        if call.who.principal == principal and call.inside and call.then == "ok" and call.who.origin:
            found[call.who.origin] += len(call.uses)
    return dict(sorted(found.items()))


def told(calls, principal):
    account, unused, hidden, refused, conditional, gone = PRINCIPALS[principal]
    used = counted(calls, principal, "ok")
    return {
        "principal": principal, "account": account, "used": used, "unused": sorted(unused), "not_observable": hidden,
        "used_not_granted": {action: used[action] for action in gone}, "not_granted": sorted(refused), "conditional": conditional,
        "denied": counted(calls, principal, "denied"), "failed": counted(calls, principal, "failed"),
        "young": principal in YOUNG, "kept_apart": KEPT_APART.get(principal), "origins": origins(calls, principal),
    }


def coverage(calls):
    """Days of the window with an event, for each account and region."""
    days = {}
    for call in calls:
        if call.inside:
            days.setdefault((call.record["recipientAccountId"], call.record["awsRegion"]), set()).add(call.record["eventTime"][:10])
    return [{"account": account, "region": region, "days": len(found)} for (account, region), found in sorted(days.items())]


def expectations(calls):
    return {
        "window": {"from": FROM, "to": TO}, "coverage": coverage(calls),
        "data_events": {S: ["AWS::Lambda::Function", "AWS::S3::Object"], D: []},
        "principals": [told(calls, principal) for principal in PRINCIPALS],
        "findings": FINDINGS, "may": MAY, "not": NOT, "suggestions": SUGGESTIONS,
    }


def statements_of(principal, target):
    """(subject, Sid) of the Allow statements that can let a caller's request through: its own, and the trust of the role it asks for."""
    found = {}
    kind, _, name = (principal or "").partition("/")
    inline, arns, owner = {}, [], None
    if kind == "user":
        account, _, _, inline, groups, arns, _ = USERS[name]
        owner = user(name, account, "/contractors/" if name == "carl" else "/")
        for member_of in groups:
            for made in GROUPS[member_of][0].values():
                found |= {part.get("Sid"): (group(member_of), part.get("Sid")) for part in made["Statement"]}
            arns = [*arns, *GROUPS[member_of][1]]
    elif kind == "role":
        account, _, _, _, inline, arns = ROLES[name]
        owner = role(name, account)
    for made in inline.values():
        found |= {part["Sid"]: (owner, part["Sid"]) for part in made["Statement"]}
    for arn in arns:
        default, versions = MANAGED[arn]
        found |= {part.get("Sid"): (arn, part.get("Sid")) for part in versions[default]["Statement"]}
    for name, (account, _, _, trusted, _, _) in ROLES.items():
        if role(name, account) == target:
            found |= {part["Sid"]: (target, part["Sid"]) for part in trusted["Statement"]}
    return found


def check(calls):
    """What must hold of the story itself: every statement is decided by a call, or explained."""
    decided = set()
    for call in calls:
        if not call.inside or call.then != "ok":
            continue
        known = statements_of(call.who.principal, (call.record.get("requestParameters") or {}).get("roleArn"))
        for sid in call.statements:
            assert sid in known, (sid, call.record["eventName"], call.who.principal)
            decided.add(known[sid])
    every = set()
    for name, (account, _, _, trusted, inline, _) in ROLES.items():
        every |= {(role(name, account), part["Sid"]) for made in (trusted, *inline.values()) for part in made["Statement"]}
    for name, told_of in USERS.items():
        owner = user(name, told_of[0], "/contractors/" if name == "carl" else "/")
        every |= {(owner, part["Sid"]) for made in told_of[3].values() for part in made["Statement"] if part["Effect"] == "Allow"}
    for name, (inline, _) in GROUPS.items():
        every |= {(group(name), part["Sid"]) for made in inline.values() for part in made["Statement"] if part["Effect"] == "Allow"}
    for arn, (default, versions) in MANAGED.items():
        if ":aws:policy" not in arn:
            every |= {(arn, part["Sid"]) for part in versions[default]["Statement"] if part["Effect"] == "Allow"}
    kind = "statement-never-decided"
    explained = {(one["subject"], one["detail"]["sid"]) for one in [*FINDINGS, *MAY, *NOT] if one["kind"] == kind}
    explained |= {(BOUNDARY, "Limit"), (role("AWSServiceRoleForSupport"), "Service")}
    assert not (every - decided) - explained, (every - decided) - explained
    required = {(one["subject"], one["detail"]["sid"]) for one in FINDINGS if one["kind"] == kind}
    assert required <= every and not required & decided, required & decided
    for principal, (account, unused, hidden, refused, conditional, gone) in PRINCIPALS.items():
        used = counted(calls, principal, "ok")
        assert not set(used) & set(unused) and not set(used) & set(hidden), principal
        assert not set(unused) & (set(refused) | set(hidden)), principal
        assert set(gone) <= set(used) and set(gone) <= set(refused), principal
        assert not (set(used) - set(gone)) & set(refused), (principal, set(used) & set(refused))
        assert sum(used.values()) == sum(origins(calls, principal).values()) or principal.startswith("user/"), principal
    assert {call.who.principal for call in calls if call.who.principal} <= set(PRINCIPALS)
    kinds = {one["kind"] for one in FINDINGS}
    assert len(kinds) == 11, kinds
    assert len({json.dumps(one, sort_keys=True) for one in FINDINGS}) == len(FINDINGS)
