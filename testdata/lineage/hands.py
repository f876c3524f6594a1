"""Who had a hand on what acted, beside the chain: keys put in force again, machines that somebody acted on, roles that somebody passed."""

import copy

import cloudtrail as ct
from telling import (A, ADMIN, BACKUP, BROWSER, BUILD, DANA, DEPLOY, EVE, NAT, THIEF, WORKER, Case, above, at, by_key, key, link, origin, person, timed)
from people import LEA, OKTA, with_saml
from workloads import INSTANCE, RUNTIME, run_instances

OTHER = "i-0fedcba9876543210"
NODE = "mi-0123456789abcdef0"
TASK = "0123456789abcdef0123456789abcdef"
DENIED = ("AccessDenied", "User is not authorized to perform this operation")


def hand(of, name, made, user, lets):
    """Who is named beside a chain."""
    return {"of": of, "name": name, "event_id": made["eventID"], "event_name": made["eventName"], "by": {"arn": user.arn}, "lets": lets and lets["eventID"]}


def keys():
    case = Case("key-put-in-force-again", "a long-term key that somebody else put in force again", "above its uses who made it; `trusts` has eve's UpdateAccessKey, not dana's that put it out of force, nor what was refused, of another key or later")
    made = case.call("07:30:00", DANA.signed(), "iam:CreateAccessKey", {"userName": BACKUP.name}, {"accessKey": {"userName": BACKUP.name, "accessKeyId": BACKUP.key, "status": "Active"}})

    def update(time, user, status, used=BACKUP.key, name=BACKUP.name, **more):
        return case.call(time, user.signed(), "iam:UpdateAccessKey", {"userName": name, "accessKeyId": used, "status": status}, **more)

    update("07:40:00", DANA, "Active")
    update("07:50:00", DANA, "Inactive")
    again = update("08:40:00", EVE, "Active")
    update("08:45:00", DANA, "Active", error=DENIED)
    update("08:46:00", DANA, "Active", used=key(7, prefix="AKIA"), name="other")
    case.works("09:00:00", BACKUP.signed(), address=THIEF)
    assumed = case.assume("09:01:00", BACKUP.signed(), DEPLOY, "night", key(0), address=THIEF)
    case.works("09:01:05", timed(DEPLOY, "night", key(0), "09:01:00"), address=THIEF)
    update("09:30:00", DANA, "Inactive")
    update("09:40:00", DANA, "Active")
    whole = {"origin": person(BACKUP, BACKUP.key, above=above(made, "key", by_key(DANA)))}
    case.ask(BACKUP.key, "dana made the key, and eve put it in force", links=[link("key", made, above_origin=True)], trusts=[hand("key", BACKUP.key, again, EVE, None)], **whole)
    case.ask(key(0), "so it is above what the key made", links=[link("key", assumed), link("key", made)], trusts=[hand("key", BACKUP.key, again, EVE, assumed)], **whole)
    case.ask(BACKUP.name, "and where the user is asked about by name", trusts=[hand("key", BACKUP.key, again, EVE, None)])

    case = Case("key-out-of-force", "a long-term key that was put in force again, and out of it before its use", "`trusts` has nothing: what was last set does not let it in")
    case.call("08:30:00", EVE.signed(), "iam:UpdateAccessKey", {"userName": BACKUP.name, "accessKeyId": BACKUP.key, "status": "Active"})
    case.call("08:40:00", DANA.signed(), "iam:UpdateAccessKey", {"userName": BACKUP.name, "accessKeyId": BACKUP.key, "status": "Inactive"})
    case.works("09:00:00", BACKUP.signed())
    case.ask(BACKUP.key, "somebody else must have put it in force", origin=by_key(BACKUP), trusts=None)


