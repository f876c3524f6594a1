"""How the cases are told: who speaks, what is recorded, and what `backtrail trace` must say of it."""

import cloudtrail as ct

# Documentation accounts: A is at home, B is another account of the same owner, C is an outsider.
A, B, C = "111122223333", "444455556666", "777788889999"
DAY = "2026-03-09"
OFFICE, HOME, RUNNER, NAT, THIEF = "198.51.100.17", "198.51.100.23", "192.0.2.140", "192.0.2.88", "203.0.113.66"
CLI = "aws-cli/2.22.35 md/awscrt#0.23.4 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.8 md/pyimpl#CPython"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0"
FORWARDER = "secretsmanager.amazonaws.com"
SIGN_IN = "AWS Signin, aws-internal/3 aws-sdk-java/1.12.750"

CASES = []


def at(text):
    """`09:00:00` of the day of all cases, or `2026-01-05 09:00:00`, as CloudTrail writes it."""
    return f"{text[:10]}T{text[11:]}Z" if len(text) > 8 else f"{DAY}T{text}Z"


def key(number, account=A, prefix="ASIA"):
    """A key id that names its account. From 16 on the first bit, that is no part of the account, is not set."""
    made = ct.unique_id(prefix, account, number % 16)
    return made if number < 16 else made[:4] + ct.BASE32[ct.BASE32.index(made[4]) - 16] + made[5:]


class User:
    """An IAM user with a long-term key."""

    def __init__(self, name, number, account=A):
        self.name, self.account = name, account
        self.key = key(number, account, "AKIA")
        self.identity = ct.iam_user(account, name, number)
        self.arn, self.id = self.identity["arn"], self.identity["principalId"]

    def signed(self):
        """With the long-term key."""
        return with_key(self.identity, self.key)

    def session(self, used, created, mfa=False, **more):
        """With a temporary key: console, GetSessionToken, a forwarded call. `more` goes into the identity."""
        made = ct.console(self.identity, used, at(created), mfa)
        if used is None:
            del made["accessKeyId"]
        return made | more


def with_key(identity, used):
    """An identity as CloudTrail orders it, with a key."""
    made = {}
    for name, value in identity.items():
        made[name] = value
        if name == "accountId":
            made["accessKeyId"] = used
    return made


DANA, EVE, BACKUP = User("dana", 0), User("eve", 1), User("backup", 2)
MONITOR = User("monitor", 9)
DEPLOY, BUILD, ADMIN, AUDIT, WORKER = (ct.Role(A, name, number) for number, name in enumerate(("deploy", "build", "admin", "audit", "worker")))
OPS = ct.Role(B, "ops", 0)


def timed(role, session, used, created, **more):
    """A role session; `more` goes into the identity beside sessionContext, `sourceIdentity` and its like into it."""
    inside = {name: more.pop(name) for name in ("sourceIdentity", "ec2RoleDelivery", "webIdFederationData", "signInSessionArn") if name in more}
    return role.session(session, used, at(created), **inside) | more


def timeless(role, session, used):
    """A role session whose record does not say when it was made."""
    made = role.session(session, used, at("00:00:00"))
    del made["sessionContext"]["attributes"]
    return made


def federation(provider):
    """What a session by web identity remembers of its provider."""
    return {"federatedProvider": provider, "attributes": {}}


