//! The first lines: what was called and what became of it, what today's policies say, who called and who is behind.

use crate::aws::{Arn, Principal};
use crate::replay::answer::{ExplainedCaller, Explanation, Then, Verdict};
use crate::report::replay::words::{short, verdict_mark, verdict_words, whole};
use crate::report::{Facts, Mark, Style, figure, section};

pub(super) fn head(explanation: &Explanation, style: Style) -> String {
    let mark = match explanation.aws.then {
        Then::Denied | Then::Failed => Mark::Refused,
        Then::Allowed => Mark::None,
    };
    let became = match (&explanation.not_a_request, explanation.aws.then, &explanation.aws.error_code) {
        (_, Then::Failed, Some(code)) => format!("failed: {}", whole(code, style)),
        (Some(_), Then::Allowed, _) => String::new(),
        (_, then, _) => then.word().to_owned(),
    };
    let title = format!("{mark} {} {became}", whole(&explanation.action, style));
    let region = whole(explanation.region.as_deref().unwrap_or_default(), style);
    let note = format!("{} {region}", figure::moment(explanation.time.0));
    let mut facts = Facts::new();
    if let Some(verdict) = explanation.verdict {
        facts.line(verdict_mark(verdict), "today", &today(verdict, explanation.aws.then));
    }
    caller(&explanation.caller, &mut facts, style);
    let principal = explanation.caller.principal.as_deref().and_then(Arn::parse);
    let own = principal.map(|arn| arn.account);
    if let Some(account) = explanation.account.as_deref().filter(|account| Some(*account) != own) {
        facts.line(Mark::None, "account", &format!("{} holds this record", whole(account, style)));
    }
    let behind = &explanation.behind;
    let unsure = if behind.complete { Mark::None } else { Mark::Claim };
    facts.line(unsure, "behind it", &whole(&behind.origin, style));
    for step in &behind.steps {
        facts.more(&format!("({})", whole(step, style)));
    }
    if !behind.complete {
        facts.more("the chain ends without an origin");
    }
    section::heading(title.trim_end(), note.trim_end(), style) + &facts.render(style)
}

/// The verdict in words that stand alone.
fn today(verdict: Verdict, then: Then) -> String {
    match (verdict, then) {
        (Verdict::Same, Then::Denied) => "the policies deny it as well".to_owned(),
        (Verdict::Same, Then::Allowed) => "the policies allow it as well".to_owned(),
        (Verdict::Same, Then::Failed) => "the policies allow it; it failed for another reason".to_owned(),
        (Verdict::NowDenied | Verdict::NowAllowed, _) => format!("it {}", verdict_words(verdict)),
        (Verdict::Undetermined, _) => "undetermined: it depends on what is not known".to_owned(),
        (Verdict::NotARequest, _) => "no policy decides such a record".to_owned(),
    }
}

fn caller(caller: &ExplainedCaller, facts: &mut Facts, style: Style) {
    let session = caller.arn.as_deref().and_then(|arn| Arn::parse(arn)?.principal());
    let who = match (&caller.principal, session) {
        (Some(principal), _) => {
            let account = Arn::parse(principal).map(|arn| arn.account).filter(|account| !account.is_empty());
            let of = account.map_or_else(String::new, |account| format!(" of {account}"));
            let name = short(principal);
            if name == *principal || name.ends_with(account.unwrap_or_default()) {
                whole(&name, style)
            } else {
                whole(&format!("{name}{of}"), style)
            }
        }
        (None, Some(_)) => whole(caller.arn.as_deref().unwrap_or_default(), style),
        (None, None) => "the record names nobody".to_owned(),
    };
    facts.line(Mark::None, "caller", &who);
    match session {
        Some(Principal::RoleSession { session, .. }) => {
            facts.more(&format!("session {}", whole(session, style)));
        }
        _ => {
            if let Some(arn) = caller.arn.as_deref().filter(|arn| Some(*arn) != caller.principal.as_deref()) {
                facts.more(&whole(arn, style));
            }
        }
    }
    let key = caller.access_key.as_ref().map(|key| format!("key {key}"));
    let from = caller.source.as_ref().map(|source| format!("from {source}"));
    let parts: Vec<String> = [key, from].into_iter().flatten().collect();
    if !parts.is_empty() {
        facts.more(&whole(&parts.join(" "), style));
    }
    if let Some(service) = &caller.forwarded_by {
        facts.more(&format!("forwarded by {}", whole(service, style)));
    }
    if let Some(mfa) = caller.mfa {
        facts.more(if mfa { "signed in with MFA" } else { "signed in without MFA" });
    }
    if let Some(policies) = &caller.session_policies {
        facts.more(&format!("session policies: {}", whole(policies, style)));
    }
}
