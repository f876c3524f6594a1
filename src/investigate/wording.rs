//! The words of AWS that an investigation reads: what a refusal says, which account an id encodes.

use crate::query::EventRow;

/// What a refusal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) action: Option<String>,
    pub(crate) resource: Option<String>,
    pub(crate) layer: Option<String>,
    pub(crate) effect: Option<String>,
    pub(crate) encoded: bool,
}

pub(crate) fn is_denied(code: &str, _message: Option<&str>) -> bool {
    [
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "Client.UnauthorizedOperation",
        "NotAuthorized",
        "Unauthorized",
    ]
    .contains(&code)
}

pub(crate) fn denial(row: &EventRow<'_>) -> Denial {
    let m = row.error_message.unwrap_or_default();
    let after =
        |a: &str| m.split_once(a).map(|(_, r)| r.split_whitespace().next().unwrap_or_default().to_owned());
    Denial {
        action: after("not authorized to perform: "),
        resource: after("on resource: "),
        ..Denial::default()
    }
}

pub(crate) fn accounts_encoded_in(_id: &str) -> Vec<String> {
    Vec::new()
}