class Case:
    """Some records, and questions about them. `row` names what the case stands for, `outcome` what must come out."""

    def __init__(self, name, row, outcome):
        assert name not in [case.name for case in CASES]
        self.name, self.row, self.outcome = name, row, outcome
        self.records, self.objects, self.questions = [], None, []
        CASES.append(self)

    def call(self, time, identity, action, request=None, response=None, error=None, address=OFFICE, agent=CLI,
             region="eu-west-1", **more):
        """One record; it is given back as CloudTrail writes it."""
        service = action.split(":")[0]
        region = "us-east-1" if service in ("iam", "signin") else region
        if "invokedBy" in identity:
            address = agent = identity["invokedBy"]
            more.setdefault("host", None)
        if service == "signin":
            more.setdefault("host", "us-east-1.signin.aws.amazon.com")
        if service == "iam":
            more.setdefault("host", "iam.amazonaws.com")
        more.setdefault("eventID", ct.uuid_of("lineage", self.name, len(self.records)))
        made = ct.record(at(time), identity, action, region, address, agent, request, response, error, **more)
        self.records.append(made)
        return made

    def works(self, time, identity, **more):
        """A call that makes no credential."""
        return self.call(time, identity, "ec2:DescribeInstances", {"instancesSet": {}, "filterSet": {}}, **more)

    def earlier(self, account=A):
        """The account's log begins before everything else, and holds calls that read."""
        watcher = MONITOR if account == A else User("monitor", 9, account)
        return self.call("07:00:00", watcher.signed(), "cloudwatch:DescribeAlarms", {"maxRecords": 100}, address="198.51.100.40")

    def assume(self, time, identity, role, session, issued, error=None, extra=None, **more):
        """AssumeRole as the caller's account records it; where that is the role's, there is no other record."""
        request = {"roleArn": role.arn, "roleSessionName": session, "durationSeconds": 3600} | (extra or {})
        response = None if error else role.issued(session, issued, at(time))
        more.setdefault("resources", role.resources())
        return self.call(time, identity, "sts:AssumeRole", request, response, error, **more)

    def across(self, time, caller, role, session, issued, account, shared, **more):
        """AssumeRole as the role's account records it: of the caller only account and principal id are known."""
        outside = {"type": "AWSAccount", "principalId": caller, "accountId": account}
        return self.assume(time, outside, role, session, issued, recipientAccountId=role.account, sharedEventID=shared, **more)

    def by_service(self, time, service, role, session, issued, named=True, extra=None, **more):
        """AssumeRole by a service; EC2's answer names no assumed-role user."""
        identity = {"type": "AWSService", "invokedBy": service}
        made = self.assume(time, identity, role, session, issued, extra=extra, recipientAccountId=role.account,
                           sharedEventID=ct.uuid_of("by service", self.name, time, issued), **more)
        if not named:
            del made["responseElements"]["assumedRoleUser"]
        return made

    def console_login(self, time, identity, success=True, address=OFFICE):
        """A sign-in at the console."""
        said = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "No"}
        error = None if success else ("", "Failed authentication")
        made = self.call(time, identity, "signin:ConsoleLogin", None, {"ConsoleLogin": "Success" if success else "Failure"}, error,
                         address=address, agent=BROWSER, additionalEventData=said, eventType="AwsConsoleSignIn", readOnly=False, requestID=None)
        if not success:
            # CloudTrail gives a failed sign-in a message and no code.
            del made["errorCode"]
        return made

    def ask(self, who, why, **expect):
        """What `backtrail trace WHO` must say. Who is a key, a name or an ARN, or the record whose caller is asked for."""
        if isinstance(who, dict):
            who = who["eventID"]
        expect = {"mismatches": [], "violations": []} | expect
        self.questions.append({"case": self.name, "who": who, "why": why, "expect": expect})


def link(rule, made, among=None, **more):
    """A step up, proven by a record: the only one that fits, or one `among` several."""
    ids = {"contains": [one["eventID"] for one in among]} if among else {"lacks": [made["eventID"]]}
    return {"rule": rule, "event_id": made["eventID"], "event_name": made["eventName"], "ambiguous": ids} | more


def none_of(*records):
    """A list in which none of these records stands."""
    return {"lacks": [{"event_id": made["eventID"]} for made in records]}


def some(*elements):
    """A list that holds these, and perhaps others."""
    return {"contains": list(elements)}


def child(made, rule="key", **more):
    """What a credential led to, by the record that made it."""
    return {"rule": rule, "event_id": made["eventID"]} | more


def origin(kind, complete=True, gap=None, **more):
    """Where a chain ends."""
    made = {"kind": kind, "complete": complete, "gap": {"reason": gap} if gap else None} | more
    if complete:
        made.setdefault("certain", True)
    return made


def person(user, used=None, complete=True, gap=None, **more):
    """An IAM user as origin, with the long-term key that it used."""
    more.setdefault("above", None)
    return origin("iam-user", complete, gap, arn=user.arn, name=user.name, account=user.account, access_key=used, **more)


def above(made, rule, of):
    """What stands above an origin: who made it."""
    return {"event_id": made["eventID"], "event_name": made["eventName"], "rule": rule, "origin": of}


def by_key(user):
    """An IAM user who acted with the long-term key."""
    return person(user, user.key)


def first_of(*records):
    """The candidate that is shown of several that fit alike."""
    return min(records, key=lambda made: (made["eventTime"], made["eventID"]))
