"""The callers of the story, and how sessions come about. README.md tells the story in words."""

import json

import cloudtrail as ct
from policies import S, managed
from telling import Expected, KEYS, Plot, SDK, Who, at, made_role, made_user, scp_arn, session

plot = Plot()
OFFICE, HOME, CARLS, HOST, OUTSIDE = "198.51.100.17", "198.51.100.23", "203.0.113.40", "192.0.2.60", "203.0.113.99"

# --- people and their long-term keys
ANNA = Who(made_user("anna", KEYS.make("AKIA", S)), OFFICE)
CARL = Who(made_user("carl", KEYS.make("AKIA", S)), CARLS)
BACKUP = Who(made_user("backup-bot", KEYS.make("AKIA", S)), HOST, SDK)
LISA = Who(made_user("lisa", KEYS.make("AKIA", S)), HOME)
GONE = Who(made_user("old-export", KEYS.make("AKIA", S)), HOST, SDK)
CI_POLICY, BASE, WORK = managed("ci-deploy-policy"), managed("analyst-base"), managed("contractor-work")
GUARDRAILS, LIMITS, OWN_PEOPLE = scp_arn("p-exguard01"), scp_arn("p-exshop001"), scp_arn("p-exrcp0001")
CI_DAYS = ("01", "02", "04", "08", "10", "15", "17", "22", "24")


def same(layer, policy, sid, requests, why, *facts, **more):
    return Expected("same", layer, (policy, sid) if policy else None, requests, why, facts=facts, **more)


def now_denied(layer, policy, sid, requests, why, *facts, **more):
    return Expected("now-denied", layer, (policy, sid) if policy else None, requests, why,
                    facts=(f"now-denied:{layer}", *facts), **more)


def now_allowed(layer, policy, sid, requests, why, *facts, **more):
    return Expected("now-allowed", layer, (policy, sid) if policy else None, requests, why,
                    facts=(f"now-allowed:{facts[0]}", *facts[1:]), **more)


def undetermined(layer, needs, requests, why, *facts, policy=None, sid=None, **more):
    return Expected("undetermined", layer, (policy, sid) if policy else None, requests, why, needs,
                    facts=("undetermined", *facts), **more)


def asking(arn, *more):
    return [("sts:AssumeRole", arn), *more]


def assumed(time, who, name, session_name, expected, tags=None, transitive=(), policy=None, arns=(), external=None, serial=None,
            seconds=3600, mfa=False, address=None, agent=None, inherited=False):
    """AssumeRole that works, and the session it makes. Across accounts the role's account has a record of it, too."""
    made = made_role(name)
    key = KEYS.make("ASIA", made.account)
    request = {"roleArn": made.arn, "roleSessionName": session_name, "durationSeconds": seconds}
    if tags:
        request["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
    if transitive:
        request["transitiveTagKeys"] = list(transitive)
    if policy:
        request["policy"] = json.dumps(policy)
    if arns:
        request["policyArns"] = [{"arn": arn} for arn in arns]
    if external:
        request["externalId"] = external
    if serial:
        request["serialNumber"] = serial
    response = made.issued(session_name, key, at(time), seconds)
    more = {"resources": made.resources()}
    caller = who.identity["accountId"]
    if caller != made.account:
        more["sharedEventID"] = ct.uuid_of("shared", time, made.arn)
    call = plot.call(time, who, "sts:AssumeRole", request, expected, response, **more)
    if caller != made.account:
        outsider = {"type": "AWSAccount", "principalId": who.identity["principalId"], "accountId": caller}
        other = Expected("same", expected.layer, expected.statement, expected.requests,
                         "the copy in the role's account names the caller by account and unique id only; the other copy, or the id in "
                         "the snapshot, tells who it is", facts=("other-half",), also="undetermined")
        plot.call(time, who.but(identity=outsider), "sts:AssumeRole", request, other, response, recipientAccountId=made.account,
                  requestID=call.record["requestID"], **more)
    identity = session(name, session_name, key, at(time), mfa or serial is not None)
    return Who(identity, address or who.address, agent or who.agent)


def service_assumed(time, service, name, session_name, expected, keyed=True, address=HOST, agent=SDK, seconds=21600):
    """AssumeRole by an AWS service."""
    made = made_role(name)
    key = KEYS.make("ASIA", S) if keyed else None
    who = Who({"type": "AWSService", "invokedBy": service}, service, service, more={"host": None})
    request = {"roleArn": made.arn, "roleSessionName": session_name, "durationSeconds": seconds}
    response = made.issued(session_name, key or KEYS.make("ASIA", S), at(time), seconds)
    if service == "ec2.amazonaws.com":
        del response["assumedRoleUser"]
    plot.call(time, who, "sts:AssumeRole", request, expected, response, resources=made.resources(), recipientAccountId=made.account,
              sharedEventID=ct.uuid_of("shared", time, made.arn))
    more = {"ec2RoleDelivery": "2.0"} if service == "ec2.amazonaws.com" else {}
    return Who(session(name, session_name, key, at(time), **more), address, agent)


def trusted(name, sid, why="the trust policy lets the service in", *facts, arn=None):
    arn = arn or made_role(name).arn
    return same("trust", arn, sid, asking(arn), why, *facts)
