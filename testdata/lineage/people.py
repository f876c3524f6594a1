"""People: at the console, by Identity Center, by SAML, with a session token; and what they do under another's name."""

import copy

import cloudtrail as ct
from telling import (A, ADMIN, B, BROWSER, C, DANA, DEPLOY, EVE, FORWARDER, HOME, OPS, SIGN_IN, THIEF, Case, at, by_key, first_of, key, link,
                     none_of, origin, person, some, timed)

LEA, MAX = "lea@example.com", "max@example.com"
SSO = ct.Role(B, "AWSReservedSSO_PlatformAdmin_0123456789abcdef", 1, "/aws-reserved/sso.amazonaws.com/eu-west-1/")
SSO_PROVIDER = f"arn:aws:iam::{B}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
OKTA = f"arn:aws:iam::{A}:saml-provider/Okta"
STORE = f"arn:aws:identitystore::{A}:identitystore/d-0123456789"
LEA_ID, MAX_ID = "e0000000-1111-4222-8333-444455556666", "e0000000-1111-4222-8333-777788889999"
ROOT = {"type": "Root", "principalId": A, "arn": f"arn:aws:iam::{A}:root", "accountId": A}


def on_behalf(user_id=LEA_ID):
    return {"userId": user_id, "identityStoreArn": STORE}


def root_session(account, used, created, **more):
    """Root with a temporary key."""
    identity = {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account, "accessKeyId": used}
    return identity | {"sessionContext": {"attributes": {"creationDate": at(created), "mfaAuthenticated": "false"}} | more}


def consoles():
    case = Case("console-login", "IAM user console session", "`session` to the ConsoleLogin for each of its keys, origin dana without a key, complete")
    check = DANA.identity | {"accessKeyId": ""}
    del check["arn"]
    case.call("08:59:54", check, "signin:CheckMfa", None, {"CheckMfa": "Success"}, agent=BROWSER, additionalEventData={"MfaType": "Virtual MFA"},
              eventType="AwsConsoleSignIn", readOnly=False, requestID=None)
    login = case.console_login("09:00:00", DANA.identity)
    for number in (0, 1):
        case.works(f"09:00:1{number}", DANA.session(key(number), "09:00:00", mfa=True), agent=BROWSER, sessionCredentialFromConsole="true")
        case.ask(key(number), "the console makes keys that no record names; user and second tell whose they are", origin=person(DANA), links=[link("session", login, seconds_apart=0)])

    case = Case("console-no-login", "IAM user console session without its ConsoleLogin", "origin dana, incomplete, gap `sign-in-missing`; neither the failed sign-in of that second nor the later one is taken")
    case.earlier()
    failed = case.console_login("09:00:00", DANA.identity, success=False)
    later = case.console_login("11:00:00", DANA.identity)
    session = DANA.session(key(0), "09:00:00", mfa=True)
    case.works("09:00:10", session, agent=BROWSER)
    case.call("09:00:12", DANA.session(key(1), "09:00:00", mfa=True, invokedBy="AWS Internal"), "kms:Decrypt")
    case.ask(key(0), "the record says who; how they signed in, no record says", origin=person(DANA, complete=False, gap="sign-in-missing"), links=none_of(failed, later))

    case = Case("one-user-two-ways", "one session name, three sessions: by a key, by a console session with MFA, by one without its ConsoleLogin",
                "origin dana for all: neither key nor MFA nor sign-in, for they differ; not complete, for one is not")
    case.earlier()
    case.console_login("09:00:00", DANA.identity)["additionalEventData"]["MFAUsed"] = "Yes"
    for number, (time, identity) in enumerate((("09:10:00", DANA.signed()), ("09:20:00", DANA.session(key(4), "09:00:00", mfa=True)), ("09:30:00", DANA.session(key(5), "09:25:00")))):
        case.assume(time, identity, DEPLOY, "laptop", key(number))
        made = timed(DEPLOY, "laptop", key(number), time)
        made["sessionContext"]["attributes"]["mfaAuthenticated"] = "true" if number == 1 else "false"
        case.works(time[:6] + "05", made)
    case.ask(DEPLOY.session_arn("laptop"), "what all three share", origin={"kind": "iam-user", "arn": DANA.arn, "access_key": None, "mfa": None, "sign_in": None, "complete": False,
                                                                          "gap": {"reason": "sign-in-missing"}})

    case = Case("console-before-logs", "IAM user console session older than the log", "origin dana, incomplete, gap `before-logs`")
    case.earlier()
    case.works("07:00:10", DANA.session(key(0), "06:30:00", mfa=True), agent=BROWSER)
    case.ask(key(0), "the sign-in was before the log began", origin=person(DANA, complete=False, gap="before-logs"))

    case = Case("root-console", "root console session", "`session` to root's ConsoleLogin, origin root")
    login = case.console_login("09:00:00", ROOT | {"accessKeyId": ""})
    case.works("09:00:10", root_session(A, key(0), "09:00:00"), agent=BROWSER)
    case.ask(key(0), "the sign-in has an empty key", origin=origin("root", arn=ROOT["arn"], account=A, access_key=None), links=[link("session", login)])

    case = Case("empty-key", "empty accessKeyId", "an empty key counts as none: rule `session`")
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0))
    leaf = case.works("09:00:05", timed(DEPLOY, "night", None, "09:00:00"))
    leaf["userIdentity"] = {name: value for name, value in leaf["userIdentity"].items() if name != "sessionContext"} | {"accessKeyId": "", "sessionContext": leaf["userIdentity"]["sessionContext"]}
    other = case.console_login("09:00:00", ROOT | {"accessKeyId": ""})
    case.ask(leaf, "no issuance may match by an empty key", origin=by_key(DANA), links=[link("session", made)])
    case.ask(other, "nor is root's sign-in anybody's parent by it", origin=origin("root", arn=ROOT["arn"], access_key=None), links=[])


