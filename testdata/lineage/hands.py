"""Who had a hand on what acted, beside the chain: keys put in force again, machines that somebody acted on, roles that somebody passed."""

from telling import BROWSER, DANA, THIEF, Case, key, link, person


def candidates():
    case = Case("sign-ins-with-and-without-mfa", "two sign-ins of one user in one second, one of them with MFA", "`session` to both, ambiguous; neither MFA nor sign-in is said of dana, for it may be each")
    logins = [case.console_login("09:00:00", DANA.identity), case.console_login("09:00:00", DANA.identity, address=THIEF)]
    logins[1]["additionalEventData"]["MFAUsed"] = "Yes"
    case.works("09:01:00", DANA.session(key(0), "09:00:00", mfa=True), agent=BROWSER)
    first = min(logins, key=lambda made: made["eventID"])
    case.ask(key(0), "nothing tells which of the two it was", links=[link("session", first, among=logins)], origin=person(DANA, mfa=None, sign_in=None))


candidates()
