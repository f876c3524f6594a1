"""Where chains end, and what logs do to them: gaps, violations, sanitised ids, late and double delivery."""

import copy

import cloudtrail as ct
from telling import (A, ADMIN, B, BACKUP, BUILD, DANA, DEPLOY, EVE, FORWARDER, WORKER, Case, User, above, at, by_key, child, federation, first_of, key, link, none_of,
                     origin, person, some, timed, with_key)
from workloads import EKS, with_web_identity

UNKNOWN = {"arn": None, "access_key": None}
CONSTANT_LONG_TERM_KEY = "AKIAEXAMPLEEXAMPLE22"
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


def makes_key(case, time, identity, user, made=None):
    """CreateAccessKey for a user."""
    answer = {"userName": user.name, "accessKeyId": made or user.key, "status": "Active", "createDate": ct.long_date(at(time))}
    return case.call(time, identity, "iam:CreateAccessKey", {"userName": user.name}, {"accessKey": answer})


def keys_and_their_makers():
    case = Case("key-used-before-made", "CreateAccessKey after the key's first use", "violation `used-before-issued` above the origin; nobody made the key, and nothing stands below its making")
    case.works("2026-03-07 09:00:00", BACKUP.signed())
    made = makes_key(case, "10:00:00", DANA.signed(), BACKUP)
    assumed = case.assume("11:00:00", BACKUP.signed(), DEPLOY, "night", key(0))
    case.works("11:00:05", timed(DEPLOY, "night", key(0), "11:00:00"))
    told = {"origin": by_key(BACKUP), "violations": [{"kind": "used-before-issued", "event_id": made["eventID"]}]}
    case.ask(BACKUP.key, "the key was used two days before", links=[], **told)
    case.ask(key(0), "the use within the hour of the chain alone would not tell", links=[link("key", assumed)], **told)
    case.ask(DANA.key, "what was done with the key is not dana's doing",
             descendants=[child(made, calls=0, children=[], remarks=some("a key of this id was used before it was made"))])

    case = Case("key-used-within-slack", "CreateAccessKey two seconds after the key's first use", "`key` to the CreateAccessKey: two seconds are within the slack of clocks")
    case.works("09:59:58", BACKUP.signed())
    made = makes_key(case, "10:00:00", DANA.signed(), BACKUP)
    case.ask(BACKUP.key, "the slack of two seconds", links=[link("key", made)], origin=person(BACKUP, BACKUP.key, above=above(made, "key", by_key(DANA))))
    case.ask(DANA.key, "and downwards", descendants=[child(made, calls=1)])

    case = Case("violation-above", "a violation above the origin", "origin backup; the maker's session was used before its issuance: violation `used-before-issued`, not followed")
    case.earlier()
    maker = timed(DEPLOY, "night", key(0), "09:00:00")
    case.works("08:59:50", maker)
    issued = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    made = makes_key(case, "09:10:00", maker, BACKUP)
    case.works("11:00:00", BACKUP.signed())
    case.ask(BACKUP.key, "the chain above ends where the violation is", links=[link("key", made)],
             origin=person(BACKUP, BACKUP.key, above=above(made, "key", origin("unknown", False, "used-before-issued", **UNKNOWN))),
             violations=[{"kind": "used-before-issued", "event_id": issued["eventID"]}])
    case.ask(DANA.key, "nor is it followed downwards", descendants=[child(issued, calls=0, children=[])])

    case = Case("cycle-above", "a cycle above the origin within one second", "origin backup, whose key was made by a session that it issued: violation `cycle`")
    case.earlier()
    inside = timed(ADMIN, "loop", key(0), "09:00:00")
    issued = case.assume("09:00:00", BACKUP.signed(), ADMIN, "loop", key(0))
    made = makes_key(case, "09:00:00", inside, BACKUP)
    case.works("09:00:05", BACKUP.signed())
    case.ask(BACKUP.key, "the maker's chain comes back to the key", links=[link("key", made), link("key", issued)], origin=person(BACKUP, BACKUP.key, above=above(made, "key", {"gap": {"reason": "cycle"}})),
             violations=[{"kind": "cycle"}])
    case.ask(key(0), "and the key's maker to the session", links=[link("key", issued), link("key", made)], origin=person(BACKUP, BACKUP.key, above=above(made, "key", {"gap": {"reason": "cycle"}})),
             violations=[{"kind": "cycle", "event_id": made["eventID"]}])


