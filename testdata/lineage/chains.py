"""Chains of keys: users and roles, two accounts, twins, keys that come again, seconds that are not quite equal."""

import cloudtrail as ct
from telling import (ADMIN, AUDIT, B, BACKUP, BROWSER, BUILD, C, DANA, DEPLOY, EVE, FORWARDER, OPS, THIEF, WORKER, A, Case, above, at, by_key, child,
                     first_of, key, link, none_of, origin, person, some, timed, timeless, with_key)

UNKNOWN = {"arn": None, "access_key": None}


def user_to_role():
    case = Case("user-key-role", "IAM user or key → AssumeRole, same account", "`key` to the AssumeRole, origin dana with her key; below dana's key the session with its calls")
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "laptop", key(0))
    session = timed(DEPLOY, "laptop", key(0), "09:00:00")
    leaf = case.works("09:00:05", session)
    case.call("09:02:00", session, "ecs:UpdateService", {"cluster": "shop", "service": "web"}, error=("AccessDeniedException", "User is not authorized to perform: ecs:UpdateService"))
    up = {"origin": by_key(DANA), "links": [link("key", made, seconds_apart=0, event_time=made["eventTime"])]}
    case.ask(key(0), "the answer of AssumeRole names exactly this key", **up)
    case.ask(leaf, "an event is traced by its caller", **up)
    case.ask(DEPLOY.session_arn("laptop"), "a session ARN means its session", **up)
    case.ask(made, "the AssumeRole itself was made by dana's key", origin=by_key(DANA), links=[])
    case.ask(DANA.key, "a long-term key ends its own chain; below it is what it led to", origin=by_key(DANA), links=[],
             descendants=[child(made, calls=2, denied=1, first=leaf["eventTime"], last=at("09:02:00"), children=[])])

    case = Case("root-key", "root's long-term key", "origin root with the key, complete")
    root = {"type": "Root", "principalId": A, "arn": f"arn:aws:iam::{A}:root", "accountId": A, "accessKeyId": key(5, A, "AKIA")}
    case.works("09:00:00", root)
    case.ask(key(5, A, "AKIA"), "root's key needs no issuance", links=[], origin=origin("root", arn=root["arn"], account=A, access_key=key(5, A, "AKIA")))

    case = Case("denied-then-granted", "denied calls issue nothing", "the one AssumeRole that worked; the refused ones are no candidates")
    error = ("AccessDenied", f"User: {DANA.arn} is not authorized to perform: sts:AssumeRole on resource: {DEPLOY.arn}")
    refused = [case.assume(time, DANA.signed(), DEPLOY, "retry", None, error) for time in ("09:00:00", "09:00:02", "09:00:04")]
    made = case.assume("09:00:04", DANA.signed(), DEPLOY, "retry", key(0))
    case.works("09:00:05", timed(DEPLOY, "retry", key(0), "09:00:04"))
    case.works("09:00:06", timed(DEPLOY, "retry", key(1), "09:00:04", invokedBy=FORWARDER))
    for used, rule in ((key(0), "key"), (key(1), "session")):
        case.ask(used, f"one of four AssumeRole calls worked; rule `{rule}`", origin=by_key(DANA), links=[link(rule, made)])
    case.ask(DANA.key, "what was refused has no descendants", descendants=none_of(*refused))


