"""How `unused` tells its calls: who speaks, what AWS answered, and which actions the call used."""

import base64
from dataclasses import dataclass, field, replace

import cloudtrail as ct
from policies import PATHS, ROLES, S, USER_PATHS, USERS

CLI = "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.3 md/pyimpl#CPython"
SDK = "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.2 md/GOARCH#amd64"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
FROM, TO = "2026-06-01T00:00:00Z", "2026-08-30T00:00:00Z"
DENIED = ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation")
LONG_CODE = ("athena", "cloudtrail", "dynamodb", "glue", "lambda", "secretsmanager")
GLOBAL = ("iam", "organizations", "signin")


def at(text):
    """`06-01 09:10:00` as a time of 2026."""
    return f"2026-{text[:5]}T{text[6:]}Z"


@dataclass(frozen=True)
class Who:
    """A caller. `principal` is whose rights it has (`role/ops`), `origin` who is behind a role's session; None for others."""

    identity: dict
    address: str
    principal: str | None = None
    origin: str | None = None
    agent: str = CLI
    more: dict = field(default_factory=dict)

    def but(self, **changes):
        return replace(self, **changes)

    @property
    def arn(self):
        return self.identity["arn"]

    def through(self, service):
        """The same caller where a service forwards its call."""
        return self.but(identity=self.identity | {"invokedBy": service}, address=service, agent=service, more={"host": None})


