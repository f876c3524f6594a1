"""What records tell besides names and moments, and which links that rules out."""

import cloudtrail as ct
from people import LEA, portal, switch_role
from telling import (A, ADMIN, B, BROWSER, BUILD, C, DANA, DEPLOY, EVE, FORWARDER, NAT, OPS, THIEF, WORKER, Case, above, at, by_key, child, key, link, origin,
                     person, timed, timeless)
from workloads import INSTANCE, run_instances

MINE, HERS = {"extra": {"sourceIdentity": "dana"}}, {"extra": {"sourceIdentity": "eve"}}


def forwarded(case, time, role, session, used, created, **more):
    """A call that a service makes for a session, with a key of its own."""
    return case.call(time, timed(role, session, key(used), created, invokedBy=FORWARDER, **more), "kms:Decrypt", None, None)


def source_identities():
    case = Case("source-identity-of-another", "source identity of another than the AssumeRole of that second asked for", "no link, gap `record-missing`: nobody can change a source identity")
    case.earlier()
    case.assume("09:00:00", DANA.signed(), DEPLOY, "job", key(0), **MINE)
    leaf = forwarded(case, "09:05:00", DEPLOY, "job", 1, "09:00:00", sourceIdentity="eve")
    case.ask(leaf, "role, name and second agree, and the source identity does not", origin=origin("unknown", False, "record-missing"), links=[])

    case = Case("source-identity-tells-twins", "two AssumeRole of one second and session name, told apart by the source identity", "`session` to the one of eve, not ambiguous")
    case.earlier()
    case.assume("09:00:00", DANA.signed(), DEPLOY, "job", key(0), **MINE)
    made = case.assume("09:00:00", EVE.signed(), DEPLOY, "job", key(1), **HERS)
    leaf = forwarded(case, "09:05:00", DEPLOY, "job", 2, "09:00:00", sourceIdentity="eve")
    case.ask(leaf, "one of both asked for this source identity", origin=by_key(EVE), links=[link("session", made)])

    case = Case("source-identity-of-the-maker", "two AssumeRole of one second and session name by sessions that bear different source identities", "`session`, then `key`, to eve: the source identity travels down the chain")
    case.earlier()
    first = [case.assume("09:00:00", user.signed(), DEPLOY, user.name, key(number), extra={"sourceIdentity": user.name}) for number, user in enumerate((DANA, EVE))]
    second = [case.assume("09:01:00", timed(DEPLOY, user.name, key(number), "09:00:00", sourceIdentity=user.name), BUILD, "job", key(2 + number))
              for number, user in enumerate((DANA, EVE))]
    leaf = forwarded(case, "09:05:00", BUILD, "job", 4, "09:01:00", sourceIdentity="eve")
    case.ask(leaf, "nobody asked for one, and whoever called bears one", origin=by_key(EVE), links=[link("session", second[1]), link("key", first[1])])


def shared_ids():
    case = Case("shared-id-of-another", "`sharedEventID` of another request", "no copy: time, key and session differ; the chain stops at the principal of the other account")
    case.earlier()
    case.earlier(B)
    shared = ct.uuid_of("shared by two requests")
    made = case.across("09:00:00", DANA.id, OPS, "job", key(0, B), A, shared)
    case.assume("09:30:00", EVE.signed(), OPS, "other", key(1, B), sharedEventID=shared)
    case.works("09:05:00", timed(OPS, "job", key(0, B), "09:00:00"))
    case.ask(key(0, B), "eve's request bears the same id, and made another session", origin=origin("account", False, "record-missing", account=A, name=DANA.id), links=[link("key", made)])

    case = Case("shared-id-constant", "one `sharedEventID` for all requests, as in sanitised logs", "each session goes back to the copy of its own request")
    case.earlier()
    case.earlier(B)
    shared = "00000000-0000-0000-0000-000000000000"
    for number, (user, time) in enumerate(((DANA, "09:00:00"), (EVE, "09:30:00"))):
        copy = case.assume(time, user.signed(), OPS, f"job-{number}", key(number, B), sharedEventID=shared)
        made = case.across(time, user.id, OPS, f"job-{number}", key(number, B), A, shared)
        case.works(time[:4] + "5:00", timed(OPS, f"job-{number}", key(number, B), time))
        case.ask(key(number, B), "key, session and second tell which copy it is", origin=by_key(user), links=[link("key", made), link("shared-event", copy)])


