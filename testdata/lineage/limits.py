"""Where chains end, and what logs do to them: gaps, violations, sanitised ids, late and double delivery."""

import copy

import cloudtrail as ct
from telling import A, BUILD, DANA, DEPLOY, EVE, WORKER, Case, by_key, federation, key, link, none_of, origin, some, timed
from workloads import EKS, with_web_identity

UNKNOWN = {"arn": None, "access_key": None}
CONSTANT_KEY, CONSTANT_ID = "ASIAEXAMPLEEXAMPLE22", "AROXXXXXXXXXXXXXXXXXX"


def gaps():
    case = Case("before-logs", "log gap: the log begins after the issuance", "origin unknown, gap `before-logs`")
    case.earlier()
    case.works("07:10:00", timed(DEPLOY, "night", key(0), "06:40:00"))
    case.ask(key(0), "the session is older than the account's first event", origin=origin("unknown", False, "before-logs", **UNKNOWN))

    case = Case("record-missing", "log gap: the moment is covered, the record is not there", "origin unknown, gap `record-missing`")
    case.earlier()
    case.works("09:00:05", timed(DEPLOY, "night", key(0), "09:00:00"))
    case.works("09:10:00", DANA.signed())
    case.ask(key(0), "calls that read are logged, so the AssumeRole should be", origin=origin("unknown", False, "record-missing", **UNKNOWN))

    case = Case("read-only-not-logged", "read-only events are not logged", "origin unknown, gap `read-only-not-logged`: AssumeRole is one of them")
    case.call("07:00:00", DANA.signed(), "ec2:CreateTags", {"resourcesSet": {"items": [{"resourceId": "i-00000000000000a01"}]}, "tagSet": {"items": [{"key": "team", "value": "shop"}]}}, {"_return": True})
    case.call("09:00:05", timed(DEPLOY, "night", key(0), "09:00:00"), "ecs:UpdateService", {"cluster": "shop", "service": "web"})
    case.call("10:00:00", EVE.signed(), "ec2:DeleteTags", {"resourcesSet": {"items": [{"resourceId": "i-00000000000000a01"}]}, "tagSet": {"items": [{"key": "team"}]}}, {"_return": True})
    case.ask(key(0), "the account's log holds no event that reads", origin=origin("unknown", False, "read-only-not-logged", **UNKNOWN))

    case = Case("no-credential", "a record without a credential", "origin unknown, gap `no-credential`")
    leaf = case.call("09:00:00", {}, "kms:DeleteKey", readOnly=False, eventType="AwsServiceEvent", recipientAccountId=A, host=None,
                     serviceEventDetails={"keyId": "00000000-1111-4222-8333-444455556666"})
    leaf["userIdentity"] = None
    case.ask(leaf, "an AwsServiceEvent has no caller", origin=origin("unknown", False, "no-credential", **UNKNOWN), links=[])


def violations():
    case = Case("used-before-issued", "a key used before its issuance", "violation `used-before-issued`, not followed: origin unknown")
    case.earlier()
    case.works("08:59:50", timed(DEPLOY, "night", key(0), "09:00:00"))
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    case.ask(key(0), "ten seconds too early", origin=origin("unknown", False, **UNKNOWN) | {"gap": {}}, links=none_of(made), violations=some({"kind": "used-before-issued"}))

    case = Case("used-within-slack", "a key used two seconds before its issuance", "linked: two seconds are within the slack of clocks")
    case.works("08:59:58", timed(DEPLOY, "night", key(0), "09:00:00"))
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    case.ask(key(0), "the slack of two seconds", origin=by_key(DANA), links=[link("key", made)])

    case = Case("cycle", "a cycle within one second", "violation `cycle`, origin unknown, gap `cycle`")
    case.earlier()
    one, other = timed(BUILD, "loop", key(0), "09:00:00"), timed(WORKER, "loop", key(1), "09:00:00")
    forth = case.assume("09:00:00", one, WORKER, "loop", key(1))
    back = case.assume("09:00:00", other, BUILD, "loop", key(0))
    case.works("09:00:05", one)
    case.ask(key(0), "each session made the other", origin=origin("unknown", False, "cycle", **UNKNOWN), links=some(link("key", back), link("key", forth)), violations=some({"kind": "cycle"}))


def sanitised():
    case = Case("constant-ids", "constant key id and principal ids in sanitised logs", "each session goes to the issuance of its ARN and second, and the rule is called `session`, not `key`")
    case.earlier()
    told = (("09:00:00", "app-a", 12, "aws-sdk-java-1"), ("09:00:00", "app-b", 13, "aws-sdk-java-2"), ("10:00:00", "app-a", 12, "aws-sdk-java-3"))
    for time, name, number, session in told:
        role = ct.Role(A, name, number)
        subject = f"system:serviceaccount:shop:{name}"
        made = with_web_identity(case, time, role, session, CONSTANT_KEY, EKS, subject, "sts.amazonaws.com")
        made["responseElements"]["assumedRoleUser"]["assumedRoleId"] = CONSTANT_ID
        leaf = use(case, time[:6] + "30", role, session, time)
        case.ask(leaf, f"{session} of {time}", origin=origin("web-identity", name=subject, provider=EKS), links=[link("session", made)])
    leaf = use(case, "09:40:00", ct.Role(A, "app-a", 12), "aws-sdk-java-1", "09:30:00")
    case.ask(leaf, "the constant key proves nothing for a session of another time", origin=origin("web-identity", False, "record-missing", provider=EKS, name=None))


def use(case, time, role, session, created):
    """A call of a sanitised session."""
    identity = timed(role, session, CONSTANT_KEY, created, webIdFederationData=federation(EKS))
    identity["principalId"] = identity["sessionContext"]["sessionIssuer"]["principalId"] = CONSTANT_ID
    return case.works(time, identity)


def deliveries():
    case = Case("late-parent", "late delivery: the parent in a later object", "`key`, as if it had come in time")
    leaf = case.works("09:00:05", timed(DEPLOY, "night", key(0), "09:00:00"))
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    case.objects = [[leaf], [made]]
    case.ask(key(0), "objects hold records in the order of their delivery", origin=by_key(DANA), links=[link("key", made)])

    case = Case("out-of-order", "out of order within an object", "two `key` links, though the object tells the chain backwards")
    first = case.assume("09:00:00", DANA.signed(), DEPLOY, "laptop", key(0))
    second = case.assume("09:05:00", timed(DEPLOY, "laptop", key(0), "09:00:00"), BUILD, "laptop", key(1))
    case.works("09:06:00", timed(BUILD, "laptop", key(1), "09:05:00"))
    case.records.reverse()
    case.ask(key(1), "the order of records says nothing", origin=by_key(DANA), links=[link("key", second), link("key", first)])

    case = Case("double-delivery", "one record twice, with other content under one event id", "one issuance: the link is not ambiguous, by key or by session")
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    again = copy.deepcopy(made)
    again["addendum"] = {"reason": "UPDATED_DATA", "updatedFields": "tlsDetails", "originalRequestID": made["requestID"], "originalEventID": made["eventID"]}
    case.records.append(again)
    for number, rule in enumerate(("key", "session")):
        case.works(f"09:00:0{number + 5}", timed(DEPLOY, "night", key(number), "09:00:00"))
        case.ask(key(number), f"two contents, one AssumeRole; rule `{rule}`", origin=by_key(DANA), links=[link(rule, made)])


gaps()
violations()
sanitised()
deliveries()
