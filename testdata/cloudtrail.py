"""The shapes of CloudTrail that the scripts of this folder share: ids, identities, records, gzip objects.

Python 3, standard library only. Everything is made from its inputs: no clock, no randomness. Every id is synthetic and
says so with EXAMPLE where it has the room: accounts of AWS's documentation, addresses of RFC 5737.
"""

import base64
import hashlib
import json
import pathlib
import struct
import uuid
import zlib
from datetime import datetime, timedelta

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

# Service prefix -> event source, where it is not PREFIX.amazonaws.com.
SOURCES = {"cloudwatch": "monitoring.amazonaws.com"}

# Operations that only read although their name does not begin so; CloudTrail says it of AssumeRole*, too.
READERS = ("AssumeRole", "BatchCheck", "BatchGet", "Decrypt", "Describe", "Filter", "Get", "Head", "List", "Lookup")


def unique_id(prefix, account, number):
    """An IAM id that really names its account, as AWS's do: a set bit, 40 bits of account, here 4 bits of number."""
    bits = (1 << 44) | (int(account) << 4) | number
    head = "".join(BASE32[(bits >> shift) & 31] for shift in range(40, -1, -5))
    middle = "" if prefix in ("AKIA", "ASIA") else BASE32[number]
    return f"{prefix}{head}{middle}EXAMPLE"


def digest(*parts):
    """Bytes that depend on the parts alone."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()


def uuid_of(*parts):
    """A version-4-shaped UUID that depends on the parts alone."""
    return str(uuid.UUID(bytes=digest(*parts)[:16], version=4))


def letters_of(count, *parts):
    """`count` capital letters and digits that depend on the parts alone, as in S3 request ids."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(alphabet[byte % 36] for byte in digest(*parts))[:count]


def token_of(*parts):
    """Something as long as a session token, that is none."""
    noise = b"".join(digest(*parts, block) for block in range(9))
    return "EXAMPLE" + base64.b64encode(noise).decode().rstrip("=")


def long_date(iso):
    """`2026-03-10T22:58:31Z` in the form that STS and IAM answer with: `Mar 10, 2026, 10:58:31 PM`."""
    time = datetime.strptime(iso, "%Y-%m-%dT%H:%M:%SZ")
    return f"{time:%b} {time.day}, {time.year}, {time.hour % 12 or 12}:{time:%M:%S} {'AM' if time.hour < 12 else 'PM'}"


def later(iso, seconds):
    """A time `seconds` after another."""
    time = datetime.strptime(iso, "%Y-%m-%dT%H:%M:%SZ") + timedelta(seconds=seconds)
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def iam_user(account, name, number, key=None):
    """The `userIdentity` of an IAM user with a long-term key; without a key that of a sign-in."""
    identity = {
        "type": "IAMUser",
        "principalId": unique_id("AIDA", account, number),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
    }
    if key:
        identity["accessKeyId"] = key
    return identity | {"userName": name}


def console(user, key, created, mfa):
    """The same user's `userIdentity` in a console session or a forwarded call."""
    attributes = {"creationDate": created, "mfaAuthenticated": "true" if mfa else "false"}
    head = {name: user[name] for name in ("type", "principalId", "arn", "accountId")}
    return head | {
        "accessKeyId": key,
        "userName": user["userName"],
        "sessionContext": {"attributes": attributes},
    }


class Role:
    """A role: its ARNs, and the `userIdentity` of its sessions."""

    def __init__(self, account, name, number, path="/"):
        self.account, self.name = account, name
        self.id = unique_id("AROA", account, number)
        self.arn = f"arn:aws:iam::{account}:role{path}{name}"

    def session_arn(self, session):
        return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{session}"

    def session(self, session, key, created, **more):
        """`more` goes into sessionContext."""
        identity = {
            "type": "AssumedRole",
            "principalId": f"{self.id}:{session}",
            "arn": self.session_arn(session),
            "accountId": self.account,
        }
        if key:
            identity["accessKeyId"] = key
        issuer = {
            "type": "Role",
            "principalId": self.id,
            "arn": self.arn,
            "accountId": self.account,
            "userName": self.name,
        }
        attributes = {"creationDate": created, "mfaAuthenticated": "false"}
        return identity | {"sessionContext": {"sessionIssuer": issuer, "attributes": attributes} | more}

    def issued(self, session, key, at, seconds=3600):
        """The `responseElements` of an AssumeRole that made `key`."""
        return {
            "credentials": {
                "accessKeyId": key,
                "sessionToken": token_of(key, at),
                "expiration": long_date(later(at, seconds)),
            },
            "assumedRoleUser": {
                "assumedRoleId": f"{self.id}:{session}",
                "arn": self.session_arn(session),
            },
        }

    def resources(self):
        return [{"accountId": self.account, "type": "AWS::IAM::Role", "ARN": self.arn}]