def switches():
    case = Case("switch-role", "console SwitchRole, with the AssumeRole of the sign-in service in both accounts", "`session`, then `shared-event`, then `session` to dana's ConsoleLogin; the SwitchRole record fits less: it only says that the session is used")
    login = case.console_login("09:00:00", DANA.identity)
    shared = ct.uuid_of("lineage", case.name)
    low, high = sorted(ct.uuid_of("lineage", case.name, number) for number in ("first", "second"))
    here = case.assume("09:10:00", DANA.session(key(0), "09:00:00", mfa=True, invokedBy="AWS Internal"), OPS, "dana", key(0, B), sharedEventID=shared)
    there = case.across("09:10:00", DANA.id, OPS, "dana", key(0, B), A, shared, address="AWS Internal", agent="AWS Internal", eventID=low)
    switch = switch_role(case, "09:10:00", OPS, "dana", DANA, eventID=high)
    case.works("09:11:00", timed(OPS, "dana", key(1, B), "09:10:00"), agent=BROWSER, sessionCredentialFromConsole="true")
    case.ask(key(1, B), "the console uses another key than the answer names", origin=person(DANA),
             links=[link("session", there), link("shared-event", here), link("session", login)])

    case = Case("switch-role-assumed", "console SwitchRole by its AssumeRole alone, in a record that does not say that the console made the call",
                "`session`, for the console keeps the key of the answer; then `shared-event`, then `session` to dana's ConsoleLogin")
    login = case.console_login("09:00:00", DANA.identity)
    shared = ct.uuid_of("lineage", case.name)
    here = case.assume("09:10:00", DANA.session(key(0), "09:00:00", mfa=True, invokedBy="AWS Internal"), OPS, "dana", key(0, B), sharedEventID=shared)
    there = case.across("09:10:00", DANA.id, OPS, "dana", key(0, B), A, shared, address="AWS Internal", agent="AWS Internal")
    case.works("09:11:00", timed(OPS, "dana", key(1, B), "09:10:00"), agent=BROWSER)
    case.ask(key(1, B), "nobody else than the console signs with the key of its AssumeRole", origin=person(DANA),
             links=[link("session", there), link("shared-event", here), link("session", login)])

    case = Case("switch-role-only", "console SwitchRole alone", "`session` to the SwitchRole, whose SwitchFrom names dana; incomplete without her sign-in")
    switch = switch_role(case, "09:10:00", ADMIN, "dana", DANA)
    case.works("09:11:00", timed(ADMIN, "dana", key(1), "09:10:00"), agent=BROWSER)
    unsigned = person(DANA, complete=False, gap="before-logs")
    case.ask(key(1), "SwitchFrom is an explicit parent", origin=unsigned, links=[link("session", switch)])
    case.ask(switch, "the record of the switch is of the session that it made", origin=unsigned, links=[link("session", switch)])

    case = Case("switch-role-sign-in", "console SwitchRole alone, with the ConsoleLogin before", "`session` to the SwitchRole, then `session` to dana's ConsoleLogin")
    login = case.console_login("09:00:00", DANA.identity)
    switch = switch_role(case, "09:10:00", ADMIN, "dana", DANA)
    case.works("09:11:00", timed(ADMIN, "dana", key(1), "09:10:00"), agent=BROWSER)
    for leaf in (key(1), switch):
        case.ask(leaf, "dana's only sign-in in the 12 hours before", origin=person(DANA), links=[link("session", switch), link("session", login)])

    case = Case("renew-role", "console RenewRole", "`session` to the RenewRole of its second, not to the SwitchRole before")
    switch = switch_role(case, "09:10:00", ADMIN, "dana", DANA)
    renewed = switch_role(case, "10:08:00", ADMIN, "dana", DANA, name="RenewRole")
    case.works("09:11:00", timed(ADMIN, "dana", key(1), "09:10:00"), agent=BROWSER)
    case.works("10:09:00", timed(ADMIN, "dana", key(2), "10:08:00"), agent=BROWSER)
    unsigned = person(DANA, complete=False, gap="before-logs")
    case.ask(key(1), "before it was renewed", origin=unsigned, links=[link("session", switch)])
    case.ask(key(2), "after it was renewed", origin=unsigned, links=[link("session", renewed)])


