"""What no call of its own tells: roles and sessions that were not used, services that somebody told, names written otherwise, addresses named by id."""

import cloudtrail as ct
from telling import (A, ADMIN, BACKUP, BROWSER, C, DANA, DEPLOY, EVE, NAT, OFFICE, THIEF, WORKER, Case, above, at, by_key, child, key, link, origin, person, some, timed)
from people import LEA, OKTA, federated, with_saml
from workloads import INSTANCE, RUNTIME, run_instances


def create_role(case, time, user, role):
    """CreateRole with its answer."""
    made = {"path": "/", "roleName": role.name, "roleId": role.id, "arn": role.arn, "createDate": ct.long_date(at(time)), "assumeRolePolicyDocument": "%7B%7D"}
    return case.call(time, user.signed(), "iam:CreateRole", {"roleName": role.name, "assumeRolePolicyDocument": "{}"}, {"role": made})


def not_used():
    case = Case("role-never-used", "a role that was made, and assumed from outside by a session that made no call", "by any name of the role or the session: `key` to the AssumeRole, origin account 777788889999, and who made the role in `trusts`")
    case.earlier()
    door = ct.Role(A, "back-door", 11)
    made_role = create_role(case, "08:00:00", EVE, door)
    thief = ct.unique_id("AROA", C, 3) + ":thief"
    made = case.across("09:00:00", thief, door, "in", key(0), C, ct.uuid_of("shared", case.name), address=THIEF)
    told = {"origin": origin("account", False, "account-not-in-lake", account=C, name=thief), "links": [link("key", made)],
            "trusts": [{"of": "role", "name": door.name, "event_id": made_role["eventID"], "by": {"arn": EVE.arn}}]}
    for who, kind in ((door.arn, "role"), (door.name, "role"), (door.id, "role"), (door.session_arn("in"), "session"), ("in", "session")):
        case.ask(who, "the role and its session are named by what made them", subject={"kind": kind, "usage": {"calls": 0}}, **told)

    case = Case("role-never-assumed", "a role that was made, and assumed by nobody", "the role, with nobody behind it: gap `no-credential` names the CreateRole")
    case.earlier()
    create_role(case, "08:00:00", EVE, ct.Role(A, "spare", 12))
    case.ask("spare", "a role is known by the record that made it", subject={"kind": "role", "id": ct.Role(A, "spare", 12).arn}, links=[], origin={"kind": "unknown", "gap": {"reason": "no-credential"}})


