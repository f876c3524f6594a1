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


automations()