def record(at, identity, action, region, address, agent, request=None, response=None, error=None, **more):
    """One CloudTrail record of version 1.11, its members in CloudTrail's order.

    `action` is `service:Operation`. `more` holds any further member, and takes the place of one made here;
    `host=None` leaves out tlsDetails, as in calls that a service makes.
    """
    service, name = action.split(":")
    account = more.pop("recipientAccountId", identity.get("accountId"))
    host = more.pop("host", f"{service}.{region}.amazonaws.com")
    event_id = more.pop("eventID", uuid_of("event", at, action, identity.get("arn"), account, json.dumps(request)))
    request_id = uuid_of("request", event_id)
    if service == "s3":
        request_id = letters_of(16, "request", event_id)
    read_only = name.startswith(READERS)
    made = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": at,
        "eventSource": SOURCES.get(service, f"{service}.amazonaws.com"),
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": address,
        "userAgent": agent,
    }
    if error:
        made["errorCode"], made["errorMessage"] = error
    made |= {
        "requestParameters": request,
        "responseElements": response,
        "additionalEventData": more.pop("additionalEventData", None),
        "requestID": more.pop("requestID", request_id),
        "eventID": event_id,
        "readOnly": more.pop("readOnly", read_only),
        "resources": more.pop("resources", None),
        "eventType": more.pop("eventType", "AwsApiCall"),
        "managementEvent": True,
        "recipientAccountId": account,
        "sharedEventID": more.pop("sharedEventID", None),
        "serviceEventDetails": more.pop("serviceEventDetails", None),
        "eventCategory": "Management",
    }
    if host:
        made["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": host,
        }
    made |= more
    nullable = ("requestParameters", "responseElements")
    return {name: value for name, value in made.items() if value is not None or name in nullable}


def dump(value):
    """JSON as CloudTrail writes it: on one line, without spaces; text outside ASCII as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def gz(content):
    """One gzip member without a name or a time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(content) + packer.flush()
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + body + struct.pack("<II", zlib.crc32(content), len(content))


def object_key(account, region, delivered, kind="CloudTrail"):
    """The key of a log object; `delivered` is its minute, as `20260310T2300Z`."""
    unique = base64.b64encode(digest("object", account, region, delivered)).decode()
    unique = unique.replace("+", "x").replace("/", "y")[:16]
    day = f"{delivered[0:4]}/{delivered[4:6]}/{delivered[6:8]}"
    return f"AWSLogs/{account}/{kind}/{region}/{day}/{account}_{kind}_{region}_{delivered}_{unique}.json.gz"


def content_of(raw):
    """What a reader sees in the bytes: inflated as far as they can be, else as they are."""
    content = b""
    while raw[:2] == b"\x1f\x8b":
        inflate = zlib.decompressobj(31)
        try:
            content += inflate.decompress(raw)
        except zlib.error:
            return None
        if not inflate.eof:
            return content + b" (cut off)"
        raw = inflate.unused_data
    return content + raw


def write(root, files, check, owned):
    """Makes the files under `root` exactly `files` (path -> bytes), or with `check` only says whether they are.

    A gzip file whose content is already right stays as it is: compressors of other versions pack differently. Below the
    folder `owned` no other files may stand. Gives the names of what differs, or differed.
    """
    root = pathlib.Path(root)
    wrong = []
    for name, raw in sorted(files.items()):
        path = root / name
        old = path.read_bytes() if path.exists() else None
        if old == raw or (old is not None and old[:2] == b"\x1f\x8b" and content_of(old) == content_of(raw) is not None):
            continue
        wrong.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
    for path in sorted(path for path in (root / owned).rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        if name not in files:
            wrong.append(f"{name} (not made by make.py)")
            if not check:
                path.unlink()
    return wrong