def ids():
    case = Case("principal-by-create-user", "cross-account, target log only; CreateUser told whose unique id it is", "origin that user, incomplete: no record of its own account is joined")
    case.earlier()
    case.earlier(B)
    svc = ct.iam_user(A, "svc-report", 5)
    case.call("08:00:00", DANA.signed(), "iam:CreateUser", {"userName": "svc-report"},
              {"user": {"path": "/", "userName": "svc-report", "userId": svc["principalId"], "arn": svc["arn"], "createDate": "Mar 9, 2026 8:00:00 AM"}}, readOnly=False)
    made = case.across("09:00:00", svc["principalId"], OPS, "job", key(0, B), A, ct.uuid_of("by svc-report"))
    case.works("09:05:00", timed(OPS, "job", key(0, B), "09:00:00"))
    case.ask(svc["arn"], "below the user what the other account knows by its id", descendants=[child(made, "identity", calls=1)])
    case.ask(key(0, B), "an id is never given again", origin=origin("iam-user", False, "record-missing", arn=svc["arn"], name="svc-report", account=A), links=[link("key", made)])

    case = Case("principal-by-its-assume-role", "cross-account over an account of which no log is here; the AssumeRole into it told whose unique id it is", "origin the principal, with the ARN of its session, incomplete")
    case.earlier()
    case.earlier(C)
    far = ct.Role(C, "far", 0)
    case.assume("09:00:00", DANA.signed(), OPS, "hop", key(0, B), sharedEventID=ct.uuid_of("into B"))
    middle = OPS.issued("hop", key(0, B), at("09:00:00"))["assumedRoleUser"]
    made = case.across("09:05:00", middle["assumedRoleId"], far, "job", key(0, C), B, ct.uuid_of("from B to C"))
    case.works("09:06:00", timed(far, "job", key(0, C), "09:05:00"))
    case.ask(key(0, C), "role and session are told by who assumed it",
             origin=origin("account", False, "account-not-in-lake", account=B, name=middle["assumedRoleId"], arn=middle["arn"]), links=[link("key", made)])


def scopes():
    name = "LambdaOrchestrator"
    case = Case("scope-named-like-a-function", "`inScopeOf` of a state machine that is called like a function", "origin the service for the state machine; who made a function of that name is not above it")
    case.earlier()
    function = f"arn:aws:lambda:eu-west-1:{A}:function:{name}"
    case.call("08:00:00", EVE.signed(), "lambda:CreateFunction20150331", {"functionName": name, "role": BUILD.arn},
              {"functionName": name, "functionArn": function, "role": BUILD.arn, "version": "$LATEST"}, readOnly=False)
    machine = f"arn:aws:states:eu-west-1:{A}:stateMachine:{name}"
    made = case.by_service("09:00:00", "states.amazonaws.com", BUILD, "run", key(0))
    case.works("09:00:05", timed(BUILD, "run", key(0), "09:00:00", inScopeOf={"sourceArn": machine, "sourceAccount": A}))
    case.ask(key(0), "the ARN is of Step Functions, whatever the name says",
             origin=origin("service", name="states.amazonaws.com", on_behalf_of={"kind": "resource", "id": machine}, above=None), links=[link("key", made)])

    case = Case("service-names-of-its-own", "sessions that services name for themselves: ECS's scheduler, the pollers of Lambda", "origin the service, for no task and no function")
    linked = ct.Role(A, "AWSServiceRoleForECS", 6, "/aws-service-role/ecs.amazonaws.com/")
    told = (("ecs.amazonaws.com", linked, "ecs-service-scheduler"), ("lambda.amazonaws.com", WORKER, "awslambda_735_20260309091000123"))
    for number, (service, role, session) in enumerate(told):
        made = case.by_service(f"09:{number}0:00", service, role, session, key(number))
        case.works(f"09:{number}0:05", timed(role, session, key(number), f"09:{number}0:00"))
        case.ask(key(number), f"{service} acts, and for nothing that is called so", origin=origin("service", name=service, on_behalf_of=None, above=None), links=[link("key", made)])

    case = Case("instance-by-systems-manager", "EC2 instance with a session from Systems Manager", "origin that service for the instance; its launch above, no more than likely")
    launched = run_instances(case, "08:00:00", DANA.signed())
    managed = ct.Role(A, "AWSSystemsManagerDefaultEC2InstanceManagementRole", 8, "/service-role/")
    made = case.by_service("09:00:00", "ssm.amazonaws.com", managed, INSTANCE, key(0))
    case.works("09:00:05", timed(managed, INSTANCE, key(0), "09:00:00"), address=NAT)
    case.ask(key(0), "the session is called after the instance by the service", origin={"kind": "service", "on_behalf_of": {"kind": "instance", "id": INSTANCE}, "above": above(launched, "launched", by_key(DANA))},
             links=[link("key", made), link("launched", launched)])