class Keys:
    """Access key ids, each given out once; they really name their account."""

    def __init__(self):
        self._next = {}

    def make(self, prefix, account):
        number = self._next.get((prefix, account), 0)
        self._next[(prefix, account)] = number + 1
        made = ct.unique_id(prefix, account, number % 16)
        return made if number < 16 else made[:-1] + ct.BASE32[number // 16 - 1]


KEYS = Keys()


def made_role(name):
    account, number = ROLES[name][:2]
    return ct.Role(account, name, number, PATHS.get(name, "/"))


def person(name, address, agent=CLI):
    """A user with a long-term key."""
    account, number = USERS[name][:2]
    made = ct.iam_user(account, name, number, KEYS.make("AKIA", account))
    made["arn"] = f"arn:aws:iam::{account}:user{USER_PATHS.get(name, '/')}{name}"
    return Who(made, address, f"user/{name}", None, agent)


def refusal(who, action, resource=None, layer="identity-based policy", explicit=False):
    """AWS's error code and message.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    service = action.split(":")[0]
    text = f"User: {who.arn} is not authorized to perform: {action}" + (f" on resource: {resource}" if resource else "")
    text += f" with an explicit deny in {'an' if layer[0] in 'ai' else 'a'} {layer}" if explicit else f" because no {layer} allows the {action} action"
    if service == "ec2":
        return "Client.UnauthorizedOperation", f"You are not authorized to perform this operation. {text}"
    return ("AccessDeniedException" if service in LONG_CODE else "AccessDenied"), text


@dataclass
class Call:
    """A record, the actions that AWS authorized for it (`uses`), and whose they were."""

    record: dict
    who: Who
    uses: list
    statements: list

    @property
    def then(self):
        code = self.record.get("errorCode")
        return "ok" if code is None else "denied" if code in DENIED else "failed"

    @property
    def inside(self):
        return FROM <= self.record["eventTime"] < TO

    @property
    def account(self):
        """The account of the principal."""
        return self.who.identity.get("accountId")


class Plot:
    """All calls in the order they are told. `again` are records that were delivered twice."""

    def __init__(self):
        self.calls = []
        self.again = []

    def call(self, time, who, action, request=None, response=None, error=None, uses=None, by=(), event=None, region=None, **more):
        """`action` is `service:Operation`; `event` its name in the log where that differs; `uses` the IAM actions where those do.

        `by` names the Sids of the identity-based or trust statements that allow it today.
        """
        service, name = action.split(":")
        region = region or ("us-east-1" if service in GLOBAL else "eu-west-1")
        if service == "iam":
            more.setdefault("host", "iam.amazonaws.com")
        if service == "s3":
            request, more = self._s3(region, dict(request or {}), more)
        made = ct.record(at(time), who.identity, f"{service}:{event or name}", region, who.address, who.agent, request,
                         response, error, **(more | who.more))
        call = Call(made, who, [action] if uses is None else list(uses), [by] if isinstance(by, str) else list(by))
        self.calls.append(call)
        return call

    def twice(self, call):
        """CloudTrail delivers the record a second time, in another object."""
        self.again.append(call.record)

    @staticmethod
    def _s3(region, request, more):
        name = request.get("bucketName")
        host = f"{name}.s3.{region}.amazonaws.com" if name else f"s3.{region}.amazonaws.com"
        request.setdefault("Host", host)
        more.setdefault("host", host)
        more.setdefault("additionalEventData", {"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256",
                                                "bytesTransferredIn": 0, "AuthenticationMethod": "AuthHeader", "bytesTransferredOut": 243})
        return request, more

    def object_call(self, time, who, name, bucket, key=None, owner=S, **more):
        """A data event of S3, on an object or (ListObjects, HeadBucket) on a bucket."""
        resources = [{"accountId": owner, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}]
        request = {"bucketName": bucket}
        if key:
            request["key"] = key
            resources.insert(0, {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"})
        else:
            resources.insert(0, {"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{bucket}/"})
        request |= more.pop("extra", {})
        more.setdefault("readOnly", name.startswith(("Get", "Head", "List")))
        if owner != who.identity["accountId"]:
            more.setdefault("recipientAccountId", owner)
            more.setdefault("sharedEventID", ct.uuid_of("shared", time, bucket, key))
        return self.call(time, who, f"s3:{name}", request, resources=resources, managementEvent=False, eventCategory="Data", **more)

    def assumed(self, time, who, name, session_name, by, seconds=3600):
        """AssumeRole that works, and the session it makes. Across accounts the role's account has a record, too, which uses nothing more."""
        made = made_role(name)
        key = KEYS.make("ASIA", made.account)
        request = {"roleArn": made.arn, "roleSessionName": session_name, "durationSeconds": seconds}
        response = made.issued(session_name, key, at(time), seconds)
        more = {"resources": made.resources()}
        caller = who.identity["accountId"]
        if caller != made.account:
            more["sharedEventID"] = ct.uuid_of("shared", time, made.arn)
        call = self.call(time, who, "sts:AssumeRole", request, response, by=by, **more)
        if caller != made.account:
            outsider = {"type": "AWSAccount", "principalId": who.identity["principalId"], "accountId": caller}
            self.call(time, who.but(identity=outsider, principal=None), "sts:AssumeRole", request, response, uses=[],
                      recipientAccountId=made.account, requestID=call.record["requestID"], **more)
        return Who(made.session(session_name, key, at(time)), who.address, f"role/{name}", who.principal, who.agent)

    def github(self, time, name, ref, run):
        """AssumeRoleWithWebIdentity of a GitHub workflow."""
        from policies import OIDC
        subject, session_name = f"repo:example-org/shop:{ref}", f"GitHubActions-{run}"
        who = Who({"type": "WebIdentityUser", "principalId": f"{OIDC}:sts.amazonaws.com:{subject}", "userName": subject,
                   "identityProvider": OIDC}, "192.0.2.140", agent=SDK)
        made, key = made_role(name), KEYS.make("ASIA", S)
        response = {"subjectFromWebIdentityToken": subject, **made.issued(session_name, key, at(time)), "provider": OIDC,
                    "audience": "sts.amazonaws.com"}
        self.call(time, who, "sts:AssumeRoleWithWebIdentity", {"roleArn": made.arn, "roleSessionName": session_name, "durationSeconds": 3600},
                  response, uses=[], by="GitHub", recipientAccountId=S, resources=made.resources())
        identity = made.session(session_name, key, at(time), webIdFederationData={"federatedProvider": OIDC, "attributes": {}})
        return Who(identity, "192.0.2.140", f"role/{name}", subject, SDK)

    def service(self, time, service, name, session_name, keyed=True, address="192.0.2.60", by="Service"):
        """AssumeRole by an AWS service."""
        made = made_role(name)
        key = KEYS.make("ASIA", made.account)
        response = made.issued(session_name, key, at(time), 21600)
        if service == "ec2.amazonaws.com":
            del response["assumedRoleUser"]
        who = Who({"type": "AWSService", "invokedBy": service}, service, agent=service, more={"host": None})
        self.call(time, who, "sts:AssumeRole", {"roleArn": made.arn, "roleSessionName": session_name, "durationSeconds": 21600}, response,
                  uses=[], by=by, resources=made.resources(), recipientAccountId=made.account, sharedEventID=ct.uuid_of("shared", time, made.arn))
        identity = made.session(session_name, key if keyed else None, at(time), **({"ec2RoleDelivery": "2.0"} if "ec2" in service else {}))
        made_who = Who(identity, address, f"role/{name}", service, SDK)
        return made_who if keyed else made_who.through(service)