def told_services():
    for service, name, event in (("cloudformation.amazonaws.com", "AWSCloudFormation", "stack"), ("ssm.amazonaws.com", f"Automation-{ct.uuid_of('execution')}", "automation")):
        case = Case(f"service-told-by-a-{event}", f"{service} acts with a role that somebody passed it", "origin the service, complete; who told it no field names: `above_gap`, `no-credential`")
        made = case.by_service("09:00:00", service, DEPLOY, name, key(0))
        case.works("09:00:05", timed(DEPLOY, name, key(0), "09:00:00", invokedBy=service))
        case.ask(key(0), "the service does what it was told", links=[link("key", made)], origin=origin("service", name=service, above=None, above_gap={"reason": "no-credential"}))

    case = Case("service-told-to-launch", "EC2 instance that Auto Scaling launched", "`launched` to the RunInstances of autoscaling; who told that no field names: `above_gap` there")
    scaling = ct.Role(A, "AWSServiceRoleForAutoScaling", 6, "/aws-service-role/autoscaling.amazonaws.com/")
    service = "autoscaling.amazonaws.com"
    assumed = case.by_service("09:00:00", service, scaling, "AutoScaling", key(1))
    launched = run_instances(case, "09:00:01", timed(scaling, "AutoScaling", None, "09:00:00", invokedBy=service))
    made = case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)
    case.works("09:02:00", timed(WORKER, INSTANCE, key(0), "09:00:12", ec2RoleDelivery="2.0"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "a group of instances is somebody's", links=[link("key", made), link("launched", launched), link("session", assumed)],
             origin=origin("service", name="ec2.amazonaws.com", above=above(launched, "launched", origin("service", name=service, above_gap={"reason": "no-credential"}))))

    case = Case("service-for-itself", "service-linked role of a service that acts for itself", "origin the service, and nobody is missing above it")
    config = ct.Role(A, "AWSServiceRoleForConfig", 7, "/aws-service-role/config.amazonaws.com/")
    made = case.by_service("09:00:00", "config.amazonaws.com", config, "AWSConfig-Describe", key(0))
    case.works("09:00:05", timed(config, "AWSConfig-Describe", key(0), "09:00:00", invokedBy="config.amazonaws.com"))
    case.ask(key(0), "it looks at what is there", links=[link("key", made)], origin=origin("service", name="config.amazonaws.com", above=None, above_gap=None))


def names():
    case = Case("name-in-capitals", "UpdateLoginProfile and UpdateAssumeRolePolicy with names in capitals: IAM does not tell them apart by that", "the same user and role: above the sign-in who set the password, in `trusts` who set the policy; down: the sign-in below the password")
    changed = case.call("08:30:00", EVE.signed(), "iam:UpdateLoginProfile", {"userName": "BACKUP", "passwordResetRequired": False})
    policy = case.call("08:40:00", EVE.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": "Deploy", "policyDocument": "{}"})
    login = case.console_login("09:00:00", BACKUP.identity, address=THIEF)
    session = BACKUP.session(key(0), "09:00:00")
    case.works("09:00:05", session, agent=BROWSER, address=THIEF)
    made = case.assume("09:01:00", session, DEPLOY, "backup", key(1), address=THIEF)
    case.works("09:01:05", timed(DEPLOY, "backup", key(1), "09:01:00"), address=THIEF)
    whole = {"origin": person(BACKUP, above=above(changed, "identity", by_key(EVE)))}
    case.ask(key(0), "eve set the password that was used", links=[link("session", login), link("identity", changed)], **whole)
    case.ask(key(1), "and who may assume the role", links=[link("key", made), link("session", login), link("identity", changed)],
             trusts=[{"of": "role", "name": "deploy", "event_id": policy["eventID"], "by": {"arn": EVE.arn}}], **whole)
    case.ask(EVE.key, "the sign-in stands below the password", descendants=some(child(changed, "identity", calls=1, children=[child(login, "session", calls=1 + 1, children=[child(made)])])))


def addresses():
    own, other = "198.51.100.80", "198.51.100.81"
    second = "i-0fedcba9876543210"
    for name, request, row in (("address-by-allocation", {"allocationId": "eipalloc-0123456789abcdef0", "instanceId": INSTANCE}, "an elastic address that is tied to an instance by its allocation's id alone"),
                               ("address-by-interface", {"allocationId": "eipalloc-0123456789abcdef0", "networkInterfaceId": "eni-0123456789abcdef0"}, "an elastic address that is tied to an instance's network interface")):
        case = Case(name, row, "mismatch `place`: the key was used from another address than the instance's")
        given = {"publicIp": own, "domain": "vpc", "allocationId": "eipalloc-0123456789abcdef0"}
        case.call("08:00:00", DANA.signed(), "ec2:AllocateAddress", {"domain": "vpc"}, {"requestId": ct.uuid_of("eip", name)} | given)
        launched = run_instances(case, "09:00:00", DANA.signed())
        machine = launched["responseElements"]["instancesSet"]["items"][0]
        machine["networkInterfaceSet"] = {"items": [{"networkInterfaceId": "eni-0123456789abcdef0", "privateIpAddress": "10.0.1.10", "privateIpAddressesSet": {"item": [{"privateIpAddress": "10.0.1.10", "primary": True}]}}]}
        case.call("09:00:05", DANA.signed(), "ec2:AssociateAddress", request, {"requestId": ct.uuid_of("tie", name), "_return": True, "associationId": "eipassoc-0123456789abcdef0"})
        made = case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)
        case.works("09:05:00", timed(WORKER, INSTANCE, key(0), "09:00:12", ec2RoleDelivery="2.0"), address=THIEF, agent=RUNTIME)
        case.ask(key(0), "the instance calls from its own address", links=[link("key", made), link("launched", launched)], mismatches=[{"kind": "place", "verified": THIEF}])

    case = Case("address-of-another-instance", "a key of one instance, used from another one of the account", "mismatch `place`: each has an address of its own")
    launched = run_instances(case, "09:00:00", DANA.signed())
    launched["responseElements"]["instancesSet"]["items"][0]["publicIp"] = own
    beside = run_instances(case, "09:00:01", EVE.signed())
    beside["responseElements"]["instancesSet"]["items"][0] |= {"publicIp": other, "instanceId": second, "privateIpAddress": "10.0.1.11"}
    made = case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)
    for time, address in (("09:05:00", own), ("09:06:00", other)):
        case.works(time, timed(WORKER, INSTANCE, key(0), "09:00:12", ec2RoleDelivery="2.0"), address=address, agent=RUNTIME)
    case.ask(key(0), "the other one is the account's own, and not this instance's", links=[link("key", made), link("launched", launched)], mismatches=[{"kind": "place", "verified": other}])


