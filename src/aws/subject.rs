//! Whom a user asks about: what was typed as WHO, by its form alone.

use std::net::IpAddr;

use super::{AccessKeyId, Arn, Principal, UniqueId};

/// What was typed as WHO. Every variant keeps the text to look for; forms that no other fits are names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An access key id (see [`AccessKeyId`]).
    AccessKey(String),
    /// The ARN of a role session: `arn:aws:sts::…:assumed-role/ROLE/SESSION`.
    SessionArn(String),
    /// The ARN of an IAM user.
    UserArn(String),
    /// The ARN of a role.
    RoleArn(String),
    /// Any other ARN: an account's root, a federated user, a resource.
    OtherArn(String),
    /// A role session by its id: `AROA…:session`.
    SessionId(String),
    /// A unique id: `AIDA…`, `AROA…` (see [`UniqueId`]).
    UniqueId(String),
    /// An IP address.
    Address(IpAddr),
    /// An event id.
    EventId(String),
    /// A bare name: of a user, a role, a session, or an id of no known form.
    Name(String),
}

/// Why a text is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// There was nothing but blanks.
    #[error("expected an access key id, ARN, unique id, IP address, event id or name, found nothing")]
    Empty,
}

impl Subject {
    /// Tells what the text is. Blanks around it are dropped, as pasting leaves them.
    ///
    /// # Errors
    ///
    /// If nothing is left.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SubjectError::Empty);
        }
        let own = text.to_owned();
        if let Some(arn) = Arn::parse(text) {
            return Ok(match arn.principal() {
                Some(Principal::RoleSession { .. }) => Self::SessionArn(own),
                Some(Principal::User { .. }) => Self::UserArn(own),
                Some(Principal::Role { .. }) => Self::RoleArn(own),
                Some(Principal::Root | Principal::FederatedUser { .. }) | None => Self::OtherArn(own),
            });
        }
        if AccessKeyId::parse(text).is_some() {
            return Ok(Self::AccessKey(own));
        }
        if let Some(id) = UniqueId::parse(text) {
            return Ok(if id.session().is_some() { Self::SessionId(own) } else { Self::UniqueId(own) });
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Address(address));
        }
        Ok(if is_uuid(text) { Self::EventId(own) } else { Self::Name(own) })
    }

    /// The text to look for. An address is in its shortest form, as in the logs.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::AccessKey(text)
            | Self::SessionArn(text)
            | Self::UserArn(text)
            | Self::RoleArn(text)
            | Self::OtherArn(text)
            | Self::SessionId(text)
            | Self::UniqueId(text)
            | Self::EventId(text)
            | Self::Name(text) => text.clone(),
        }
    }

    /// The kind as JSON output names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AccessKey(_) => "access-key",
            Self::SessionArn(_) => "session-arn",
            Self::UserArn(_) => "user-arn",
            Self::RoleArn(_) => "role-arn",
            Self::OtherArn(_) => "arn",
            Self::SessionId(_) => "session-id",
            Self::UniqueId(_) => "unique-id",
            Self::Address(_) => "address",
            Self::EventId(_) => "event-id",
            Self::Name(_) => "name",
        }
    }
}

/// Whether the text has the form of an event id: `8-4-4-4-12` hexadecimal digits.
fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-');
    let lengths = [8, 4, 4, 4, 12];
    let fits = lengths.iter().all(|&length| {
        groups
            .next()
            .is_some_and(|group| group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    fits && groups.next().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, kind: &str) {
        let subject = Subject::parse(text).unwrap();
        assert_eq!((subject.kind(), subject.text().as_str()), (kind, text));
    }

    #[test]
    fn the_form_tells_what_was_typed() {
        check("AKIAIOSFODNN7EXAMPLE", "access-key");
        check("arn:aws:sts::111122223333:assumed-role/deploy/ann", "session-arn");
        check("arn:aws:iam::111122223333:user/team/ann", "user-arn");
        check("arn:aws:iam::111122223333:role/deploy", "role-arn");
        check("arn:aws:iam::111122223333:root", "arn");
        check("AROAEXAMPLEEXAMPLE12:ann@example.com", "session-id");
        check("AIDAEXAMPLEEXAMPLE12", "unique-id");
        check("192.0.2.7", "address");
        check("2001:db8::7", "address");
        check("00000000-1111-2222-3333-444444444444", "event-id");
    }

    #[test]
    fn all_else_is_a_name() {
        for text in
            ["ann", "ASIA-Admin", "arn:aws:iam", "192.0.2.0/24", "0000-1111", "111122223333", "管理者"]
        {
            check(text, "name");
        }
        check("00000000-1111-2222-3333-4444444444445", "name");
        check("00000000-1111-2222-3333-444444444444-5", "name");
    }

    #[test]
    fn blanks_around_are_dropped_and_nothing_is_refused() {
        assert_eq!(Subject::parse(" ann\n"), Ok(Subject::Name("ann".to_owned())));
        assert_eq!(Subject::parse(" \t"), Err(SubjectError::Empty));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            let parsed = Subject::parse(&text);
            prop_assert_eq!(parsed.is_err(), text.trim().is_empty());
        }
    }
}
