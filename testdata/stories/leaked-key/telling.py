"""How the plot tells its calls: who speaks, what is called, and which facts the call makes true."""

import base64
from dataclasses import dataclass, field, replace

import cloudtrail as ct

EC2_PREFIX = "You are not authorized to perform this operation. "

# Services whose refusals have the longer code.
EXCEPTION_CODES = ("cloudtrail:", "guardduty:", "lambda:", "logs:", "organizations:")


def at(text):
    """`10 22:47:12` as a time of March 2026."""
    return f"2026-03-{text[0:2]}T{text[3:]}Z"


@dataclass(frozen=True)
class Denial:
    """A refusal: AWS's message, and what it states."""

    code: str
    message: str
    action: str | None
    resource: str | None
    effect: str | None
    layer: str | None
    encoded: bool = False
    worked_later: str | None = None


def denial(who, action, resource=None, layer="identity-based policy", effect="implicit", quoted=False, worked_later=None):
    """AWS's message of today; `layer=None` is the older one without a reason.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    code = "AccessDeniedException" if action.startswith(EXCEPTION_CODES) else "AccessDenied"
    text = f"User: {who.identity['arn']} is not authorized to perform: {action}"
    if resource:
        text += f' on resource: "{resource}"' if quoted else f" on resource: {resource}"
    if effect == "explicit":
        text += f" with an explicit deny in a {layer}"
    elif layer:
        text += f" because no {layer} allows the {action} action"
    else:
        effect = None
    if action.startswith("ec2:"):
        code, text = "Client.UnauthorizedOperation", EC2_PREFIX + text
    return Denial(code, text, action, resource, effect, layer, worked_later=at(worked_later) if worked_later else None)


def encoded_denial(seed, told=None):
    """EC2's message with an encoded tail; without `told` the older one, that says nothing else."""
    noise = b"".join(ct.digest("encoded", seed, block) for block in range(12))
    tail = "Encoded authorization failure message: EXAMPLE" + base64.urlsafe_b64encode(noise).decode().rstrip("=")
    if told:
        return replace(told, message=f"{told.message}. {tail}", encoded=True)
    return Denial("Client.UnauthorizedOperation", EC2_PREFIX + tail, None, None, None, None, encoded=True)


@dataclass(frozen=True)
class Who:
    """A caller: an identity at an address with an agent; `more` goes into each of its records."""

    identity: dict
    address: str
    agent: str
    region: str = "eu-west-1"
    more: dict = field(default_factory=dict)

    def but(self, **changes):
        """The same caller, but for these."""
        return replace(self, **changes)

    def through(self, service, key=None, created=None):
        """The same caller where a service forwards its call: for a user with another key, for a role with the same."""
        identity = dict(self.identity)
        if identity["type"] == "IAMUser":
            identity = ct.console(identity, key, created, mfa=False)
        identity["invokedBy"] = service
        return Who(identity, service, service, self.region, {"host": None})


@dataclass
class Call:
    """A record of the story, and how it was delivered."""

    record: dict
    delivered: str | None
    again: tuple
    denial: dict | None

    @property
    def time(self):
        return self.record["eventTime"]

    @property
    def id(self):
        return self.record["eventID"]

    @property
    def key(self):
        return self.record["userIdentity"].get("accessKeyId")


class Plot:
    """All calls, and the facts told beside them."""

    def __init__(self):
        self.calls = []
        self.mismatches = []
        self.unseen = []
        self._things = {}
        self._doors = {}
        self._told = []

    def call(self, time, who, action, request=None, response=None, denied=None, error=None, region=None,
             delivered=None, again=(), extra=None, **more):
        """One call. `delivered` puts it into a later object, `again` lists objects that hold it once more,
        `extra` are members that CloudTrail does not document."""
        service = action.split(":")[0]
        region = region or ("us-east-1" if service == "iam" else who.region)
        if service == "iam":
            more.setdefault("host", "iam.amazonaws.com")
        if service == "s3":
            self._s3(region, request, more)
        more = more | who.more
        if denied:
            error = (denied.code, denied.message)
        record = ct.record(at(time), who.identity, action, region, who.address, who.agent, request, response, error, **more)
        record |= extra or {}
        told = denied and {
            name: getattr(denied, name)
            for name in ("action", "resource", "effect", "layer", "encoded", "worked_later")
        }
        call = Call(record, delivered, tuple(again), told)
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

    def object_call(self, time, who, action, account, bucket, object_key, **more):
        """A data event of S3."""
        resources = [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{object_key}"},
            {"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
        ]
        request = {"bucketName": bucket, "key": object_key}
        return self.call(time, who, action, request, resources=resources, managementEvent=False,
                         eventCategory="Data", **more)

    def make(self, call, kind, name):
        """The call made this."""
        assert (kind, name) not in self._things
        self._things[(kind, name)] = {
            "kind": kind, "id": name, "at": call.time, "by": call.key, "event_id": call.id,
            "gone": None, "gone_by": None, "gone_event_id": None, "used": None,
        }

    def end(self, call, kind, name):
        """The call removed this, that an earlier one made."""
        self._things[(kind, name)] |= {"gone": call.time, "gone_by": call.key, "gone_event_id": call.id}

    def use(self, call, kind, name):
        """The call is the first that used this."""
        assert self._things[(kind, name)]["used"] is None
        self._things[(kind, name)]["used"] = call.time

    def open(self, call, kind, name, to):
        """The call opened this to outsiders."""
        self._doors[(kind, name, to)] = {
            "kind": kind, "id": name, "to": to, "from": call.time, "opened_by": call.key, "event_id": call.id,
            "until": None, "closed_by": None, "closed_event_id": None,
        }

    def shut(self, call, kind, name, to):
        """The call closed what another opened."""
        self._doors[(kind, name, to)] |= {"until": call.time, "closed_by": call.key, "closed_event_id": call.id}

    def tell(self, call, topic, what):
        """A fact of a list: `logging` or `sensitive`."""
        record = call.record
        self._told.append((topic, {
            "at": call.time, "event_id": call.id, "event_name": record["eventName"], "by": call.key, "what": what,
            "outcome": "denied" if call.denial else "failed" if "errorCode" in record else "ok",
        }))

    def made(self):
        """Things that were made, in order of time."""
        return sorted(self._things.values(), key=lambda one: (one["at"], one["kind"], one["id"]))

    def openings(self):
        """Doors that were opened, in order of time."""
        return sorted(self._doors.values(), key=lambda one: (one["from"], one["kind"], one["id"]))

    def told(self, topic):
        """The facts of one list, in order of time."""
        return sorted((fact for name, fact in self._told if name == topic), key=lambda one: (one["at"], one["event_id"]))