def candidates():
    for count in (17, 18):
        followed = count <= 17
        case = Case(f"candidates-{count}", f"{count} candidates of one second that fit alike",
                    "link ambiguous between all; " + ("all lead to dana, certain" if followed else "one was not followed, so dana is not certain, gap `several-origins`"))
        login = case.console_login("08:00:00", DANA.identity)
        all_of = [case.assume("09:00:00", DANA.session(key(number), "08:00:00"), BUILD, "night", key(30)) for number in range(count)]
        case.works("09:00:05", timed(BUILD, "night", key(31), "09:00:00", invokedBy=FORWARDER))
        case.ask(key(31), "each was called with another key of one console session; none tells which it was",
                 links=[link("session", first_of(*all_of), all_of), link("session", login)],
                 origin=origin("iam-user", followed, None if followed else "several-origins", arn=DANA.arn, certain=followed))

    case = Case("twins-at-every-step", "two candidates at each of 20 steps within one second: a million ways", "every link ambiguous between two, all ways lead to dana: certain")
    holders = [timed(role, "step-0", key(number), "09:00:00", invokedBy=FORWARDER) for number, role in ((1, DEPLOY), (2, BUILD))]
    last = [case.assume("09:00:00", DANA.signed(), role, "step-0", key(number)) for number, role in ((1, DEPLOY), (2, BUILD))]
    steps = []
    for step in range(1, 21):
        steps.append([[case.assume("09:00:00", holder, role, f"step-{step}", key(0)) for holder in holders] for role in (DEPLOY, BUILD)])
        holders = [timed(role, f"step-{step}", key(number), "09:00:00", invokedBy=FORWARDER) for number, role in ((1, DEPLOY), (2, BUILD))]
    leaf = case.works("09:30:00", holders[0])
    links, at_role = [], 0
    for step in reversed(steps):
        both = step[at_role]
        links.append(link("session", first_of(*both), both))
        at_role = both.index(first_of(*both))
    case.ask(leaf, "each step is looked at once", origin=by_key(DANA), links=[*links, link("key", last[at_role])])


def sanitised():
    case = Case("constant-long-term-key", "one long-term key id in two accounts, as logs have it whose key ids were replaced", "each account's key was made in that account: the other's CreateAccessKey is not its maker")
    night = User("night", 3, B)
    made = makes_key(case, "09:00:00", DANA.signed(), BACKUP, CONSTANT_LONG_TERM_KEY)
    here = case.works("11:00:00", with_key(BACKUP.identity, CONSTANT_LONG_TERM_KEY))
    there = [case.works(f"12:00:0{number}", with_key(night.identity, CONSTANT_LONG_TERM_KEY)) for number in (1, 2)]
    case.ask(here, "dana made backup's key", links=[link("key", made)], origin=person(BACKUP, CONSTANT_LONG_TERM_KEY, above=above(made, "key", by_key(DANA))))
    case.ask(there[0], "nobody is known to have made the key of the other account", links=[], origin=person(night, CONSTANT_LONG_TERM_KEY))
    case.ask(DANA.key, "only what was done in the account stands below", descendants=[child(made, calls=1)])

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
        case.works(f"09:00:0{number + 5}", timed(DEPLOY, "night", key(number), "09:00:00", **({"invokedBy": FORWARDER} if number else {})))
        case.ask(key(number), f"two contents, one AssumeRole; rule `{rule}`", origin=by_key(DANA), links=[link(rule, made)])


gaps()
violations()
keys_and_their_makers()
candidates()
sanitised()
deliveries()
