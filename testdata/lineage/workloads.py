"""Workloads: web identity, pods, instances, functions, tasks, builds, certificates, and the services that act by themselves."""

import cloudtrail as ct
from telling import (A, ADMIN, B, BACKUP, C, DANA, DEPLOY, EVE, HOME, NAT, RUNNER, THIEF, WORKER, Case, above, at, by_key, child, federation, first_of, key, link,
                     origin, some, timed)

INSTANCE, TASK, CLUSTER = "i-0123456789abcdef0", "0123456789abcdef0123456789abcdef", f"arn:aws:eks:eu-west-1:{A}:cluster/shop"
GITHUB = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"
EKS = f"arn:aws:iam::{A}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
COGNITO, POOL = "cognito-identity.amazonaws.com", "eu-west-1:11111111-2222-4333-8444-555566667777"
VISITOR = "eu-west-1:99999999-8888-4777-8666-555544443333"
RUNTIME = "Boto3/1.36.3 md/Botocore#1.36.3 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.3"


def with_web_identity(case, time, role, session, issued, provider, subject, audience, **more):
    """AssumeRoleWithWebIdentity."""
    identity = {"type": "WebIdentityUser", "principalId": f"{provider}:{audience}:{subject}", "userName": subject, "identityProvider": provider}
    response = {"subjectFromWebIdentityToken": subject} | role.issued(session, issued, at(time)) | {"provider": provider, "audience": audience}
    return case.call(time, identity, "sts:AssumeRoleWithWebIdentity", {"roleArn": role.arn, "roleSessionName": session, "durationSeconds": 3600}, response,
                     resources=role.resources(), recipientAccountId=role.account, address=RUNNER, agent=RUNTIME, **more)