def role_chains():
    case = Case("role-chain-3", "role chaining, three hops", "three `key` links, origin dana; below her key the same three, one in the other")
    roles = (DEPLOY, BUILD, ADMIN)
    caller, made = DANA.signed(), []
    for number, role in enumerate(roles):
        made.append(case.assume(f"09:0{number}:00", caller, role, f"step-{number}", key(number)))
        caller = timed(role, f"step-{number}", key(number), f"09:0{number}:00")
        case.works(f"09:0{number}:30", caller)
    case.ask(key(2), "three hops, each key named by the answer before", origin=by_key(DANA), links=[link("key", one) for one in reversed(made)])
    deep = child(made[2], calls=1)
    deep = child(made[1], children=[deep])
    case.ask(DANA.key, "the same chain from above", origin=by_key(DANA), links=[], descendants=[child(made[0], children=[deep])])

    case = Case("role-chain-17", "role chaining, N hops", "17 `key` links in order, origin dana")
    caller, made = DANA.signed(), []
    for number in range(17):
        role = ct.Role(A, f"hop-{number + 1:02d}", number)
        made.append(case.assume(f"09:{number:02d}:00", caller, role, "chain", key(number)))
        caller = timed(role, "chain", key(number), f"09:{number:02d}:00")
    case.works("09:20:00", caller)
    case.ask(key(16), "no hop is one too many", origin=by_key(DANA), links=[link("key", one) for one in reversed(made)])

    case = Case("juggling", "role juggling A → B → A → B", "up: every hop; below: the repeats are collapsed, so no third hop is nested in the second")
    caller, made = DANA.signed(), []
    for number in range(6):
        role = (BUILD, WORKER)[number % 2]
        time = f"{9 + number * 50 // 60:02d}:{number * 50 % 60:02d}:00"
        made.append(case.assume(time, caller, role, "loop", key(number)))
        caller = timed(role, "loop", key(number), time)
    case.works("13:10:10", caller)
    case.ask(key(5), "the same two names again and again are six sessions", origin=by_key(DANA), links=[link("key", one) for one in reversed(made)])
    inner = child(made[1], children=none_of(made[2]))
    case.ask(DANA.key, "below, A → B stands once, with how often and how long", descendants=[child(made[0], children=some(inner))])

    case = Case("self-assume", "self-assume", "two `key` links; the issuance that the session itself made is not its parent")
    first = case.assume("09:00:00", DANA.signed(), WORKER, "again", key(0))
    old = timed(WORKER, "again", key(0), "09:00:00")
    second = case.assume("09:50:00", old, WORKER, "again", key(1))
    case.works("09:51:00", timed(WORKER, "again", key(1), "09:50:00"))
    case.works("09:52:00", timed(WORKER, "again", key(2), "09:50:00", invokedBy=FORWARDER))
    case.ask(key(1), "the second session came from the first", origin=by_key(DANA), links=[link("key", second), link("key", first)])
    case.ask(key(2), "and so did a key that no answer names", origin=by_key(DANA), links=[link("session", second), link("key", first)])
    case.ask(key(0), "the first session did not make itself", origin=by_key(DANA), links=[link("key", first)])


def twins():
    case = Case("twins-key", "twins in one second, separated by the key", "`key` to the second AssumeRole; the twin is named as not taken")
    twin = case.assume("09:00:00", DANA.signed(), DEPLOY, "aws-go-sdk-1773046800000000000", key(0))
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "aws-go-sdk-1773046800000000000", key(1))
    case.works("09:00:01", timed(DEPLOY, "aws-go-sdk-1773046800000000000", key(1), "09:00:00"))
    case.ask(key(1), "only the key tells the twins apart", origin=by_key(DANA), links=[link("key", made)], not_taken=some({"event_id": twin["eventID"]}))

    case = Case("twins-one-origin", "twins in one second, rule `session`, one origin", "link ambiguous between two, origin certain")
    both = [case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(number)) for number in (0, 1)]
    case.works("09:00:01", timed(DEPLOY, "night", key(2), "09:00:00", invokedBy=FORWARDER))
    case.ask(key(2), "either AssumeRole may have made it, both are dana's", origin=by_key(DANA), links=[link("session", first_of(*both), both)])

    case = Case("twins-two-origins", "twins in one second, rule `session`, two origins", "link ambiguous, origin not certain, gap `several-origins`")
    both = [case.assume("09:00:00", user.signed(), DEPLOY, "night", key(number)) for number, user in enumerate((DANA, EVE))]
    case.works("09:00:01", timed(DEPLOY, "night", key(2), "09:00:00", invokedBy=FORWARDER))
    case.ask(key(2), "dana and eve made the same session in the same second",
             origin={"certain": False, "complete": False, "gap": {"reason": "several-origins"}}, links=some(link("session", first_of(*both), both)))

    case = Case("key-of-a-neighbour", "a key of one's own that no answer names, beside the AssumeRole of somebody else", "`claim` to the AssumeRole of the very second, none to one 2 s off: origin not certain, not complete; nothing of it is below dana")
    case.earlier()
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "botocore-session-1773046800", key(0))
    case.works("09:00:01", timed(DEPLOY, "botocore-session-1773046800", key(0), "09:00:00"))
    case.works("09:00:02", timed(DEPLOY, "botocore-session-1773046800", key(1), "09:00:00"), address=THIEF)
    case.works("09:00:03", timed(DEPLOY, "botocore-session-1773046800", key(2), "09:00:02"), address=THIEF)
    case.works("09:00:04", timed(DEPLOY, "botocore-session-1773046800", key(3), "09:00:00"), agent=BROWSER, sessionCredentialFromConsole="true")
    case.ask(key(1), "who signs a call has the key of the answer, and this one is another", origin=origin("iam-user", False, "only-claimed", arn=DANA.arn, certain=False), links=[link("claim", made)])
    case.ask(key(2), "nor is it of an answer two seconds before", origin=origin("unknown", False, "record-missing", **UNKNOWN), links=none_of(made))
    case.ask(key(3), "the console uses keys of its own", origin=by_key(DANA), links=[link("session", made)])


