"""Orders that services carry out, and who stands beside what runs: automations of Systems Manager, projects of CodeBuild, web identities and roots."""

import cloudtrail as ct
from telling import BACKUP, BROWSER, DANA, DEPLOY, EVE, OFFICE, THIEF, WORKER, Case, above, by_key, child, key, link, origin, person, some, timed
from workloads import COGNITO, EKS, GITHUB, POOL, VISITOR, with_web_identity

SYSTEMS_MANAGER = "ssm.amazonaws.com"


def start_automation(case, time, identity, execution, role=DEPLOY, **more):
    """StartAutomationExecution of a runbook that takes a role."""
    parameters = {"InstanceId": ["i-0123456789abcdef0"]} | ({"AutomationAssumeRole": [role.arn]} if role else {})
    request = {"documentName": "AWS-RestartEC2Instance", "parameters": parameters, "mode": "Auto"}
    return case.call(time, identity, "ssm:StartAutomationExecution", request, {"automationExecutionId": execution}, **more)


def automations():
    execution, other = ct.uuid_of("an execution"), ct.uuid_of("another execution")
    served = {"name": SYSTEMS_MANAGER, "on_behalf_of": {"kind": "automation", "id": execution}}
    case = Case("automation", "an automation of Systems Manager that acts with a role, with its start", "`launched` to dana's StartAutomationExecution, not to eve's of another one")
    started = start_automation(case, "09:00:00", DANA.signed(), execution)
    start_automation(case, "09:00:01", EVE.signed(), other)
    made = case.by_service("09:00:02", SYSTEMS_MANAGER, DEPLOY, f"Automation-{execution}", key(0))
    case.works("09:00:05", timed(DEPLOY, f"Automation-{execution}", key(0), "09:00:02", invokedBy=SYSTEMS_MANAGER))
    case.ask(key(0), "the session is called after the execution by the service, and the answer names that", links=[link("key", made), link("launched", started, role_passed=DEPLOY.arn, role_untold=None)],
             origin=origin("service", **served, above=above(started, "launched", by_key(DANA)), above_gap=None))
    case.ask(DANA.key, "what the automation did stands below who started it", descendants=some(child(started, "launched", calls=1, children=[child(made, calls=1)])))

    case = Case("automation-named-so", "a session that somebody named like an automation", "origin eve, who assumed the role; `claim` below dana's StartAutomationExecution")
    case.earlier()
    started = start_automation(case, "09:00:00", DANA.signed(), execution)
    made = case.assume("09:00:02", EVE.signed(), DEPLOY, f"Automation-{execution}", key(0))
    case.works("09:00:05", timed(DEPLOY, f"Automation-{execution}", key(0), "09:00:02"))
    case.ask(key(0), "eve chose the name", links=[link("key", made)], origin=by_key(EVE))
    case.ask(DANA.key, "the name alone proves nothing", descendants=some(child(started, "launched", calls=0, children=[child(made, "claim", calls=1)])))