def machines():
    case = Case("instance-acted-on", "EC2 instance on which others acted after its launch", "`launched` to dana's RunInstances; `trusts` has who sent it commands, keys and user data, or had a session there, of each the last before its calls")
    launched = run_instances(case, "08:00:00", DANA.signed())
    made = case.by_service("08:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)

    def send(time, user, ids=(INSTANCE,), request=None, **more):
        answer = {"command": {"commandId": ct.uuid_of(case.name, time), "documentName": "AWS-RunShellScript", "instanceIds": list(ids)}}
        asked = {"documentName": "AWS-RunShellScript", "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS", "interactive": False}
        return case.call(time, user.signed(), "ssm:SendCommand", asked | (request or {"instanceIds": list(ids)}), None if "error" in more else answer, **more)

    send("07:50:00", EVE)
    send("08:10:00", EVE)
    sent = send("08:20:00", EVE, request={"targets": [{"key": "InstanceIds", "values": [OTHER, INSTANCE]}]})
    send("08:21:00", BACKUP, error=DENIED)
    send("08:22:00", BACKUP, ids=(OTHER,))
    opened = case.call("08:30:00", BACKUP.signed(), "ssm:StartSession", {"target": INSTANCE}, {"sessionId": "backup-0123456789abcdef0", "tokenValue": "Value hidden due to security reasons."})
    pushed = case.call("08:31:00", EVE.signed(), "ec2-instance-connect:SendSSHPublicKey", {"instanceId": INSTANCE, "instanceOSUser": "ec2-user", "sSHPublicKey": "ssh-ed25519 EXAMPLE"}, {"requestId": ct.uuid_of("push", case.name), "success": True})
    changed = case.call("08:32:00", EVE.signed(), "ec2:ModifyInstanceAttribute", {"instanceId": INSTANCE, "userData": "<sensitiveDataRemoved>"}, {"requestId": ct.uuid_of("data", case.name), "_return": True})
    case.call("08:33:00", BACKUP.signed(), "ec2:ModifyInstanceAttribute", {"instanceId": INSTANCE, "disableApiTermination": {"value": False}}, {"requestId": ct.uuid_of("end", case.name), "_return": True})
    machine = timed(WORKER, INSTANCE, key(0), "08:00:12", ec2RoleDelivery="2.0")
    early = case.works("09:00:00", machine, address=NAT, agent=RUNTIME)
    between = send("09:00:30", DANA)
    assumed = case.assume("09:01:00", machine, ADMIN, "next", key(1), address=NAT, agent=RUNTIME)
    case.works("09:01:05", timed(ADMIN, "next", key(1), "09:01:00"), address=NAT, agent=RUNTIME)
    send("09:30:00", DANA)
    hands = [hand("instance", INSTANCE, one, user, made) for one, user in ((sent, EVE), (opened, BACKUP), (pushed, EVE), (changed, EVE), (between, DANA))]
    service = {"origin": origin("service", name="ec2.amazonaws.com", above=above(launched, "launched", by_key(DANA)))}
    case.ask(key(0), "dana launched it; that is not to say that she acted", links=[link("key", made), link("launched", launched)], trusts=hands, **service)
    case.ask(early, "one call is before the command that came between", links=[link("key", made), link("launched", launched)], trusts=hands[:-1], **service)
    case.ask(key(1), "so it is of what the instance assumed", links=[link("key", assumed), link("key", made), link("launched", launched)], trusts=hands, **service)

    case = Case("task-acted-on", "ECS task in which somebody ran a command", "`trusts` has eve's ExecuteCommand, not that of another task")
    case.earlier()
    made = case.by_service("09:00:00", "ecs-tasks.amazonaws.com", WORKER, TASK, key(0))
    task = f"arn:aws:ecs:eu-west-1:{A}:task/shop/{TASK}"

    def execute(time, user, of):
        return case.call(time, user.signed(), "ecs:ExecuteCommand", {"cluster": "shop", "container": "web", "command": "/bin/sh", "interactive": True, "task": of},
                         {"clusterArn": f"arn:aws:ecs:eu-west-1:{A}:cluster/shop", "containerName": "web", "interactive": True, "taskArn": task})

    ran = execute("09:10:00", EVE, task)
    execute("09:11:00", BACKUP, "fedcba9876543210fedcba9876543210")
    case.works("09:20:00", timed(WORKER, TASK, key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "whoever has a shell in the task has its role", links=[link("key", made)], origin=origin("service", name="ecs-tasks.amazonaws.com"), trusts=[hand("task", TASK, ran, EVE, made)])

    case = Case("node-of-systems-manager", "a machine elsewhere than in EC2 that was registered with Systems Manager", "origin that service for the node; `trusts` has eve's CreateActivation, which passed the role, and dana's SendCommand")
    case.earlier()
    passed = case.call("08:00:00", EVE.signed(), "ssm:CreateActivation", {"iamRole": WORKER.name, "registrationLimit": 1}, {"activationId": ct.uuid_of("activation"), "activationCode": "HIDDEN_DUE_TO_SECURITY_REASONS"})
    case.call("08:00:10", BACKUP.signed(), "ssm:CreateActivation", {"iamRole": DEPLOY.name, "registrationLimit": 1, "description": WORKER.name}, {"activationId": ct.uuid_of("other activation")})
    made = case.by_service("08:30:00", "ssm.amazonaws.com", WORKER, NODE, key(0))
    sent = case.call("08:40:00", DANA.signed(), "ssm:SendCommand", {"documentName": "AWS-RunShellScript", "instanceIds": [NODE], "parameters": "HIDDEN_DUE_TO_SECURITY_REASONS"}, {"command": {"commandId": ct.uuid_of(case.name), "instanceIds": [NODE]}})
    case.works("09:00:00", timed(WORKER, NODE, key(0), "08:30:00"), address=THIEF, agent=RUNTIME)
    case.ask(key(0), "no field names the activation by which it was registered", links=[link("key", made)],
             origin=origin("service", name="ssm.amazonaws.com", on_behalf_of={"kind": "node", "id": NODE}, above=None, above_gap={"reason": "no-credential"}),
             trusts=[hand("passed", WORKER.name, passed, EVE, made), hand("node", NODE, sent, DANA, made)])


def orders():
    rows = (("glue", "GlueJobRunnerSession", "glue.amazonaws.com", "glue:UpdateJob", {"jobName": "night", "jobUpdate": {"role": WORKER.name}}, "a job of Glue"),
            ("state-machine", "abcdefghijklmnop", "states.eu-west-1.amazonaws.com", "states:CreateStateMachine", {"name": "night", "roleArn": WORKER.arn}, "a state machine"),
            ("stack", "AWSCloudFormation", "cloudformation.amazonaws.com", "cloudformation:CreateStack", {"stackName": "night", "roleARN": WORKER.arn}, "a stack of CloudFormation"))
    for name, session, service, action, request, words in rows:
        case = Case(f"role-passed-to-a-{name}", f"{words} that acts with a role that somebody passed it", "origin the service, with nobody above; `trusts` has who passed it the role and who told it to act last, not who passed another one, or elsewhere, or told another")
        case.earlier()
        answer = {"stateMachineArn": MACHINE + "night"} if name == "state-machine" else {}
        passed = case.call("08:00:00", EVE.signed(), action, request, answer)
        case.call("08:01:00", BACKUP.signed(), action, json_with(request, DEPLOY), {})
        case.call("08:02:00", BACKUP.signed(), "lambda:CreateFunction20150331", {"functionName": "other", "role": WORKER.arn}, {"functionName": "other"})
        told = [case.call(time, user.signed(), *order(name, thing)) for time, user, thing in (("08:30:00", BACKUP, "night"), ("08:31:00", BACKUP, "day"), ("08:40:00", BACKUP, "night"))][2]
        made = case.by_service("09:00:00", service, WORKER, session, key(0))
        case.works("09:00:05", timed(WORKER, session, key(0), "09:00:00"), address=NAT, agent=RUNTIME)
        case.call("09:30:00", BACKUP.signed(), action, request, {})
        case.call("09:31:00", EVE.signed(), *order(name, "night"))
        case.ask(key(0), "no field names the call that told it to act; a role is passed by a call that names it", links=[link("key", made)],
                 origin=origin("service", name=service, above=None, above_gap={"reason": "no-credential"}), trusts=[hand("passed", WORKER.name, passed, EVE, made), hand("ordered", "night", told, BACKUP, made)])

    case = Case("task-of-a-service", "ECS task that a service of ECS started", "origin the service for the task, no launch; `trusts` has eve's RegisterTaskDefinition, which passed the role")
    case.earlier()
    arn = f"arn:aws:ecs:eu-west-1:{A}:task-definition/shop:2"
    passed = case.call("08:00:00", EVE.signed(), "ecs:RegisterTaskDefinition", {"family": "shop", "taskRoleArn": WORKER.arn}, {"taskDefinition": {"taskDefinitionArn": arn, "taskRoleArn": WORKER.arn}})
    case.call("07:01:00", BACKUP.signed(), "ecs:UpdateService", {"service": "shop", "cluster": "shop", "desiredCount": 2}, {"service": {"serviceName": "shop"}})
    told = case.call("08:01:00", EVE.signed(), "ecs:UpdateService", {"service": "shop", "cluster": "shop", "taskDefinition": "shop:2"}, {"service": {"serviceName": "shop", "taskDefinition": arn}})
    made = case.by_service("09:00:00", "ecs-tasks.amazonaws.com", WORKER, TASK, key(0))
    case.works("09:00:05", timed(WORKER, TASK, key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "no record tells that the service started the task", links=[link("key", made)], origin=origin("service", name="ecs-tasks.amazonaws.com", above=None), trusts=[hand("passed", WORKER.name, passed, EVE, made), hand("ordered", "shop", told, EVE, made)])

    case = Case("build-by-a-pipeline", "CodeBuild, a build that a pipeline started", "`launched` to the StartBuild of codepipeline, above which nobody is named; `trusts` has eve's UpdatePipeline, which passed its role, and dana's StartPipelineExecution")
    case.earlier()
    passed = case.call("08:00:00", EVE.signed(), "codepipeline:UpdatePipeline", {"pipeline": {"name": "shop", "roleArn": BUILD.arn, "version": 2}}, {"pipeline": {"name": "shop", "version": 3}})
    told = case.call("08:59:00", DANA.signed(), "codepipeline:StartPipelineExecution", {"name": "shop"}, {"pipelineExecutionId": ct.uuid_of("pipeline")})
    service, session, build = "codepipeline.amazonaws.com", "1773046800000", ct.uuid_of("a build")
    assumed = case.by_service("09:00:00", service, BUILD, session, key(1))
    started = case.call("09:00:05", timed(BUILD, session, key(1), "09:00:00", invokedBy=service), "codebuild:StartBuild", {"projectName": "shop"},
                        {"build": {"id": f"shop:{build}", "arn": f"arn:aws:codebuild:eu-west-1:{A}:build/shop:{build}", "serviceRole": WORKER.arn}})
    made = case.by_service("09:00:10", "codebuild.amazonaws.com", WORKER, f"AWSCodeBuild-{build}", key(0))
    case.works("09:01:00", timed(WORKER, f"AWSCodeBuild-{build}", key(0), "09:00:10"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "a pipeline is somebody's", links=[link("key", made), link("launched", started), link("key", assumed)],
             origin=origin("service", name="codebuild.amazonaws.com", above=above(started, "launched", origin("service", name=service, above_gap={"reason": "no-credential"}))),
             trusts=[hand("passed", BUILD.name, passed, EVE, assumed), hand("ordered", "shop", told, DANA, assumed)])


MACHINE = f"arn:aws:states:eu-west-1:{A}:stateMachine:"


def order(kind, name):
    """A call that tells a job, state machine or stack to act, with its request."""
    return {"glue": ("glue:StartJobRun", {"jobName": name}, {"jobRunId": "jr_EXAMPLE"}),
            "state-machine": ("states:StartExecution", {"stateMachineArn": MACHINE + name}, {"executionArn": MACHINE.replace("stateMachine", "execution") + name + ":EXAMPLE"}),
            "stack": ("cloudformation:UpdateStack", {"stackName": f"arn:aws:cloudformation:eu-west-1:{A}:stack/{name}/EXAMPLE"}, {"stackId": "EXAMPLE"})}[kind]


def json_with(request, role):
    """The same request with another role."""
    made = copy.deepcopy(request)
    for holder in (made, *[value for value in made.values() if isinstance(value, dict)]):
        for name in ("role", "roleArn", "roleARN"):
            if name in holder:
                holder[name] = role.arn if "arn" in name.lower() else role.name
    return made


def candidates():
    case = Case("sign-ins-with-and-without-mfa", "two sign-ins of one user in one second, one of them with MFA", "`session` to both, ambiguous; neither MFA nor sign-in is said of dana, for it may be each")
    logins = [case.console_login("09:00:00", DANA.identity), case.console_login("09:00:00", DANA.identity, address=THIEF)]
    logins[1]["additionalEventData"]["MFAUsed"] = "Yes"
    case.works("09:01:00", DANA.session(key(0), "09:00:00", mfa=True), agent=BROWSER)
    first = min(logins, key=lambda made: made["eventID"])
    case.ask(key(0), "nothing tells which of the two it was", links=[link("session", first, among=logins)], origin=person(DANA, mfa=None, sign_in=None))

    case = Case("saml-two-providers", "two providers of SAML that vouched for one name in one second", "link ambiguous, gap `several-origins`; `trusts` has who made each provider")
    evil = f"arn:aws:iam::{A}:saml-provider/Evil"
    providers = [case.call(time, user.signed(), "iam:CreateSAMLProvider", {"name": arn.rsplit("/", 1)[-1]}, {"sAMLProviderArn": arn}) for time, user, arn in (("07:00:00", DANA, OKTA), ("08:00:00", EVE, evil))]
    made = [with_saml(case, "09:00:00", DEPLOY, LEA, key(number), arn) for number, arn in enumerate((OKTA, evil))]
    case.works("09:02:00", timed(DEPLOY, LEA, key(2), "09:00:00"), agent=BROWSER, sessionCredentialFromConsole="true")
    first = min(made, key=lambda one: one["eventID"])
    case.ask(key(2), "the other provider may have let her in as well", links=[link("session", first, among=made)], origin={"kind": "saml", "certain": False, "gap": {"reason": "several-origins"}},
             trusts=[hand("provider", name, one, user, first) for name, one, user in (("Okta", providers[0], DANA), ("Evil", providers[1], EVE))])


keys()
machines()
orders()
candidates()