def switch_role(case, time, role, session, user, name="SwitchRole", **more):
    """The sign-in service's record: the role session without a key and without its time."""
    identity = timed(role, session, None, time)
    del identity["sessionContext"]
    said = {"SwitchFrom": user.arn, "RedirectTo": "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1#"}
    return case.call(time, identity, f"signin:{name}", None, {name: "Success"}, agent=BROWSER, additionalEventData=said,
                     eventType="AwsConsoleSignIn", readOnly=False, requestID=None, **more)


def tokens():
    case = Case("session-token-mfa", "GetSessionToken with MFA", "`key` to the GetSessionToken, then on: still dana, with her long-term key")
    made = case.call("09:00:00", DANA.signed(), "sts:GetSessionToken", {"durationSeconds": 3600, "serialNumber": f"arn:aws:iam::{A}:mfa/dana", "tokenCode": "123456"},
                     {"credentials": {"accessKeyId": key(0), "sessionToken": ct.token_of("session", key(0)), "expiration": ct.long_date(at("10:00:00"))}})
    session = DANA.session(key(0), "09:00:00", mfa=True)
    case.works("09:00:05", session)
    assumed = case.assume("09:01:00", session, DEPLOY, "with-mfa", key(1))
    case.works("09:01:05", timed(DEPLOY, "with-mfa", key(1), "09:01:00"))
    case.ask(key(0), "the type stays IAMUser, the key is temporary", origin=by_key(DANA), links=[link("key", made)])
    case.ask(key(1), "and a role behind it", origin=by_key(DANA), links=[link("key", assumed), link("key", made)])

    case = Case("federation-token", "GetFederationToken", "`key` to the GetFederationToken, origin dana")
    made = case.call("09:00:00", DANA.signed(), "sts:GetFederationToken", {"name": "report", "durationSeconds": 3600},
                     {"credentials": {"accessKeyId": key(0), "sessionToken": ct.token_of("federation", key(0)), "expiration": ct.long_date(at("10:00:00"))},
                      "federatedUser": {"federatedUserId": f"{A}:report", "arn": f"arn:aws:sts::{A}:federated-user/report"}, "packedPolicySize": 6}, readOnly=False)
    case.works("09:00:05", federated("report", key(0), "09:00:00"))
    for who in (key(0), "report"):
        case.ask(who, "a federated user with the key of the answer", origin=by_key(DANA), links=[link("key", made)])

    case = Case("federation-token-missing", "federated user whose issuance is missing", "origin dana by the session issuer, incomplete, gap `record-missing`")
    case.earlier()
    case.works("09:00:05", federated("report", key(0), "09:00:00"))
    case.ask(key(0), "the record names who lent the permissions", origin=person(DANA, complete=False, gap="record-missing"))

    case = Case("console-from-signin-token", "console from credentials: GetSigninToken, ConsoleLogin", "`session` to the ConsoleLogin, whose caller is the role session; then `key`, origin dana")
    made = case.assume("09:00:00", DANA.signed(), ADMIN, "shell", key(0))
    session = timed(ADMIN, "shell", key(0), "09:00:00")
    case.call("09:05:00", session, "signin:GetSigninToken", None, {"GetSigninToken": "Success"}, agent="Python-urllib/3.12", additionalEventData={"MobileVersion": "No", "MFAUsed": "No"},
              eventType="AwsConsoleSignIn", readOnly=False, requestID=None)
    login = case.console_login("09:05:04", session, address=THIEF)
    case.works("09:05:20", timed(ADMIN, "shell", key(1), "09:05:04"), agent=BROWSER, address=THIEF)
    case.works("09:06:00", timed(ADMIN, "shell", key(2), "09:00:00"), agent=BROWSER, address=THIEF, sessionCredentialFromConsole="true")
    case.ask(key(1), "a session of the sign-in's second", origin=by_key(DANA), links=[link("session", login), link("key", made)])
    case.ask(key(2), "a session that kept the role session's time", origin=by_key(DANA), links=[link("session", made)])

    case = Case("assume-root", "AssumeRoot", "`key` to the AssumeRoot in the management account, then `key`, origin dana")
    assumed = case.assume("09:00:00", DANA.signed(), ADMIN, "root-task", key(0))
    made = case.call("09:05:00", timed(ADMIN, "root-task", key(0), "09:00:00"), "sts:AssumeRoot",
                     {"targetPrincipal": B, "taskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}, "durationSeconds": 900},
                     {"credentials": {"accessKeyId": key(0, B), "sessionToken": ct.token_of("root", key(0, B)), "expiration": ct.long_date(at("09:20:00"))}})
    case.call("09:06:00", root_session(B, key(0, B), "09:05:00", assumedRoot="true"), "s3:DeleteBucketPolicy", {"bucketName": "example-locked", "policy": ""})
    case.ask(key(0, B), "root of another account, and yet dana", origin=by_key(DANA), links=[link("key", made), link("key", assumed)])

    case = Case("aws-login", "aws login: CreateOAuth2Token, signInSessionArn", "`session` to the CreateOAuth2Token, then `session` to dana's ConsoleLogin")
    login = case.console_login("09:00:00", DANA.identity)
    sign_in = f"arn:aws:signin:us-east-1:{A}:session/{ct.uuid_of('sign-in', case.name)}"
    made = oauth_token(case, "09:02:00", DANA.session(None, "09:00:00"), sign_in)
    for number, created in enumerate(("09:02:00", "09:02:40")):
        identity = DANA.session(key(number), created)
        identity["sessionContext"]["signInSessionArn"] = sign_in
        case.works(f"09:03:0{number}", identity, agent="aws-cli/2.32.0")
    case.ask(key(0), "same user and second, same sign-in session", origin=person(DANA), links=[link("session", made), link("session", login)])
    case.ask(key(1), "a key of another second, joined by signInSessionArn", origin=person(DANA), links=[link("session", made), link("session", login)])


def oauth_token(case, time, identity, sign_in):
    """CreateOAuth2Token as AWS shows it: no key in the request, nothing in the answer."""
    return case.call(time, identity, "signin:CreateOAuth2Token", {"client_id": "arn:aws:signin:::devtools/same-device"}, None, agent="aws-cli/2.32.0 md/command#login",
                     additionalEventData={"success": "true", "x-amzn-vpce-id": "", "signInSessionArn": sign_in}, readOnly=True)


def federated(name, used, created):
    """A federated user, lent dana's permissions."""
    issuer = {"type": "IAMUser", "principalId": DANA.id, "arn": DANA.arn, "accountId": A, "userName": "dana"}
    return {"type": "FederatedUser", "principalId": f"{A}:{name}", "arn": f"arn:aws:sts::{A}:federated-user/{name}", "accountId": A, "accessKeyId": used,
            "sessionContext": {"sessionIssuer": issuer, "attributes": {"creationDate": at(created), "mfaAuthenticated": "false"}}}


def forwarded():
    case = Case("forwarded-user", "forwarded access of a user with a long-term key", "origin dana, complete, no key: AWS records no issuance, by design")
    case.earlier()
    case.call("09:00:00", DANA.signed(), "secretsmanager:GetSecretValue", {"secretId": "reporting/db"})
    case.call("09:00:00", DANA.session(key(0), "09:00:00", invokedBy=FORWARDER), "kms:Decrypt")
    case.call("09:00:01", DANA.session(key(0), "09:00:00", invokedBy=FORWARDER), "kms:Decrypt")
    case.ask(key(0), "every call of this session was forwarded", origin=person(DANA))

    case = Case("forwarded-role", "forwarded access of a role session", "the same session: `key` to its AssumeRole")
    made = case.assume("08:59:00", DANA.signed(), DEPLOY, "laptop", key(0))
    session = timed(DEPLOY, "laptop", key(0), "08:59:00")
    case.call("09:00:00", session, "secretsmanager:GetSecretValue", {"secretId": "reporting/db"})
    leaf = case.call("09:00:00", session | {"invokedBy": FORWARDER}, "kms:Decrypt")
    case.ask(leaf, "invokedBy says who passed the call on, not who made it", origin=by_key(DANA), links=[link("key", made)])


def portals():
    case = Case("identity-center-cli-hidden", "IAM Identity Center, CLI, old record shape", "`session` to lea's GetRoleCredentials in the management account; max's, of the same second and role, is not taken")
    case.earlier(B)
    decoy = portal(case, "09:00:00", "max@example.com")
    made = portal(case, "09:00:00", LEA)
    case.works("09:00:05", timed(SSO, LEA, key(0, B), "09:00:00", onBehalfOf=on_behalf()), address=HOME)
    case.ask(key(0, B), "the answer is hidden; account, role, second and user name fit", origin=origin("identity-center-user", name=LEA, access_key=None), links=[link("session", made)])
    case.ask(made, "the portal's own record: lea herself", origin=origin("identity-center-user", name=LEA), links=[])
    case.ask(decoy, "and max", origin=origin("identity-center-user", name="max@example.com"), links=[])

    case = Case("identity-center-cli-new", "IAM Identity Center, new record shape: onBehalfOf, credentialId, no user name", "`session` to the GetRoleCredentials one second before, marked")
    case.earlier(B)
    made = portal(case, "09:00:00", None)
    case.works("09:00:05", timed(SSO, LEA, key(0, B), "09:00:01", onBehalfOf=on_behalf()), address=HOME)
    case.ask(key(0, B), "no name to compare; account, role and time fit", origin=origin("identity-center-user", access_key=None), links=[link("session", made, seconds_apart=1)])

    case = Case("identity-center-two-people", "IAM Identity Center, new record shape: two people into one permission set, one second apart and in one second", "each session goes to the step of its own user id; without one in the record to that of the id that other records give its name")
    case.earlier(B)
    for second, lea, other in (("00:00", "00:00", "00:01"), ("10:00", "10:00", "10:00")):
        steps = [portal(case, f"09:{lea}", None), portal(case, f"09:{other}", None, user_id=MAX_ID)]
        for number, (name, user_id) in enumerate(((LEA, LEA_ID), (MAX, MAX_ID))):
            used = key(number + (2 if second == "10:00" else 0), B)
            case.works(f"09:{second[:2]}:30", timed(SSO, name, used, f"09:{second}", onBehalfOf=on_behalf(user_id)), address=HOME)
            case.ask(used, "the record names the user's id", origin=origin("identity-center-user", name=name, user_id=user_id), links=[link("session", steps[number])])
    case.works("09:11:00", timed(SSO, MAX, key(4, B), "09:10:00"), address=HOME)
    case.ask(key(4, B), "this record names max by name, others his id", origin=origin("identity-center-user", name=MAX, user_id=MAX_ID), links=[link("session", steps[1])])

    case = Case("identity-center-somebody-else", "IAM Identity Center, new record shape: only another person's step of that second is here", "no link to it: origin the person whom the session names, incomplete")
    case.earlier(B)
    case.earlier()
    portal(case, "08:00:00", None, user_id=MAX_ID)
    case.works("08:00:05", timed(SSO, MAX, key(0, B), "08:00:00", onBehalfOf=on_behalf(MAX_ID)), address=HOME)
    decoy = portal(case, "09:00:00", None, user_id=MAX_ID)
    case.works("09:00:10", timed(SSO, LEA, key(1, B), "09:00:01"), address=HOME)
    case.ask(key(1, B), "other records tell that the step's id is max's", origin=origin("identity-center-user", False, "record-missing", name=LEA, user_id=None), links=none_of(decoy))

    case = Case("identity-center-another-id", "IAM Identity Center, new record shape: a step of an id that is not the one of the session's name", "no link to it: origin the person whom the session names, with its own id")
    case.earlier(B)
    case.earlier()
    decoy = portal(case, "09:00:00", None, user_id=MAX_ID)
    case.works("09:00:15", timed(SSO, LEA, key(0, B), "09:00:01"), address=HOME)
    case.works("10:00:00", timed(SSO, LEA, key(1, B), "09:59:59", onBehalfOf=on_behalf()), address=HOME)
    case.ask(key(0, B), "lea has another id", origin=origin("identity-center-user", False, "record-missing", name=LEA, user_id=LEA_ID), links=none_of(decoy))

    case = Case("identity-center-nobody-told", "IAM Identity Center, new record shape: a step of an id whose name nothing tells", "`claim` to the step, origin the person whom the session names: not certain, not complete")
    case.earlier(B)
    case.earlier()
    made = portal(case, "09:00:00", None, user_id=MAX_ID)
    case.works("09:00:15", timed(SSO, LEA, key(0, B), "09:00:01"), address=HOME)
    case.ask(key(0, B), "one names the person by id alone, the other by name alone", origin=origin("identity-center-user", False, "only-claimed", name=LEA, user_id=None, certain=False), links=[link("claim", made)])

    case = Case("identity-center-console", "IAM Identity Center, console: AssumeRoleWithSAML, other keys used", "`session` to the AssumeRoleWithSAML for both keys; a subject of AWSSSO_… is an Identity Center user")
    made = with_saml(case, "09:00:00", SSO, LEA, key(0, B), SSO_PROVIDER)
    for number in (1, 2):
        case.works(f"09:00:1{number}", timed(SSO, LEA, key(number, B), "09:00:00", onBehalfOf=on_behalf()), address=HOME, agent=BROWSER, sessionCredentialFromConsole="true")
        case.ask(key(number, B), "the key of the answer is never used", origin=origin("identity-center-user", name=LEA, provider=SSO_PROVIDER, access_key=None), links=[link("session", made)])

    case = Case("identity-center-both", "IAM Identity Center: portal and AssumeRoleWithSAML of one sign-in", "origin the Identity Center user, certain; shown is the AssumeRoleWithSAML, that names the session in full")
    low, high = sorted(ct.uuid_of("lineage", case.name, number) for number in ("first", "second"))
    portal(case, "09:00:00", None, name="Federate", eventID=high)
    made = with_saml(case, "09:00:00", SSO, LEA, key(0, B), SSO_PROVIDER, eventID=low)
    case.works("09:00:10", timed(SSO, LEA, key(1, B), "09:00:00", onBehalfOf=on_behalf()), address=HOME, agent=BROWSER)
    case.ask(key(1, B), "two records of one act", origin=origin("identity-center-user"), links=some({"rule": "session", "event_id": made["eventID"]}))

    case = Case("identity-center-console-login", "IAM Identity Center, console, with the ConsoleLogin of the role session", "the chain reaches the AssumeRoleWithSAML; the ConsoleLogin is of the session itself and no other origin")
    made = with_saml(case, "09:00:00", SSO, LEA, key(0, B), SSO_PROVIDER)
    case.console_login("09:00:00", timed(SSO, LEA, key(1, B), "09:00:00"), address=HOME)
    case.works("09:00:10", timed(SSO, LEA, key(2, B), "09:00:00", onBehalfOf=on_behalf()), address=HOME, agent=BROWSER)
    case.ask(key(2, B), "the session did not make itself", origin=origin("identity-center-user", name=LEA), links=some({"rule": "session", "event_id": made["eventID"]}))

    case = Case("identity-center-missing", "IAM Identity Center, neither portal nor AssumeRoleWithSAML", "origin the Identity Center user by role and session name, incomplete, gap `account-not-in-lake`: the identity store is of the account that runs Identity Center")
    case.earlier(B)
    case.works("09:00:10", timed(SSO, LEA, key(1, B), "09:00:00", onBehalfOf=on_behalf()), address=HOME)
    case.ask(key(1, B), "only Identity Center makes sessions of AWSReservedSSO_ roles", origin=origin("identity-center-user", False, "account-not-in-lake", name=LEA))

    case = Case("saml", "SAML", "`key` to the AssumeRoleWithSAML, origin the subject and its provider")
    made = with_saml(case, "09:00:00", DEPLOY, LEA, key(0), OKTA)
    case.works("09:00:05", timed(DEPLOY, LEA, key(0), "09:00:00"), address=HOME)
    case.ask(key(0), "a company's own identity provider", origin=origin("saml", name=LEA, provider=OKTA, access_key=None), links=[link("key", made)], trusts=None)

    case = Case("saml-provider-changed", "SAML, after the provider was changed: whoever changed it decides whose word counts", "origin the subject; `trusts` has eve's UpdateSAMLProvider and the CreateRole")
    case.call("07:00:00", DANA.signed(), "iam:CreateSAMLProvider", {"name": OKTA.rsplit("/", 1)[-1], "sAMLMetadataDocument": "HIDDEN"})
    made_role = case.call("07:10:00", DANA.signed(), "iam:CreateRole", {"roleName": DEPLOY.name, "assumeRolePolicyDocument": "{}"})
    changed = case.call("08:00:00", EVE.signed(), "iam:UpdateSAMLProvider", {"sAMLProviderArn": OKTA, "sAMLMetadataDocument": "HIDDEN"})
    made = with_saml(case, "09:00:00", DEPLOY, LEA, key(0), OKTA)
    case.works("09:00:05", timed(DEPLOY, LEA, key(0), "09:00:00"), address=THIEF)
    case.ask(key(0), "eve's provider vouched", origin=origin("saml", name=LEA, provider=OKTA), links=[link("key", made)],
             trusts=[{"of": "role", "name": DEPLOY.name, "event_id": made_role["eventID"], "lets": made["eventID"]},
                     {"of": "provider", "name": OKTA.rsplit("/", 1)[-1], "event_id": changed["eventID"], "by": {"arn": EVE.arn}, "lets": made["eventID"]}])

    case = Case("saml-provider-removed", "SAML, after the provider was deleted and made anew unseen", "origin the subject; `trusts` is empty: eve's UpdateSAMLProvider was of the one before")
    case.call("08:00:00", EVE.signed(), "iam:UpdateSAMLProvider", {"sAMLProviderArn": OKTA, "sAMLMetadataDocument": "HIDDEN"})
    case.call("08:10:00", DANA.signed(), "iam:DeleteSAMLProvider", {"sAMLProviderArn": OKTA})
    made = with_saml(case, "09:00:00", DEPLOY, LEA, key(0), OKTA)
    case.works("09:00:05", timed(DEPLOY, LEA, key(0), "09:00:00"), address=HOME)
    case.ask(key(0), "the provider that vouched is another one", origin=origin("saml", name=LEA, provider=OKTA), links=[link("key", made)], trusts=None)


def portal(case, time, user_name, name="GetRoleCredentials", user_id=LEA_ID, **more):
    """The portal's record, in the management account: the old shape with a name, the new one without."""
    if user_name:
        identity = {"type": "Unknown", "principalId": LEA_ID if user_name == LEA else MAX_ID, "accountId": A, "userName": user_name}
    else:
        identity = {"type": "IdentityCenterUser", "accountId": A, "onBehalfOf": on_behalf(user_id), "credentialId": "EXAMPLE-" + ct.uuid_of("credential", case.name)}
    return case.call(time, identity, f"sso:{name}", None, None, address=HOME, eventType="AwsServiceEvent", host=None, readOnly=name.startswith("Get"),
                     serviceEventDetails={"role_name": "PlatformAdmin", "account_id": B}, **more)


def with_saml(case, time, role, session, issued, provider, **more):
    """AssumeRoleWithSAML; the session bears the subject's name."""
    qualifier = "EXAMPLEzQ1x2y3z4w5v6u7t8s9="
    identity = {"type": "SAMLUser", "principalId": f"{qualifier}:{session}", "userName": session, "identityProvider": qualifier}
    request = {"sAMLAssertionID": "_" + ct.uuid_of("assertion", case.name), "roleSessionName": session, "durationSeconds": 3600, "roleArn": role.arn, "principalArn": provider}
    response = role.issued(session, issued, at(time)) | {"subject": session, "subjectType": "persistent", "issuer": "https://idp.example.com/saml/EXAMPLE", "audience": "https://signin.aws.amazon.com/saml", "nameQualifier": qualifier}
    resources = role.resources() + [{"accountId": role.account, "type": "AWS::IAM::SAMLProvider", "ARN": provider}]
    return case.call(time, identity, "sts:AssumeRoleWithSAML", request, response, address=HOME, agent=SIGN_IN, resources=resources, recipientAccountId=role.account, **more)


def delegated():
    case = Case("delegated-access", "delegated vendor access: invokedByDelegate", "`key` to the GetDelegatedAccessToken, origin account 777788889999")
    vendor = {"type": "AWSAccount", "principalId": ct.unique_id("AROA", C, 3) + ":vendor", "accountId": C}
    response = {"assumedPrincipal": DEPLOY.session_arn("delegated"), "packedPolicySize": 9,
                "credentials": {"accessKeyId": key(0), "sessionToken": ct.token_of("delegated", key(0)), "expiration": ct.long_date(at("10:00:00"))}}
    made = case.call("09:00:00", vendor, "sts:GetDelegatedAccessToken", {"tradeInToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}, response, address=THIEF, recipientAccountId=A)
    case.works("09:00:05", timed(DEPLOY, "delegated", key(0), "09:00:00", invokedByDelegate={"accountId": C}), address=THIEF)
    case.ask(key(0), "a vendor that dana once let in", links=[link("key", made)], origin=origin("account", False, "account-not-in-lake", account=C))


def claims():
    case = Case("claim", "`claim`: no key, no creation date", "`claim` to the AssumeRole of the name; a claim never makes a chain complete")
    made = case.assume("08:30:00", DANA.signed(), DEPLOY, "night", key(0))
    identity = timed(DEPLOY, "night", None, "08:30:00")
    del identity["sessionContext"]
    leaf = case.works("09:00:00", identity)
    early = case.works("08:00:00", copy.deepcopy(identity) | {"arn": DEPLOY.session_arn("other"), "principalId": f"{DEPLOY.id}:other"})
    case.ask(leaf, "role and session name agree, no more", origin={"kind": "iam-user", "arn": DANA.arn, "complete": False}, links=[link("claim", made)])
    case.ask(early, "not even the name agrees", origin=origin("unknown", False, "record-missing"), links=none_of(made))

    case = Case("claim-several", "`claim`, several", "both AssumeRole calls kept, origin not certain; one 13 hours back is no candidate")
    old = case.assume("2026-03-08 19:30:00", EVE.signed(), DEPLOY, "night", key(2))
    both = [case.assume(time, user.signed(), DEPLOY, "night", key(number)) for number, (time, user) in enumerate((("08:00:00", EVE), ("08:30:00", DANA)))]
    leaf = case.works("09:00:00", identity)
    case.ask(leaf, "the latest is not better than the other", origin={"complete": False, "certain": False},
             links=some(link("claim", first_of(*both), both) | {"ambiguous": some(*(one["eventID"] for one in both)) | {"lacks": [old["eventID"]]}}))

    case = Case("session-name-mismatch", "a session name that claims another user", "origin dana; mismatch `session-name`: lea@example.com")
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, LEA, key(0))
    case.works("09:00:05", timed(DEPLOY, LEA, key(0), "09:00:00"))
    case.ask(key(0), "the caller chooses the session name", origin=by_key(DANA), links=[link("key", made)], mismatches=[{"kind": "session-name", "claim": LEA}])

    case = Case("source-identity-agrees", "sourceIdentity disagrees with what the session name claims", "origin dana; mismatch `session-name` only: the source identity is true")
    case.works("08:00:00", EVE.signed())
    made = case.assume("09:00:00", DANA.signed(), DEPLOY, "eve", key(0), extra={"sourceIdentity": "dana"})
    case.works("09:00:05", timed(DEPLOY, "eve", key(0), "09:00:00", sourceIdentity="dana"))
    case.ask(key(0), "the session name says eve, the source identity dana", origin=by_key(DANA), links=[link("key", made)], mismatches=[{"kind": "session-name", "claim": "eve"}])

    case = Case("source-identity-mismatch", "sourceIdentity that claims another user", "origin dana; mismatch `source-identity`: eve, through two roles")
    case.works("08:00:00", EVE.signed())
    first = case.assume("09:00:00", DANA.signed(), DEPLOY, "night", key(0), extra={"sourceIdentity": "eve"})
    second = case.assume("09:05:00", timed(DEPLOY, "night", key(0), "09:00:00", sourceIdentity="eve"), ADMIN, "night", key(1), extra={"sourceIdentity": "eve"})
    case.works("09:05:05", timed(ADMIN, "night", key(1), "09:05:00", sourceIdentity="eve"))
    case.ask(key(1), "whoever set it first chose it", origin=by_key(DANA), links=[link("key", second), link("key", first)],
             mismatches=some({"kind": "source-identity", "claim": "eve"}))


consoles()
switches()
tokens()
forwarded()
portals()
delegated()
claims()