def keys_that_come_again():
    case = Case("recycled-key", "key id reuse", "each use goes to the AssumeRole of its own time")
    old = case.assume("2026-01-05 09:00:00", DANA.signed(), DEPLOY, "winter", key(0))
    then = case.works("2026-01-05 09:01:00", timed(DEPLOY, "winter", key(0), "2026-01-05 09:00:00"))
    new = case.assume("09:00:00", EVE.signed(), AUDIT, "spring", key(0))
    now = case.works("09:01:00", timed(AUDIT, "spring", key(0), "09:00:00"))
    late = case.works("09:02:00", timeless(AUDIT, "spring", key(0)))
    case.ask(then, "in January the key was dana's session", origin=by_key(DANA), links=[link("key", old)])
    case.ask(now, "in March it is eve's", origin=by_key(EVE), links=[link("key", new)])
    case.ask(late, "without a creation date the role tells", origin=by_key(EVE), links=[link("key", new)])

    case = Case("no-creation-date", "`key` without a creation date, at most 36 hours back", "`key` to an AssumeRole 35 hours back; one 40 hours back is no candidate")
    old = case.assume("2026-03-07 17:00:00", DANA.signed(), DEPLOY, "long-ago", key(0))
    made = case.assume("2026-03-07 22:00:00", DANA.signed(), BUILD, "yesterday", key(1))
    case.works("09:00:00", timeless(DEPLOY, "long-ago", key(0)))
    case.works("09:00:00", timeless(BUILD, "yesterday", key(1)))
    case.ask(key(1), "35 hours between issuance and first use", origin=by_key(DANA), links=[link("key", made)])
    case.ask(key(0), "no session lives for 40 hours: the key id has come again", origin=origin("unknown", False, "record-missing", **UNKNOWN), links=none_of(old))

    case = Case("key-disagrees", "a key match with a disagreeing session", "no link: the key id is the same, the session is another")
    case.earlier()
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "one", key(0))
    leaf = case.works("09:00:05", timed(AUDIT, "other", key(0), "09:00:00"))
    case.ask(leaf, "same key id and second, other role", origin=origin("unknown", False, "record-missing", **UNKNOWN), links=none_of(made))

    case = Case("role-recreated", "same session ARN and second, other role id", "no link: well-formed principal ids disagree")
    case.earlier()
    before, after = ct.Role(A, "batch", 10), ct.Role(A, "batch", 11)
    made = case.assume("09:00:00", DANA.signed(), before, "run", key(0))
    leaf = case.works("09:00:05", timed(after, "run", key(1), "09:00:00"))
    case.ask(leaf, "the role was deleted and made anew under its old name", origin=origin("unknown", False, "record-missing", **UNKNOWN), links=none_of(made))