def consoles():
    case = Case("console-keeps-the-session", "federated sign-in at the console, whose keys keep the moment of the role session", "down from the ConsoleLogin: nothing of its own, and a remark on the calls of the session")
    with_saml(case, "09:00:00", DEPLOY, LEA, key(0), OKTA)
    login = case.console_login("09:00:01", timed(DEPLOY, LEA, None, "09:00:00"))
    case.works("09:02:00", timed(DEPLOY, LEA, key(1), "09:00:00"), agent=BROWSER, sessionCredentialFromConsole="true")
    case.ask(login, "what the browser did may be the session's own", descendants=[child(login, "session", calls=0, remarks=some(f"1 call with other keys of {DEPLOY.session_arn(LEA)} since, which may be the console's: trace that"))])

    case = Case("federated-user-at-the-console", "GetFederationToken, then a sign-in with it", "the federated user is asked about as a session: its console session stands below it once")
    lent = federated("report", key(0), "09:00:00")
    case.call("09:00:00", DANA.signed(), "sts:GetFederationToken", {"name": "report", "durationSeconds": 3600},
              {"credentials": {"accessKeyId": key(0), "sessionToken": ct.token_of("federation", key(0)), "expiration": ct.long_date(at("10:00:00"))},
               "federatedUser": {"federatedUserId": f"{A}:report", "arn": lent["arn"]}, "packedPolicySize": 6}, readOnly=False)
    case.works("09:01:00", lent, address=OFFICE)
    login = case.console_login("09:02:00", lent, address=THIEF)
    case.works("09:03:00", federated("report", key(1), "09:02:00"), address=THIEF, agent=BROWSER, sessionCredentialFromConsole="true")
    case.ask(lent["arn"], "one user, two keys", subject={"kind": "session"}, origin=origin("iam-user", arn=DANA.arn), descendants=[child(login, "session")])


def nameless():
    case = Case("user-by-id-alone", "a call of an IAM user of whom the record tells no more than the unique id, without a key", "the user, and `above_gap` names it by that id")
    made = case.works("09:00:00", {"type": "IAMUser", "principalId": DANA.id, "accountId": A})
    told = f"neither a key nor a session signed these calls of {DANA.id}, and they are no sign-in: a bearer token or another credential of one service did, and no record names it"
    case.ask(made, "the id is who it is", links=[], origin={"kind": "iam-user", "above_gap": {"reason": "no-credential", "text": told}})


not_used()
told_services()
names()
addresses()
consoles()
nameless()