def web_identities():
    told = (
        ("cognito", "Cognito", COGNITO, {"amr": '["authenticated"]', "aud": POOL, "sub": VISITOR}, VISITOR),
        ("irsa", "a provider of the account", EKS, {"aud": "sts.amazonaws.com", "sub": "system:serviceaccount:payments:worker"}, "system:serviceaccount:payments:worker"),
        ("amazon", "Login with Amazon", "www.amazon.com", {"app_id": "amzn1.application.example", "user_id": "amzn1.account.EXAMPLE"}, "amzn1.account.EXAMPLE"),
    )
    for name, words, provider, attributes, subject in told:
        case = Case(f"web-identity-told-{name}", f"web identity whose issuance is missing, and whose own records name the subject: {words}", f"origin `{subject}` of the provider, incomplete")
        case.earlier()
        before = provider.split(":oidc-provider/")[-1]
        federation = {"federatedProvider": provider, "attributes": {f"{before}:{name}": value for name, value in attributes.items()}}
        case.works("09:00:05", timed(WORKER, "session", key(0), "09:00:00", webIdFederationData=federation))
        case.works("09:00:06", timed(WORKER, "session", key(0), "09:00:00", webIdFederationData={"federatedProvider": provider, "attributes": {}}))
        case.ask(key(0), "an attribute of the session is the subject of its token", origin=origin("web-identity", False, "record-missing", provider=provider, name=subject))

    case = Case("web-identity-told-by-another", "web identity whose issuance is missing, with an attribute of another provider", "origin web-identity: the provider is known, the subject is not")
    case.earlier()
    case.works("09:00:05", timed(WORKER, "session", key(0), "09:00:00", webIdFederationData={"federatedProvider": GITHUB, "attributes": {"example.com:sub": "repo:example-org/shop:ref:refs/heads/main"}}))
    case.ask(key(0), "the attribute is none of the provider's", origin=origin("web-identity", False, "record-missing", provider=GITHUB, name=None))

    case = Case("web-identity-provider-changed", "web identity, of a provider that one made and another changed", "`trusts` has eve's CreateOpenIDConnectProvider, and who set its thumbprints last; not what was set before it was deleted")
    url = GITHUB.split(":oidc-provider/")[-1]
    case.call("07:10:00", BACKUP.signed(), "iam:AddClientIDToOpenIDConnectProvider", {"openIDConnectProviderArn": GITHUB, "clientID": "example"})
    case.call("07:20:00", BACKUP.signed(), "iam:DeleteOpenIDConnectProvider", {"openIDConnectProviderArn": GITHUB})
    made_provider = case.call("08:00:00", EVE.signed(), "iam:CreateOpenIDConnectProvider", {"url": f"https://{url}", "clientIDList": ["sts.amazonaws.com"]}, {"openIDConnectProviderArn": GITHUB})
    case.call("08:05:00", BACKUP.signed(), "iam:UpdateOpenIDConnectProviderThumbprint", {"openIDConnectProviderArn": GITHUB, "thumbprintList": ["EXAMPLE"]})
    changed = case.call("08:10:00", DANA.signed(), "iam:UpdateOpenIDConnectProviderThumbprint", {"openIDConnectProviderArn": GITHUB, "thumbprintList": ["EXAMPLE"]})
    subject = "repo:example-org/shop:ref:refs/heads/main"
    made = with_web_identity(case, "09:00:00", WORKER, "GitHubActions", key(0), GITHUB, subject, "sts.amazonaws.com")
    case.works("09:00:05", timed(WORKER, "GitHubActions", key(0), "09:00:00", webIdFederationData={"federatedProvider": GITHUB, "attributes": {}}))
    case.ask(key(0), "eve's provider vouched, though dana changed it since", origin=origin("web-identity", name=subject, provider=GITHUB), links=[link("key", made)],
             trusts=[{"of": "provider", "name": url, "event_id": one["eventID"], "by": {"arn": user.arn}, "lets": made["eventID"]} for one, user in ((made_provider, EVE), (changed, DANA))])


def sign_ins():
    case = Case("sign-ins-of-one-second", "two sign-ins of one user in one second, with a password that somebody else set", "`session` to both, ambiguous, and dana all the same; down: one line for both, with a remark, and not one session at two places")
    case.earlier()
    changed = case.call("08:00:00", EVE.signed(), "iam:UpdateLoginProfile", {"userName": "dana", "passwordResetRequired": False})
    logins = sorted((case.console_login("09:00:00", DANA.identity, address=address) for address in (THIEF, OFFICE)), key=lambda made: made["eventID"])
    for number, address in enumerate((THIEF, OFFICE)):
        case.works(f"09:0{number + 1}:00", DANA.session(key(number), "09:00:00"), address=address, agent=BROWSER)
        case.ask(key(number), "either sign-in may have opened the session", links=[link("session", logins[0], logins), link("identity", changed)],
                 origin=person(DANA, above=above(changed, "identity", by_key(EVE))))
    both = child(logins[0], "session", calls=2, keys_used=2, made_again=[logins[1]["eventID"]], children=[], remarks=["2 sign-ins of one second: nothing tells which of them did this"])
    case.ask(EVE.key, "the password led to both", descendants=[child(changed, "identity", children=[both])])
    case.ask("dana", "and so dana's own", descendants=some(both))


automations()
sign_ins()
web_identities()