def web_identities():
    told = (
        ("github", "GitHub", GITHUB, "repo:example-org/shop:ref:refs/heads/main", "sts.amazonaws.com", "GitHubActions"),
        ("cognito", "Cognito", COGNITO, VISITOR, POOL, "CognitoIdentityCredentials"),
        ("irsa", "IRSA, a Kubernetes service account", EKS, "system:serviceaccount:payments:worker", "sts.amazonaws.com", "aws-sdk-java-1773046800000"),
    )
    for name, words, provider, subject, audience, session in told:
        case = Case(f"web-identity-{name}", f"web identity: {words}", f"`key` to the AssumeRoleWithWebIdentity, origin `{subject}` of the provider")
        made = with_web_identity(case, "09:00:00", WORKER, session, key(0), provider, subject, audience)
        case.works("09:00:05", timed(WORKER, session, key(0), "09:00:00", webIdFederationData=federation(provider)), address=RUNNER, agent=RUNTIME)
        told = origin("web-identity", name=subject, provider=provider, access_key=None)
        case.ask(key(0), "the token's subject is who it was", origin=told, links=[link("key", made)])
        case.ask(made, "the call itself is signed by nobody: its subject made it", origin=told, links=[])

    case = Case("web-identity-missing", "web identity whose issuance is missing", "origin web-identity: the provider is known, the subject is not; gap `record-missing`")
    case.earlier()
    case.works("09:00:05", timed(WORKER, "GitHubActions", key(0), "09:00:00", webIdFederationData=federation(GITHUB)), address=RUNNER)
    case.ask(key(0), "the session remembers its provider", origin=origin("web-identity", False, "record-missing", provider=GITHUB, name=None))

    case = Case("cognito-credentials", "cognito-identity GetCredentialsForIdentity", "`key` to the GetCredentialsForIdentity")
    response = {"credentials": {"accessKeyId": key(0), "sessionToken": ct.token_of("cognito", key(0)), "expiration": ct.long_date(at("10:00:00"))}, "identityId": VISITOR}
    pool = [{"accountId": A, "type": "AWS::Cognito::IdentityPool", "ARN": f"arn:aws:cognito-identity:eu-west-1:{A}:identitypool/{POOL}"}]
    made = case.call("09:00:00", {"type": "Unknown"}, "cognito-identity:GetCredentialsForIdentity",
                     {"logins": {"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "identityId": VISITOR}, response,
                     address=HOME, resources=pool, recipientAccountId=A, readOnly=False, managementEvent=False, eventCategory="Data")
    case.works("09:00:05", timed(WORKER, "CognitoIdentityCredentials", key(0), "09:00:00", webIdFederationData=federation(COGNITO)), address=HOME)
    case.ask(key(0), "the pool's answer names the key", origin={"access_key": None}, links=[link("key", made)])


def pods():
    case = Case("eks-pod-identity", "EKS Pod Identity", "`key` to the AssumeRole by pods.eks.amazonaws.com, origin that service for the pod of the tags")
    node, node_role = "i-00000000000000e01", ct.Role(A, "shop-node", 5)
    agent = timed(node_role, node, key(7), "08:30:00", ec2RoleDelivery="2.0")
    case.call("09:00:00", agent, "eks-auth:AssumeRoleForPodIdentity", {"clusterName": "shop", "token": "HIDDEN_DUE_TO_SECURITY_REASONS"}, None, address=NAT, host="eks-auth.eu-west-1.api.aws")
    session = "eks-shop-worker-7d-" + ct.uuid_of("pod session")
    tags = {"eks-cluster-arn": CLUSTER, "eks-cluster-name": "shop", "kubernetes-namespace": "payments", "kubernetes-service-account": "worker",
            "kubernetes-pod-name": "worker-7d", "kubernetes-pod-uid": ct.uuid_of("pod")}
    extra = {"durationSeconds": 21600, "tags": [{"key": name, "value": value} for name, value in tags.items()], "transitiveTagKeys": list(tags)}
    made = case.by_service("09:00:00", "pods.eks.amazonaws.com", WORKER, session, key(0), extra=extra)
    leaf = case.works("09:00:05", timed(WORKER, session, key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    leaf["eventContext"] = {"tagContext": {"principalTags": tags}}
    case.ask(key(0), "the pod's name stands in the session tags", origin=origin("service", name="pods.eks.amazonaws.com", access_key=None, on_behalf_of={"kind": "pod"}), links=[link("key", made)])


def run_instances(case, time, identity):
    """RunInstances with an instance profile."""
    request = {"instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0", "minCount": 1, "maxCount": 1}]}, "instanceType": "t3.micro", "subnetId": "subnet-0123456789abcdef0",
               "iamInstanceProfile": {"name": "worker"}}
    machine = {"instanceId": INSTANCE, "imageId": "ami-0123456789abcdef0", "instanceState": {"code": 0, "name": "pending"}, "instanceType": "t3.micro",
               "subnetId": "subnet-0123456789abcdef0", "vpcId": "vpc-0123456789abcdef0", "privateIpAddress": "10.0.1.10",
               "iamInstanceProfile": {"arn": f"arn:aws:iam::{A}:instance-profile/worker", "id": "AIPAEXAMPLE123EXAMPLE"}}
    response = {"requestId": ct.uuid_of("run", case.name), "reservationId": "r-0123456789abcdef0", "ownerId": A, "groupSet": {}, "instancesSet": {"items": [machine]}}
    return case.call(time, identity, "ec2:RunInstances", request, response)


def instances():
    served = origin("service", name="ec2.amazonaws.com", access_key=None, on_behalf_of={"kind": "instance", "id": INSTANCE})

    case = Case("ec2-instance", "EC2 instance role, with the launch; EC2's answer names no assumed-role user", "`key` to the AssumeRole by ec2, `launched` to dana's RunInstances above the origin")
    launched = run_instances(case, "09:00:00", DANA.signed())
    made = case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)
    case.works("09:02:00", timed(WORKER, INSTANCE, key(0), "09:00:12", ec2RoleDelivery="2.0"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "the instance acted, dana launched it", origin=served | {"above": above(launched, "launched", by_key(DANA))}, links=[link("key", made), link("launched", launched)])
    case.ask(DANA.key, "what the instance did stands below who launched it", descendants=some(child(launched, "launched")))

    for name, words, giver in (("instance-profile-told", "the same", DANA), ("instance-profile-of-another", "somebody else", EVE)):
        case = Case(name, f"EC2 instance with a profile of another name, of which a record tells the role: put there by {words}", "`launched` is certain; whoever put the role there is as much behind it")
        put = [case.call(time, user.signed(), "iam:AddRoleToInstanceProfile", {"instanceProfileName": "web", "roleName": role.name}, None)
               for time, user, role in (("08:00:00", BACKUP, ADMIN), ("08:30:00", giver, WORKER), ("10:00:00", BACKUP, ADMIN))]
        launched = run_instances(case, "09:00:00", DANA.signed())
        launched["requestParameters"]["iamInstanceProfile"] = {"arn": f"arn:aws:iam::{A}:instance-profile/shop/web"}
        made = case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)
        case.works("09:02:00", timed(WORKER, INSTANCE, key(0), "09:00:12", ec2RoleDelivery="2.0"), address=NAT, agent=RUNTIME)
        among = None if giver is DANA else (launched, put[1])
        case.ask(key(0), "the profile held the role when the session was made", origin=served | {"above": above(launched, "launched", by_key(DANA))},
                 links=[link("key", made), link("launched", launched, among, role_untold=None, role_given={"event_id": put[1]["eventID"], "role": "worker"})])

    case = Case("instance-profile-other-role", "EC2 instance with a profile that is called like its role and held another one", "`launched`, no more than likely")
    case.call("08:30:00", EVE.signed(), "iam:AddRoleToInstanceProfile", {"instanceProfileName": "worker", "roleName": ADMIN.name}, None)
    launched = run_instances(case, "09:00:00", DANA.signed())
    made = case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)
    case.works("09:02:00", timed(WORKER, INSTANCE, key(0), "09:00:12", ec2RoleDelivery="2.0"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "something that no record tells gave it this role", origin=served | {"above": above(launched, "launched", by_key(DANA))},
             links=[link("key", made), link("launched", launched, role_untold="worker")])

    case = Case("ec2-stolen", "EC2 instance role, a key used from elsewhere", "the same chain, and mismatch `place`: 203.0.113.66 is not the instance's NAT gateway")
    case.call("08:00:00", DANA.signed(), "ec2:AllocateAddress", {"domain": "vpc"}, {"requestId": ct.uuid_of("eip"), "publicIp": NAT, "domain": "vpc", "allocationId": "eipalloc-0123456789abcdef0"})
    gateway = {"natGatewayId": "nat-0123456789abcdef0", "vpcId": "vpc-0123456789abcdef0", "subnetId": "subnet-0123456789abcdef0", "state": "pending", "connectivityType": "public",
               "natGatewayAddressSet": {"item": {"allocationId": "eipalloc-0123456789abcdef0"}}}
    case.call("08:01:00", DANA.signed(), "ec2:CreateNatGateway", {"CreateNatGatewayRequest": {"AllocationId": "eipalloc-0123456789abcdef0", "SubnetId": "subnet-0123456789abcdef0"}},
              {"CreateNatGatewayResponse": {"natGateway": gateway}})
    launched = run_instances(case, "09:00:00", DANA.signed())
    made = [case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(number), named=False) for number in (0, 1)]
    for number, used, address in ((0, 0, NAT), (1, 0, NAT), (2, 0, NAT), (3, 1, NAT), (4, 1, THIEF)):
        case.works(f"09:0{number + 2}:00", timed(WORKER, INSTANCE, key(used), "09:00:12", ec2RoleDelivery="2.0"), address=address, agent=RUNTIME)
    told = {"origin": served | {"above": above(launched, "launched", by_key(DANA))}}
    case.ask(key(1), "the key of an instance that speaks from the thief's address", **told, links=[link("key", made[1]), link("launched", launched)], mismatches=some({"kind": "place"}))
    first, other = sorted(made, key=lambda record: record["eventID"])
    case.ask(DANA.key, "both keys are of one session of the instance", descendants=some(child(launched, "launched", calls=5, children=[child(first, calls=5, made_again=[other["eventID"]])])))
    case.ask(key(0), "its twin stayed at home", **told, links=[link("key", made[0]), link("launched", launched)])

    for name, words, outcome, owner in (("another-account", "of an account that is not in these logs", "mismatch `place`: the private address is in somebody else's network", C), ("own-accounts", "of another account of these logs", "no mismatch: accounts of one owner share endpoints", B)):
        case = Case(f"ec2-through-endpoint-of-{name}", f"EC2 instance role, a key used from a private address through a VPC endpoint {words}", outcome)
        case.earlier(B)
        made = case.by_service("09:00:12", "ec2.amazonaws.com", WORKER, INSTANCE, key(0), named=False)
        identity = timed(WORKER, INSTANCE, key(0), "09:00:12", ec2RoleDelivery="2.0")
        case.works("09:02:00", identity, address=NAT, agent=RUNTIME)
        case.call("09:03:00", identity, "s3:ListBuckets", None, address="10.9.0.7", agent=RUNTIME, vpcEndpointId="vpce-0123456789abcdef0", vpcEndpointAccountId=owner)
        case.ask(key(0), "the instance speaks through its NAT gateway", origin=served | {"above": None}, links=[link("key", made)], mismatches=[{"kind": "place", "verified": "10.9.0.7"}] if owner == C else [])

    case = Case("ec2-before-logs", "EC2 instance role older than the log", "origin ec2 for the instance, incomplete, gap `before-logs`")
    case.earlier()
    case.works("07:05:00", timed(WORKER, INSTANCE, key(0), "04:00:00", ec2RoleDelivery="2.0"), address=NAT)
    case.ask(key(0), "ec2RoleDelivery and the session's name tell the workload",
             origin=origin("service", False, "before-logs", name="ec2.amazonaws.com", on_behalf_of={"kind": "instance", "id": INSTANCE}))