def persons():
    case = Case("identity-center-name-elsewhere", "a role called like one of Identity Center, at another path", "no link to the portal, and no user of Identity Center: somebody named it so")
    case.earlier(B)
    fake = ct.Role(B, "AWSReservedSSO_PlatformAdmin_aaaaaaaaaaaaaaaa", 9)
    portal(case, "09:00:00", LEA)
    case.works("09:05:00", timed(fake, LEA, key(0, B), "09:00:00"), address=THIEF)
    case.ask(key(0, B), "Identity Center's roles have a path of their own", origin=origin("unknown", False, "record-missing"), links=[])

    case = Case("forwarded-user-mfa", "forwarded access for a user, with MFA", "origin the user, incomplete, gap `sign-in-missing`: long-term keys know no MFA")
    case.earlier()
    leaf = case.call("09:30:00", DANA.session(key(0), "09:00:00", mfa=True, invokedBy="athena.amazonaws.com"), "s3:GetBucketLocation", {"bucketName": "example-reports"})
    case.ask(leaf, "somebody signed in, or got a token", origin=person(DANA, complete=False, gap="sign-in-missing"), links=[])

    case = Case("identity-type-missing", "`userIdentity` without a type, and with one that nobody knows yet", "the same chain: a key of the account signed")
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    whole = timed(DEPLOY, "night", key(0), "09:00:00")
    bare = {name: value for name, value in whole.items() if name != "type"}
    leaves = [case.works(f"09:0{number + 1}:00", identity, recipientAccountId=A) for number, identity in enumerate((whole, bare, whole | {"type": "MachineIdentity"}))]
    for leaf in leaves:
        case.ask(leaf, "the record names key, session and account", origin=by_key(DANA), links=[link("key", made)])

    case = Case("switch-from-another-account", "SwitchRole from another account, of which no log is here", "`session` to the SwitchRole, not to the AssumeRole that names an id alone: origin the user whom it names, incomplete")
    case.earlier(B)
    case.across("09:10:00", DANA.id, OPS, "dana", key(0, B), A, ct.uuid_of("switched across"), address="AWS Internal", agent="AWS Internal")
    made = switch_role(case, "09:10:00", OPS, "dana", DANA, recipientAccountId=B)
    case.works("09:11:00", timed(OPS, "dana", key(1, B), "09:10:00"), agent=BROWSER, sessionCredentialFromConsole="true")
    case.ask(key(1, B), "the record of switching names who did", origin={"kind": "iam-user", "arn": DANA.arn, "complete": False}, links=[link("session", made)])

    case = Case("claim-of-a-switch", "`claim`: a session that does not say when it was made, after a record of switching roles", "`claim` to the SwitchRole, origin who switched: not complete")
    case.earlier()
    made = switch_role(case, "09:10:00", ADMIN, "dana", DANA)
    leaf = case.works("09:20:00", timeless(ADMIN, "dana", key(0)), agent=BROWSER)
    case.ask(leaf, "role and session name agree, no more", origin={"kind": "iam-user", "arn": DANA.arn, "complete": False}, links=[link("claim", made)])


def neighbours():
    case = Case("neighbour-with-its-own-session", "creationDate: a neighbour 2 s off whose own key signs for a session of its second", "no link, gap `record-missing`: an AssumeRole makes one session")
    case.earlier()
    made = case.assume("09:00:02", EVE.signed(), DEPLOY, "GitHubActions", key(0))
    case.works("09:04:00", timed(DEPLOY, "GitHubActions", key(0), "09:00:02"))
    forwarded(case, "09:05:00", DEPLOY, "GitHubActions", 1, "09:00:00")
    case.ask(key(1), "eve's session is another", origin=origin("unknown", False, "record-missing"), links=[])
    case.ask(key(0), "and is hers", origin=by_key(EVE), links=[link("key", made)])


def switches():
    case = Case("switch-below-the-sign-in", "console SwitchRole after the one sign-in with a password that somebody else set", "down: password, console session, role, each once and certain, as up")
    case.earlier()
    changed = case.call("08:00:00", EVE.signed(), "iam:UpdateLoginProfile", {"userName": "dana", "passwordResetRequired": False})
    login = case.console_login("08:05:00", DANA.identity, address=THIEF)
    switched = switch_role(case, "08:10:00", ADMIN, "dana", DANA)
    case.works("08:11:00", timed(ADMIN, "dana", key(1), "08:10:00"), address=THIEF, agent=BROWSER)
    case.works("08:12:00", DANA.session(key(0), "08:05:00"), address=THIEF, agent=BROWSER)
    case.ask(key(1), "dana signed in once", links=[link("session", switched), link("session", login), link("identity", changed)],
             origin=person(DANA, above=above(changed, "identity", by_key(EVE))))
    role = child(switched, "session", calls=1, remarks=[], children=[])
    case.ask(EVE.key, "the role stands below the console session alone", descendants=[child(changed, "identity", children=[child(login, "session", calls=1, children=[role])])])


source_identities()
switches()
neighbours()
shared_ids()
ids()
scopes()
persons()
