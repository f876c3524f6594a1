"""Who had a hand on what acted, beside the chain: keys put in force again, machines that somebody acted on, roles that somebody passed."""

from telling import A, BROWSER, DANA, DEPLOY, EVE, THIEF, Case, key, link, person, timed
from people import LEA, OKTA, with_saml


def hand(of, name, made, user, lets):
    """Who is named beside a chain."""
    return {"of": of, "name": name, "event_id": made["eventID"], "event_name": made["eventName"], "by": {"arn": user.arn}, "lets": lets and lets["eventID"]}


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


candidates()
