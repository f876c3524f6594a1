"""How the plot tells its calls: who speaks, what AWS answered, and what is expected of a replay."""

import base64
from dataclasses import dataclass, field, replace

import cloudtrail as ct
from policies import M, ORG, ROLES, S, USERS

DENIED = ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation")
# Services whose refusals have the longer code.
LONG_CODE = ("athena", "dynamodb", "organizations", "secretsmanager")
EC2_PREFIX = "You are not authorized to perform this operation. "
CLI = "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.3 md/pyimpl#CPython"
SDK = "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.2 md/GOARCH#amd64"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


def at(text):
    """`08 09:10:00` as a time of September 2026."""
    return f"2026-09-{text[0:2]}T{text[3:]}Z"


@dataclass(frozen=True)
class Who:
    """A caller: an identity at an address with an agent; `more` goes into each of its records."""

    identity: dict
    address: str
    agent: str = CLI
    region: str = "eu-west-1"
    more: dict = field(default_factory=dict)

    def but(self, **changes):
        return replace(self, **changes)

    @property
    def arn(self):
        return self.identity["arn"]

    def through(self, service, key=None):
        """The same caller where a service forwards its call: for a user with another key, for a role with the same."""
        identity = dict(self.identity)
        if key:
            identity["accessKeyId"] = key
        identity["invokedBy"] = service
        return Who(identity, service, service, self.region, {"host": None})

    def by_endpoint(self, endpoint, address="10.0.3.17"):
        """The same caller through a VPC endpoint."""
        return self.but(address=address, more=self.more | {"vpcEndpointId": endpoint, "vpcEndpointAccountId": S})


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
    account, number, path = ROLES[name][:3]
    return ct.Role(account, name, number, path)


def made_user(name, key=None):
    number, path = (USERS[name][0], USERS[name][1]) if name in USERS else (4, "/")
    made = ct.iam_user(S, name, number, key)
    made["arn"] = f"arn:aws:iam::{S}:user{path}{name}"
    return made


def session(name, session_name, key, created, mfa=False, **more):
    """The `userIdentity` of a role session."""
    made = made_role(name).session(session_name, key, created, **more)
    made["sessionContext"]["attributes"]["mfaAuthenticated"] = "true" if mfa else "false"
    return made


def refusal(who, action, resource=None, layer="identity-based policy", effect="implicit", policy=None, quoted=None):
    """AWS's error code and message; `layer=None` gives no reason.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    service = action.split(":")[0]
    code = "AccessDeniedException" if service in LONG_CODE else "AccessDenied"
    text = f"User: {who.arn} is not authorized to perform: {action}"
    if resource:
        quoted = service == "s3" if quoted is None else quoted
        text += f' on resource: "{resource}"' if quoted else f" on resource: {resource}"
    if layer and effect == "explicit":
        text += f" with an explicit deny in a {layer}" + (f": {policy}" if policy else "")
    elif layer:
        text += f" because no {layer} allows the {action} action"
    if service == "ec2":
        code, text = "Client.UnauthorizedOperation", EC2_PREFIX + text
    return code, text


def encoded(seed, told=None):
    """EC2's refusal with an encoded tail; without `told` the older one, which says nothing else."""
    noise = b"".join(ct.digest("encoded", seed, block) for block in range(10))
    tail = "Encoded authorization failure message: EXAMPLE" + base64.urlsafe_b64encode(noise).decode().rstrip("=")
    return "Client.UnauthorizedOperation", (f"{told[1]}. {tail}" if told else EC2_PREFIX + tail)


def scp_arn(id):
    kind = "resource_control_policy" if "rcp" in id else "service_control_policy"
    return f"arn:aws:organizations::{M}:policy/{ORG}/{kind}/{id}"


@dataclass
class Expected:
    """What a replay against today's snapshot should say of a call.

    `requests` are (action, resource) or (action, resource, "derived") or (…, "maybe"): the last only if the record leaves
    open whether AWS asked. `also` is another verdict that is as honest.
    """

    verdict: str
    layer: str | None
    statement: tuple | None
    requests: list
    why: str
    needs: list = field(default_factory=list)
    facts: tuple = ()
    also: str | None = None


def nothing(why, *facts):
    """A record that no policy decides."""
    return Expected("not-a-request", None, None, [], why, facts=("not-a-request", *facts))


@dataclass
class Call:
    record: dict
    expected: Expected
    kind: str = "CloudTrail"

    @property
    def id(self):
        return self.record["eventID"]

    @property
    def then(self):
        code = self.record.get("errorCode")
        if code is None or code == "Client.DryRunOperation":
            return "allowed"
        return "denied" if code in DENIED else "failed"


class Plot:
    """All calls in the order they are told."""

    def __init__(self):
        self.calls = []

    def call(self, time, who, action, request, expected, response=None, error=None, region=None, event=None, kind="CloudTrail", **more):
        """`action` names the event as `service:Operation`; `event` is its name where that differs."""
        service, name = action.split(":")
        region = region or ("us-east-1" if service in ("iam", "organizations", "ce", "signin") else who.region)
        if service in ("iam", "organizations"):
            more.setdefault("host", f"{service}.amazonaws.com")
        if service == "s3":
            self._s3(region, request, more)
        more.setdefault("eventVersion", "1.08" if time[:2] < "03" else "1.10" if time[:2] < "09" else "1.11")
        made = ct.record(at(time), who.identity, f"{service}:{event or name}", region, who.address, who.agent, request, response,
                         error, **(more | who.more))
        call = Call(made, expected, kind)
        self.calls.append(call)
        return call

    @staticmethod
    def _s3(region, request, more):
        bucket = (request or {}).get("bucketName")
        host = f"{bucket}.s3.{region}.amazonaws.com" if bucket else f"s3.{region}.amazonaws.com"
        if request is not None:
            request.setdefault("Host", host)
        more.setdefault("host", host)
        more.setdefault("additionalEventData", {
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0,
            "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": base64.b64encode(ct.digest("id-2", region, repr(request)) * 2).decode()[:76],
            "bytesTransferredOut": 243,
        })

    def object_call(self, time, who, action, bucket, key, expected, owner=S, error=None, **more):
        """A data event of S3 on one object."""
        resources = [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
            {"accountId": owner, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
        ]
        name = action.split(":")[1]
        more.setdefault("readOnly", not name.startswith(("Put", "Delete")))
        if not expected.requests:
            expected.requests = [(action, f"arn:aws:s3:::{bucket}/{key}")]
        return self.call(time, who, action, {"bucketName": bucket, "key": key}, expected, error=error, resources=resources,
                         managementEvent=False, eventCategory="Data", **more)