def two_accounts():
    case = Case("cross-both", "cross-account, both logs", "`key` to the role's copy, `shared-event` to the caller's copy, origin dana")
    shared = ct.uuid_of("lineage", "cross-both")
    here = case.assume("09:00:00", DANA.signed(), OPS, "deploy-shop", key(0, B), sharedEventID=shared)
    there = case.across("09:00:00", DANA.id, OPS, "deploy-shop", key(0, B), A, shared)
    session = timed(OPS, "deploy-shop", key(0, B), "09:00:00")
    case.works("09:00:05", session)
    case.works("09:05:00", session)
    case.ask(key(0, B), "both copies are one issuance", origin=by_key(DANA), links=[link("key", there), link("shared-event", here)])
    case.ask(DANA.key, "below dana's key the session of the other account", descendants=[{"calls": 2, "denied": 0}])

    case = Case("cross-target-only", "cross-account, target log only", "`key`, origin account 111122223333 with the principal id, gap `account-not-in-lake`")
    made = case.across("09:00:00", DANA.id, OPS, "deploy-shop", key(0, B), A, ct.uuid_of("lineage", case.name))
    case.works("09:00:05", timed(OPS, "deploy-shop", key(0, B), "09:00:00"))
    case.ask(key(0, B), "the caller's own log is not here", links=[link("key", made)],
             origin=origin("account", False, "account-not-in-lake", account=A, name=DANA.id, access_key=None))

    case = Case("cross-caller-only", "cross-account, caller log only", "`key` to the caller's copy, origin dana; the session goes on in 444455556666")
    made = case.assume("09:00:00", DANA.signed(), OPS, "deploy-shop", key(0, B), sharedEventID=ct.uuid_of("lineage", case.name))
    case.ask(key(0, B), "a key that only an answer names", origin=by_key(DANA), links=[link("key", made)])
    case.ask(DANA.key, "below, a session without calls: they are in the other account's log", descendants=[child(made, calls=0)])

    case = Case("cross-copy-of-another", "cross-account: three requests of one role session name, one without its copy", "each request goes on to its own copy and no other; the one without ends at the account's principal, gap `record-missing`")
    session, asked = f"{DEPLOY.id}:deploy", []
    for number, (user, minute, copied) in enumerate(((DANA, "10", True), (DANA, "11", False), (EVE, "12", True))):
        case.assume(f"{minute}:00:00", user.signed(), DEPLOY, "deploy", key(number))
        shared = ct.uuid_of("lineage", case.name, number)
        there = case.across(f"{minute}:05:00", session, OPS, "shop", key(number, B), A, shared)
        here = case.assume(f"{minute}:05:00", timed(DEPLOY, "deploy", key(number), f"{minute}:00:00"), OPS, "shop", key(number, B), sharedEventID=shared) if copied else None
        asked.append((user, there, here))
    for user, there, here in asked:
        if here:
            case.ask(there, "its own copy names who it was", origin=by_key(user), links=some(link("shared-event", here)))
        else:
            case.ask(there, "another request's copy says nothing of it", origin=origin("account", False, "record-missing", account=A, name=session), links=[])

    case = Case("cross-denied", "denied cross-account AssumeRole, only in the caller's log", "nothing comes of it: the role's session is another account's")
    error = ("AccessDenied", f"User: {DANA.arn} is not authorized to perform: sts:AssumeRole on resource: {OPS.arn}")
    refused = case.assume("09:00:00", DANA.signed(), OPS, "deploy-shop", None, error)
    stranger = ct.unique_id("AIDA", C, 1)
    made = case.across("09:00:00", stranger, OPS, "deploy-shop", key(0, B), C, ct.uuid_of("lineage", case.name))
    case.works("09:00:05", timed(OPS, "deploy-shop", key(0, B), "09:00:00"))
    case.ask(key(0, B), "same second, role and session name, yet not dana", links=[link("key", made)],
             origin=origin("account", False, "account-not-in-lake", account=C, name=stranger))
    case.ask(DANA.key, "a refusal has no descendants", descendants=[])
    case.ask(refused, "who tried is known all the same", origin=by_key(DANA), links=[])

    case = Case("insights-shared-id", "Insights events that share a sharedEventID", "the AssumeRole of the target's log is joined to no Insights event")
    shared = ct.uuid_of("lineage", case.name)
    for state, time in (("Start", "09:00:00"), ("End", "09:07:00")):
        insight = {"eventVersion": "1.07", "eventTime": at(time), "awsRegion": "eu-west-1", "eventID": ct.uuid_of("insight", state),
                   "eventType": "AwsCloudTrailInsight", "recipientAccountId": A, "sharedEventID": shared,
                   "insightDetails": {"state": state, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "insightType": "ApiCallRateInsight",
                                      "insightContext": {"statistics": {"baseline": {"average": 0.1}, "insight": {"average": 12}, "insightDuration": 7}}},
                   "eventCategory": "Insight"}
        case.records.append(insight)
    made = case.across("09:00:00", DANA.id, OPS, "deploy-shop", key(0, B), A, shared)
    case.works("09:00:05", timed(OPS, "deploy-shop", key(0, B), "09:00:00"))
    case.ask(key(0, B), "their shared id joins start and end of one insight, not two accounts", links=[link("key", made)],
             origin=origin("account", False, "account-not-in-lake", account=A, name=DANA.id))

    case = Case("trust-changed", "trust changed, later assumption by outsiders", "origin account 777788889999 with the role session's principal id; `trusts` has dana's UpdateAssumeRolePolicy, not those that were refused, of another role or later")
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::777788889999:root"},"Action":"sts:AssumeRole"}]}'
    case.call("08:40:00", EVE.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": AUDIT.name, "policyDocument": policy})
    opened = case.call("08:50:00", DANA.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": AUDIT.name, "policyDocument": policy})
    case.call("08:51:00", EVE.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": AUDIT.name, "policyDocument": policy}, error=("AccessDenied", "not authorized"))
    case.call("08:52:00", EVE.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": DEPLOY.name, "policyDocument": policy})
    case.call("09:10:00", EVE.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": AUDIT.name, "policyDocument": policy})
    stranger = ct.unique_id("AROA", C, 2) + ":vendor"
    made = case.across("09:00:00", stranger, AUDIT, "readonly", key(0), C, ct.uuid_of("lineage", case.name), address=THIEF)
    case.works("09:00:05", timed(AUDIT, "readonly", key(0), "09:00:00"), address=THIEF)
    case.ask(key(0), "dana opened the door, an outsider came through it", links=[link("key", made)],
             origin=origin("account", False, "account-not-in-lake", account=C, name=stranger),
             trusts=[{"of": "role", "name": AUDIT.name, "event_id": opened["eventID"], "event_name": "UpdateAssumeRolePolicy", "by": {"arn": DANA.arn, "access_key": DANA.key},
                      "lets": made["eventID"]}])

    case = Case("trust-removed", "role deleted and made anew before it was assumed", "`trusts` has nothing that was set before the DeleteRole, and the CreateRole after it where that is here")
    for role in (AUDIT, DEPLOY):
        case.call("08:00:00", EVE.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": role.name, "policyDocument": policy})
        case.call("08:05:00", EVE.signed(), "iam:DeleteRole", {"roleName": role.name})
    case.call("08:06:00", EVE.signed(), "iam:DeleteRole", {"roleName": BUILD.name}, error=("DeleteConflict", "Cannot delete entity, must detach all policies first."))
    anew = case.call("08:10:00", DANA.signed(), "iam:CreateRole", {"roleName": DEPLOY.name, "assumeRolePolicyDocument": policy})
    kept = case.call("08:00:00", BACKUP.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": BUILD.name, "policyDocument": policy})
    for number, (role, by) in enumerate(((AUDIT, None), (DEPLOY, anew), (BUILD, kept))):
        made = case.assume(f"09:0{number}:00", DANA.signed(), role, "laptop", key(number))
        case.works(f"09:0{number}:05", timed(role, "laptop", key(number), f"09:0{number}:00"))
        trusts = [{"of": "role", "name": role.name, "event_id": by["eventID"], "lets": made["eventID"]}] if by else None
        case.ask(key(number), "what was set for a role that was deleted opens no other", origin=by_key(DANA), links=[link("key", made)], trusts=trusts)


def seconds():
    for apart in (1, 2, 3):
        name = {1: "one", 2: "two", 3: "three"}[apart]
        outcome = f"linked, and marked as {apart} s apart" if apart < 3 else "no link: 3 s are too many, by key or by session"
        case = Case(f"seconds-apart-{apart}", f"creationDate {apart} s off", outcome)
        case.earlier()
        made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
        for number, rule in enumerate(("key", "session")):
            case.works("09:00:10", timed(DEPLOY, "night", key(number), f"09:00:0{apart}", **({"invokedBy": FORWARDER} if number else {})))
            told = {"origin": by_key(DANA), "links": [link(rule, made, seconds_apart=apart)]}
            if apart == 3:
                told = {"origin": origin("unknown", False, "record-missing", **UNKNOWN), "links": none_of(made)}
            case.ask(key(number), f"{name} s between issuance and creation, rule `{rule}`", **told)

    case = Case("exact-second-wins", "creationDate: the same second beats a near one", "the AssumeRole of the very second alone")
    case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    made = case.assume("09:00:01", EVE.signed(), DEPLOY, "night", key(1))
    case.works("09:00:05", timed(DEPLOY, "night", key(2), "09:00:01", invokedBy=FORWARDER))
    case.ask(key(2), "one second off is only taken where nothing fits exactly", origin=by_key(EVE), links=[link("session", made, seconds_apart=0)])

    case = Case("neighbour-disproved", "creationDate disproves a neighbour of the same name", "gap `record-missing`, no link to the neighbour")
    case.earlier()
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    case.works("09:30:05", timed(DEPLOY, "night", key(1), "09:30:00"))
    case.ask(key(1), "half an hour later another session bore the same name", origin=origin("unknown", False, "record-missing", **UNKNOWN), links=none_of(made))

    case = Case("creation-date-form", "creationDate as `20260309T090000Z`", "`key`, as with the other form")
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    session = timed(DEPLOY, "night", key(0), "09:00:00")
    session["sessionContext"]["attributes"]["creationDate"] = "20260309T090000Z"
    case.works("09:00:05", session)
    case.ask(key(0), "both forms of the date are one time", origin=by_key(DANA), links=[link("key", made, seconds_apart=0)])


def persistence():
    case = Case("create-access-key", "CreateAccessKey: persistence", "up: origin backup, above it dana; down: backup's key below dana's")
    made = case.call("09:00:00", DANA.signed(), "iam:CreateAccessKey", {"userName": "backup"},
                     {"accessKey": {"userName": "backup", "accessKeyId": BACKUP.key, "status": "Active", "createDate": ct.long_date(at("09:00:00"))}})
    case.works("11:00:00", BACKUP.signed())
    case.works("11:00:09", BACKUP.signed())
    case.ask(BACKUP.key, "backup acts; who made the key stands above", links=[link("key", made)],
             origin=person(BACKUP, BACKUP.key, above=above(made, "key", by_key(DANA))))
    case.ask(DANA.key, "a key without an end, below the key that made it", origin=by_key(DANA), links=[], descendants=[child(made, calls=2, first=at("11:00:00"), last=at("11:00:09"))])

    case = Case("created-chain", "CreateAccessKey inside a chain", "session ← backup's key ← CreateAccessKey ← role session ← dana, and the same tree from above")
    first = case.assume("09:00:00", DANA.signed(), DEPLOY, "laptop", key(0))
    inside = timed(DEPLOY, "laptop", key(0), "09:00:00")
    made = case.call("09:10:00", inside, "iam:CreateAccessKey", {"userName": "backup"},
                     {"accessKey": {"userName": "backup", "accessKeyId": BACKUP.key, "status": "Active", "createDate": ct.long_date(at("09:10:00"))}})
    second = case.assume("2026-03-11 03:00:00", BACKUP.signed(), ADMIN, "restore", key(1))
    case.works("2026-03-11 03:01:00", timed(ADMIN, "restore", key(1), "2026-03-11 03:00:00"))
    case.ask(key(1), "the chain goes on above its origin", origin=person(BACKUP, BACKUP.key, above=above(made, "key", by_key(DANA))),
             links=[link("key", second), link("key", made), link("key", first)])
    case.ask(DANA.key, "two days later and two credentials further, still below dana's key",
             descendants=[child(first, children=[child(made, children=[child(second, calls=1)])])])

    case = Case("create-user", "CreateUser: persistence", "up: the user, above it who made it; down: the new user below dana's key")
    extra = ct.iam_user(A, "svc-report", 4)
    made = case.call("09:00:00", DANA.signed(), "iam:CreateUser", {"userName": "svc-report"},
                     {"user": {"path": "/", "userName": "svc-report", "userId": extra["principalId"], "arn": extra["arn"], "createDate": ct.long_date(at("09:00:00"))}})
    used = key(4, A, "AKIA")
    issued = case.call("09:00:20", DANA.signed(), "iam:CreateAccessKey", {"userName": "svc-report"},
                       {"accessKey": {"userName": "svc-report", "accessKeyId": used, "status": "Active", "createDate": ct.long_date(at("09:00:20"))}})
    case.works("11:00:00", with_key(extra, used))
    told = {"arn": extra["arn"], "name": "svc-report", "account": A}
    case.ask(extra["arn"], "a user was made by somebody", links=some(link("identity", made)),
             origin=origin("iam-user", **told, above=above(made, "identity", by_key(DANA))))
    case.ask(used, "the user's key was made by the key's own record", links=[link("key", issued)],
             origin=origin("iam-user", **told, access_key=used, above=above(issued, "key", by_key(DANA))))
    case.ask(DANA.key, "the user stands below who made it", descendants=some(child(made, "identity")))

    case = Case("create-login-profile", "CreateLoginProfile, UpdateLoginProfile: persistence", "console session ← ConsoleLogin; above it the last change of the password before the sign-in")
    first = case.call("09:00:00", DANA.signed(), "iam:CreateLoginProfile", {"userName": "backup", "passwordResetRequired": False},
                      {"loginProfile": {"userName": "backup", "createDate": ct.long_date(at("09:00:00")), "passwordResetRequired": False}})
    last = case.call("09:30:00", EVE.signed(), "iam:UpdateLoginProfile", {"userName": "backup", "passwordResetRequired": False})
    login = case.console_login("10:00:00", BACKUP.identity)
    case.works("10:00:05", BACKUP.session(key(0), "10:00:00"))
    later = case.call("11:00:00", DANA.signed(), "iam:UpdateLoginProfile", {"userName": "backup", "passwordResetRequired": True})
    case.ask(key(0), "eve set the password that was used", origin=person(BACKUP, above=above(last, "identity", by_key(EVE))),
             links=[link("session", login), link("identity", last)])
    case.ask(EVE.key, "the password stands below who set it", descendants=some(child(last, "identity")))
    case.ask(DANA.key, "dana's changes are hers", descendants=some(child(first, "identity"), child(later, "identity")))

    case = Case("other-ways-in", "CreateServiceSpecificCredential, UploadSigningCertificate, UploadSSHPublicKey", "below dana's key three ways in for backup")
    ways = [
        case.call("09:00:00", DANA.signed(), "iam:CreateServiceSpecificCredential", {"userName": "backup", "serviceName": "codecommit.amazonaws.com"},
                  {"serviceSpecificCredential": {"serviceName": "codecommit.amazonaws.com", "serviceUserName": "backup-at-111122223333", "serviceSpecificCredentialId": "ACCAEXAMPLE123EXAMPLE",
                                                 "userName": "backup", "status": "Active", "createDate": ct.long_date(at("09:00:00"))}}),
        case.call("09:01:00", DANA.signed(), "iam:UploadSigningCertificate", {"userName": "backup", "certificateBody": "-----BEGIN CERTIFICATE-----EXAMPLE"},
                  {"certificate": {"userName": "backup", "certificateId": "EXAMPLECERTIFICATE24CHAR", "status": "Active", "uploadDate": ct.long_date(at("09:01:00"))}}),
        case.call("09:02:00", DANA.signed(), "iam:UploadSSHPublicKey", {"userName": "backup", "sSHPublicKeyBody": "ssh-rsa EXAMPLE"},
                  {"sSHPublicKey": {"userName": "backup", "sSHPublicKeyId": "APKAEXAMPLE123EXAMPLE", "status": "Active", "uploadDate": ct.long_date(at("09:02:00"))}}),
    ]
    case.ask(DANA.key, "ways in that make no access key", origin=by_key(DANA), links=[], descendants=some(*(child(way, "identity") for way in ways)))


user_to_role()
role_chains()
twins()
keys_that_come_again()
two_accounts()
seconds()
persistence()