def functions():
    name, arn = "shop-invoice", f"arn:aws:lambda:eu-west-1:{A}:function:shop-invoice"
    scope = {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": arn, "credentialsIssuedToVersion": arn + ":$LATEST"}
    served = {"name": "lambda.amazonaws.com", "on_behalf_of": {"kind": "function"}}

    case = Case("lambda", "Lambda; PassRole to compute (CreateFunction)", "`key` to the AssumeRole by lambda, `launched` to dana's CreateFunction")
    launched = create_function(case, "08:50:00", name, arn)
    made = case.by_service("09:00:00", "lambda.amazonaws.com", WORKER, name, key(0))
    case.works("09:00:05", timed(WORKER, name, key(0), "09:00:00", inScopeOf=scope), address=NAT, agent=RUNTIME)
    case.ask(key(0), "the function acted, dana made it and gave it the role", origin=origin("service", **served, above=above(launched, "launched", by_key(DANA))),
             links=[link("key", made), link("launched", launched)])

    case = Case("in-scope-of", "a workload whose issuance is missing: inScopeOf", "origin lambda for the function, incomplete, gap `record-missing`")
    case.earlier()
    case.works("09:00:05", timed(WORKER, name, key(0), "09:00:00", inScopeOf=scope), address=NAT, agent=RUNTIME)
    case.ask(key(0), "the record says whom the key was issued to", origin=origin("service", False, "record-missing", **served))


    case = Case("function-namesake", "sessions that somebody named like a function",
                "below the function only the session of lambda's AssumeRole and that of inScopeOf as facts; the others, also one of the same ARN, as `claim`")
    case.earlier()
    launched = create_function(case, "08:50:00", name, arn)
    made = case.by_service("09:00:00", "lambda.amazonaws.com", WORKER, name, key(0))
    case.works("09:00:05", timed(WORKER, name, key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    case.works("09:10:05", timed(WORKER, name, key(1), "09:10:00", inScopeOf=scope), address=NAT, agent=RUNTIME)
    namesakes = [case.assume(f"09:2{number}:00", EVE.signed(), role, name, key(number + 2)) for number, role in enumerate((WORKER, ADMIN))]
    for number, role in enumerate((WORKER, ADMIN)):
        for second in (5, 6, 7):
            case.works(f"09:2{number}:0{second}", timed(role, name, key(number + 2), f"09:2{number}:00"))
    case.works("09:30:05", timed(DEPLOY, name, key(4), "09:30:00"))
    bears = "bears the name of the function, "
    by_eve = some(f"{bears}but was assumed by {EVE.key}")
    case.ask(DANA.key, "a name proves nothing", descendants=[child(launched, "launched", calls=2, children=[
        {"rule": "identity", "event_id": made["eventID"], "calls": 2, "remarks": []},
        child(namesakes[0], "claim", calls=3, children=[], remarks=by_eve),
        child(namesakes[1], "claim", calls=3, children=[], remarks=by_eve),
        {"rule": "claim", "calls": 1, "remarks": some(f"{bears}no record proves that it is its own")},
    ])])
    case.ask(EVE.key, "they are eve's", descendants=[child(made) for made in namesakes])


def create_function(case, time, name, arn):
    """CreateFunction by dana, with a role."""
    return case.call(time, DANA.signed(), "lambda:CreateFunction20150331", {"functionName": name, "runtime": "python3.12", "role": WORKER.arn, "handler": "index.run", "code": {}},
                     {"functionName": name, "functionArn": arn, "runtime": "python3.12", "role": WORKER.arn, "handler": "index.run", "version": "$LATEST", "state": "Pending"}, apiVersion="2015-03-31")


def tasks_and_builds():
    case = Case("ecs-task", "ECS task", "`key` to the AssumeRole by ecs-tasks, `launched` to dana's RunTask")
    task = {"taskArn": f"arn:aws:ecs:eu-west-1:{A}:task/shop/{TASK}", "clusterArn": f"arn:aws:ecs:eu-west-1:{A}:cluster/shop",
            "taskDefinitionArn": f"arn:aws:ecs:eu-west-1:{A}:task-definition/night:7", "lastStatus": "PROVISIONING", "launchType": "FARGATE"}
    launched = case.call("08:59:30", DANA.signed(), "ecs:RunTask", {"cluster": "shop", "taskDefinition": "night:7", "launchType": "FARGATE", "count": 1}, {"tasks": [task], "failures": []})
    made = case.by_service("09:00:00", "ecs-tasks.amazonaws.com", WORKER, TASK, key(0))
    case.works("09:00:05", timed(WORKER, TASK, key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "the session is named after the task", links=[link("key", made), link("launched", launched)],
             origin=origin("service", name="ecs-tasks.amazonaws.com", on_behalf_of={"kind": "task"}, above=above(launched, "launched", by_key(DANA))))

    case = Case("codebuild", "CodeBuild", "`key` to the AssumeRole by codebuild, `launched` to dana's StartBuild")
    number = ct.uuid_of("build")
    build = {"id": f"shop:{number}", "arn": f"arn:aws:codebuild:eu-west-1:{A}:build/shop:{number}", "projectName": "shop", "buildStatus": "IN_PROGRESS", "serviceRole": WORKER.arn, "initiator": "dana"}
    launched = case.call("08:59:30", DANA.signed(), "codebuild:StartBuild", {"projectName": "shop"}, {"build": build})
    made = case.by_service("09:00:00", "codebuild.amazonaws.com", WORKER, f"AWSCodeBuild-{number}", key(0))
    case.works("09:00:05", timed(WORKER, f"AWSCodeBuild-{number}", key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "the session is named after the build", links=[link("key", made), link("launched", launched)],
             origin=origin("service", name="codebuild.amazonaws.com", on_behalf_of={"kind": "build"}, above=above(launched, "launched", by_key(DANA))))

    case = Case("codebuild-project", "CodeBuild, a build of a project that others made and changed", "`launched` to dana's StartBuild; as much behind it, and named beside, are who set last where its code comes from and what it runs in; not who gave it another description")
    project = {"project": {"name": "shop", "arn": f"arn:aws:codebuild:eu-west-1:{A}:project/shop", "serviceRole": WORKER.arn}}
    parts = {"source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"}, "environment": {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0"}}
    case.call("08:00:00", DANA.signed(), "codebuild:CreateProject", {"name": "shop", "serviceRole": WORKER.arn} | parts, project)
    case.call("08:10:00", BACKUP.signed(), "codebuild:UpdateProject", {"name": "shop", "source": parts["source"]}, project)
    changed = [case.call("08:20:00", BACKUP.signed(), "codebuild:UpdateProject", {"name": "shop", "environment": parts["environment"], "serviceRole": WORKER.arn}, project),
               case.call("08:30:00", EVE.signed(), "codebuild:UpdateProject", {"name": "shop", "source": parts["source"]}, project)]
    case.call("08:40:00", BACKUP.signed(), "codebuild:UpdateProject", {"name": "shop", "description": "the shop"}, project)
    case.call("08:50:00", BACKUP.signed(), "codebuild:UpdateProject", {"name": "other", "source": parts["source"]}, {"project": {"name": "other", "arn": f"arn:aws:codebuild:eu-west-1:{A}:project/other"}})
    launched = case.call("08:59:30", DANA.signed(), "codebuild:StartBuild", {"projectName": "shop"}, {"build": build})
    made = case.by_service("09:00:00", "codebuild.amazonaws.com", WORKER, f"AWSCodeBuild-{number}", key(0))
    case.call("09:30:00", EVE.signed(), "codebuild:UpdateProject", {"name": "shop", "source": parts["source"]}, project)
    case.works("09:00:05", timed(WORKER, f"AWSCodeBuild-{number}", key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "dana started what eve and backup had changed",
             links=[link("key", made), link("launched", launched, [launched, *changed], beside=[{"what": "project", "event_id": one["eventID"], "by": {"arn": user.arn}} for one, user in zip(changed, (BACKUP, EVE))])],
             origin=origin("service", name="codebuild.amazonaws.com", on_behalf_of={"kind": "build"}, above=above(launched, "launched", by_key(DANA))))
    case.ask(EVE.key, "what a build did stands below who started it", descendants=[])

    case = Case("codebuild-retried", "CodeBuild, a build that was started again", "`key` to the AssumeRole by codebuild, `launched` to dana's RetryBuild")
    launched = case.call("08:59:30", DANA.signed(), "codebuild:RetryBuild", {"id": f"shop:{ct.uuid_of('build before')}"}, {"build": build})
    made = case.by_service("09:00:00", "codebuild.amazonaws.com", WORKER, f"AWSCodeBuild-{number}", key(0))
    case.works("09:00:05", timed(WORKER, f"AWSCodeBuild-{number}", key(0), "09:00:00"), address=NAT, agent=RUNTIME)
    case.ask(key(0), "it is another build, of another number", links=[link("key", made), link("launched", launched)],
             origin=origin("service", name="codebuild.amazonaws.com", on_behalf_of={"kind": "build"}, above=above(launched, "launched", by_key(DANA))))


def certificates():
    anchor = f"arn:aws:rolesanywhere:eu-west-1:{A}:trust-anchor/{ct.uuid_of('anchor')}"
    profile = f"arn:aws:rolesanywhere:eu-west-1:{A}:profile/{ct.uuid_of('profile')}"
    subject = f"arn:aws:rolesanywhere:eu-west-1:{A}:subject/{ct.uuid_of('subject')}"
    serial = "2a9902119721ab7b5c19a878c4c66af705895b42"
    tags = {"x509Subject/CN": "press-01.example.com", "x509Subject/O": "Example", "x509Issuer/CN": "Example CA"}
    source = "CN=press-01.example.com"

    case = Case("roles-anywhere", "Roles Anywhere: AssumeRole by the service", "`key` to the AssumeRole, origin the subject of the certificate, which the service passes as source identity")
    extra = {"sourceIdentity": source, "tags": [{"key": name, "value": value} for name, value in tags.items()]}
    made = case.by_service("09:00:00", "rolesanywhere.amazonaws.com", WORKER, serial, key(0), extra=extra)
    leaf = case.works("09:00:05", timed(WORKER, serial, key(0), "09:00:00", sourceIdentity=source), address=HOME)
    leaf["eventContext"] = {"tagContext": {"principalTags": tags}}
    case.ask(key(0), "a certificate's serial number as session, its subject as source identity", origin=origin("certificate", name=source, provider="rolesanywhere.amazonaws.com", access_key=None), links=[link("key", made)])

    def anchored(time, user, action, request, response=None, **more):
        return case.call(time, user.signed(), f"rolesanywhere:{action}", request, response, readOnly=False, **more)
    ids = {name: arn.rsplit("/", 1)[-1] for name, arn in (("anchor", anchor), ("profile", profile))}
    source_of = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": "EXAMPLE"}}

    case = Case("roles-anywhere-session", "Roles Anywhere: CreateSession alone", "`key` to the CreateSession, whose answer is a set of credentials; `trusts` has eve's UpdateTrustAnchor and dana's UpdateAssumeRolePolicy")
    changed = anchored("08:00:00", EVE, "UpdateTrustAnchor", {"trustAnchorId": ids["anchor"], "source": source_of}, {"trustAnchor": {"trustAnchorArn": anchor, "trustAnchorId": ids["anchor"]}})
    opened = case.call("08:10:00", DANA.signed(), "iam:UpdateAssumeRolePolicy", {"roleName": WORKER.name, "policyDocument": "{}"})
    identity = {"type": "Unknown", "principalId": "", "arn": "", "accountId": A, "accessKeyId": "", "userName": ""}
    issued = WORKER.issued(serial, key(0), at("09:00:00")) | {"packedPolicySize": 21, "roleArn": WORKER.arn, "sourceIdentity": source}
    issued["credentials"]["secretAccessKey"] = "HIDDEN_DUE_TO_SECURITY_REASONS"
    made = case.call("09:00:00", identity, "rolesanywhere:CreateSession", {"cert": "EXAMPLE", "durationSeconds": 3600, "profileArn": profile, "roleArn": WORKER.arn, "trustAnchorArn": anchor},
                     {"credentialSet": [issued], "subjectArn": subject, "x509Subject": source}, address=HOME, agent="CredHelper/1.4.0")
    case.works("09:00:05", timed(WORKER, serial, key(0), "09:00:00", sourceIdentity=source), address=HOME)
    case.ask(key(0), "the service's own record", origin={"access_key": None}, links=[link("key", made)],
             trusts=[{"of": "anchor", "name": ids["anchor"], "event_id": changed["eventID"], "by": {"arn": EVE.arn}, "lets": made["eventID"]},
                     {"of": "role", "name": WORKER.name, "event_id": opened["eventID"], "lets": made["eventID"]}])

    case = Case("roles-anywhere-anchor", "Roles Anywhere trust anchor, later session by a certificate of it", "origin the subject; `trusts` has eve's CreateTrustAnchor, dana's UpdateProfile and the CreateRole, not what was refused, later or of another anchor")
    made_anchor = anchored("08:00:00", EVE, "CreateTrustAnchor", {"name": "press", "enabled": True, "source": source_of},
                           {"trustAnchor": {"name": "press", "enabled": True, "trustAnchorArn": anchor, "trustAnchorId": ids["anchor"], "source": source_of}})
    other = ct.uuid_of("another anchor")
    anchored("08:01:00", DANA, "CreateTrustAnchor", {"name": "other", "enabled": True, "source": source_of},
             {"trustAnchor": {"name": "other", "trustAnchorArn": anchor.replace(ids["anchor"], other), "trustAnchorId": other}})
    anchored("08:02:00", DANA, "UpdateTrustAnchor", {"trustAnchorId": ids["anchor"], "source": source_of}, error=("AccessDeniedException", "not authorized"))
    anchored("08:05:00", EVE, "CreateProfile", {"name": "press", "roleArns": [WORKER.arn]}, {"profile": {"name": "press", "profileArn": profile, "profileId": ids["profile"], "roleArns": [WORKER.arn]}})
    changed = anchored("08:06:00", DANA, "UpdateProfile", {"profileId": ids["profile"], "roleArns": [WORKER.arn]}, {"profile": {"profileArn": profile, "profileId": ids["profile"]}})
    made_role = case.call("08:10:00", DANA.signed(), "iam:CreateRole", {"roleName": WORKER.name, "assumeRolePolicyDocument": "{}"})
    made = case.by_service("09:00:00", "rolesanywhere.amazonaws.com", WORKER, serial, key(0), extra=extra)
    case.call("09:00:01", identity, "rolesanywhere:CreateSession", {"cert": "EXAMPLE", "durationSeconds": 3600, "profileArn": profile, "roleArn": WORKER.arn, "trustAnchorArn": anchor},
              {"credentialSet": [issued], "subjectArn": subject, "x509Subject": source}, address=THIEF, agent="CredHelper/1.4.0")
    # Another certificate's session, with one key id for all: it came by the other anchor.
    strange = issued | {"assumedRoleUser": WORKER.issued("ffff", key(0), at("09:00:00"))["assumedRoleUser"]}
    case.call("08:59:59", identity, "rolesanywhere:CreateSession", {"cert": "EXAMPLE", "durationSeconds": 3600, "roleArn": WORKER.arn, "trustAnchorArn": anchor.replace(ids["anchor"], other)},
              {"credentialSet": [strange], "subjectArn": subject, "x509Subject": "CN=other"}, address=HOME, agent="CredHelper/1.4.0")
    # What it does not pass stays: this gives another name alone.
    anchored("08:20:00", DANA, "UpdateTrustAnchor", {"trustAnchorId": ids["anchor"], "name": "printing press"}, {"trustAnchor": {"trustAnchorArn": anchor, "trustAnchorId": ids["anchor"]}})
    anchored("09:30:00", DANA, "UpdateTrustAnchor", {"trustAnchorId": ids["anchor"], "source": source_of}, {"trustAnchor": {"trustAnchorArn": anchor, "trustAnchorId": ids["anchor"]}})
    case.works("09:00:05", timed(WORKER, serial, key(0), "09:00:00", sourceIdentity=source), address=THIEF)
    case.ask(key(0), "whose certificates count is eve's word, for which roles dana's", origin=origin("certificate", name=source, provider="rolesanywhere.amazonaws.com", access_key=None),
             trusts=[{"of": "anchor", "name": ids["anchor"], "event_id": made_anchor["eventID"], "event_name": "CreateTrustAnchor", "by": {"arn": EVE.arn}},
                     {"of": "profile", "name": ids["profile"], "event_id": changed["eventID"], "by": {"arn": DANA.arn}},
                     {"of": "role", "name": WORKER.name, "event_id": made_role["eventID"]}])

    case = Case("roles-anywhere-enabled", "Roles Anywhere: anchor and profile that somebody else put in force again, and a list of revoked certificates that was put out of it", "`trusts` has who made both, and eve, who enabled them and disabled the list; not who revoked certificates")
    said = {"anchor": {"trustAnchor": {"trustAnchorArn": anchor, "trustAnchorId": ids["anchor"]}}, "profile": {"profile": {"profileArn": profile, "profileId": ids["profile"]}}}
    lists = [{"crl": {"crlId": ct.uuid_of("revoked", number), "crlArn": f"arn:aws:rolesanywhere:eu-west-1:{A}:crl/{ct.uuid_of('revoked', number)}", "trustAnchorArn": anchor}} for number in range(3)]
    made_both = [anchored("08:00:00", DANA, "CreateTrustAnchor", {"name": "press", "enabled": False, "source": source_of}, said["anchor"]),
                 anchored("08:00:01", DANA, "CreateProfile", {"name": "press", "roleArns": [WORKER.arn]}, said["profile"])]
    for number, revoked in enumerate(lists):
        anchored(f"08:01:0{number}", DANA, "ImportCrl", {"name": "lost", "trustAnchorArn": anchor, "crlData": "EXAMPLE"}, revoked)
    anchored("08:02:00", DANA, "DisableTrustAnchor", {"trustAnchorId": ids["anchor"]}, said["anchor"])
    opened = [anchored("08:10:00", EVE, "EnableTrustAnchor", {"trustAnchorId": ids["anchor"]}, said["anchor"]), anchored("08:11:00", EVE, "EnableProfile", {"profileId": ids["profile"]}, said["profile"]),
              anchored("08:12:00", EVE, "DisableCrl", {"crlId": lists[0]["crl"]["crlId"]}, lists[0])]
    anchored("08:13:00", EVE, "DisableCrl", {"crlId": lists[1]["crl"]["crlId"]}, lists[1])
    anchored("08:14:00", DANA, "EnableCrl", {"crlId": lists[1]["crl"]["crlId"]}, lists[1])
    made = case.call("09:00:00", identity, "rolesanywhere:CreateSession", {"cert": "EXAMPLE", "durationSeconds": 3600, "profileArn": profile, "roleArn": WORKER.arn, "trustAnchorArn": anchor},
                     {"credentialSet": [issued], "subjectArn": subject, "x509Subject": source}, address=THIEF, agent="CredHelper/1.4.0")
    case.works("09:00:05", timed(WORKER, serial, key(0), "09:00:00", sourceIdentity=source), address=THIEF)
    case.ask(key(0), "dana trusted the anchor, eve let its certificates in again", links=[link("key", made)],
             trusts=[{"of": of, "event_id": record["eventID"], "event_name": record["eventName"], "by": {"arn": user.arn}}
                     for of, record, user in [*zip(("anchor", "profile"), made_both, (DANA, DANA)), *zip(("anchor", "profile", "anchor"), opened, (EVE, EVE, EVE))]])


def services():
    scaling = ct.Role(A, "AWSServiceRoleForAutoScaling", 6, "/aws-service-role/autoscaling.amazonaws.com/")
    service = "autoscaling.amazonaws.com"

    case = Case("service-linked-role", "service-linked role: no key at all", "`session` to one of the two AssumeRole calls of its second, origin autoscaling")
    both = [case.by_service("09:00:00", service, scaling, "AutoScaling", key(number)) for number in (0, 1)]
    leaf = case.works("09:00:00", timed(scaling, "AutoScaling", None, "09:00:00", invokedBy=service))
    case.ask(leaf, "which one does not matter: both are the service's", origin=origin("service", name=service, access_key=None), links=[link("session", first_of(*both), both)])

    case = Case("service-linked-role-missing", "service-linked role whose issuance is missing", "origin autoscaling by the role's path, incomplete")
    case.earlier()
    leaf = case.works("09:00:00", timed(scaling, "AutoScaling", None, "09:00:00", invokedBy=service))
    case.ask(leaf, "nobody else can assume the role", origin=origin("service", False, "record-missing", name=service))

    case = Case("service-caller", "a service itself as the caller", "origin the service, no links")
    trail = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    leaf = case.call("09:00:00", trail, "s3:GetBucketAcl", {"bucketName": "example-trail-logs", "acl": ""}, recipientAccountId=A, sharedEventID=ct.uuid_of("acl"))
    inside = case.call("09:10:00", {"accountId": A, "invokedBy": "AWS Internal"}, "kms:RotateKey", readOnly=False, eventType="AwsServiceEvent", recipientAccountId=A,
                       serviceEventDetails={"keyId": "00000000-1111-4222-8333-444455556666", "rotationType": "AUTOMATIC", "keyOrigin": "AWS_KMS"})
    case.ask(leaf, "type AWSService", origin=origin("service", name="cloudtrail.amazonaws.com"), links=[])
    case.ask(inside, "no type, but invokedBy", origin=origin("service", name="AWS Internal"), links=[])


web_identities()
pods()
instances()
functions()
tasks_and_builds()
certificates()
services()
