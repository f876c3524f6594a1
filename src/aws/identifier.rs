//! Access key ids and the unique ids of users, roles and the like.
//!
//! The first four letters tell what an id stands for
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes>). Ids of the
//! current format also carry their account, which AWS does not document but answers for access keys
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html>).

use super::AccountId;

/// What AWS gives out with at least this many characters
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html>).
const LENGTH_MIN: usize = 16;
/// And at most this many.
const LENGTH_MAX: usize = 128;

/// What an id stands for, by its first four letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKind {
    /// `AKIA`: a long-term access key, of a user or the root user.
    LongTermKey,
    /// `ASIA`: a temporary access key, made by STS.
    TemporaryKey,
    /// `ABIA`: a bearer token of STS.
    BearerToken,
    /// `ACCA`: a context-specific credential.
    ContextCredential,
    /// `ASCA`: a certificate.
    Certificate,
    /// `APKA`: a public key.
    PublicKey,
    /// `AIDA`: an IAM user.
    User,
    /// `AROA`: a role.
    Role,
    /// `AGPA`: a user group.
    Group,
    /// `ANPA`: a managed policy.
    ManagedPolicy,
    /// `ANVA`: a version of a managed policy.
    ManagedPolicyVersion,
    /// `AIPA`: an instance profile.
    InstanceProfile,
}

impl IdKind {
    /// What a text that begins like an id stands for. The rest of the text is not looked at: logs hold masked ids.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Some(match text.get(..4)? {
            "AKIA" => Self::LongTermKey,
            "ASIA" => Self::TemporaryKey,
            "ABIA" => Self::BearerToken,
            "ACCA" => Self::ContextCredential,
            "ASCA" => Self::Certificate,
            "APKA" => Self::PublicKey,
            "AIDA" => Self::User,
            "AROA" => Self::Role,
            "AGPA" => Self::Group,
            "ANPA" => Self::ManagedPolicy,
            "ANVA" => Self::ManagedPolicyVersion,
            "AIPA" => Self::InstanceProfile,
            _ => return None,
        })
    }

    /// Whether requests can be signed with it.
    #[must_use]
    pub fn is_credential(self) -> bool {
        matches!(self, Self::LongTermKey | Self::TemporaryKey | Self::BearerToken | Self::ContextCredential)
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::LongTermKey => "long-term key",
            Self::TemporaryKey => "temporary key",
            Self::BearerToken => "bearer token",
            Self::ContextCredential => "context-specific credential",
            Self::Certificate => "certificate",
            Self::PublicKey => "public key",
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::ManagedPolicy => "managed policy",
            Self::ManagedPolicyVersion => "version of a managed policy",
            Self::InstanceProfile => "instance profile",
        }
    }
}

/// The id of something that signs requests: `AKIA…`, `ASIA…`, `ABIA…`, `ACCA…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKeyId<'a> {
    text: &'a str,
    kind: IdKind,
}

impl<'a> AccessKeyId<'a> {
    /// The id that this text is: a credential's prefix, then capital letters and digits, 16 to 128 characters in all.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let kind = whole_id(text).filter(|kind| kind.is_credential())?;
        Some(Self { text, kind })
    }

    /// The id.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// What it stands for.
    #[must_use]
    pub fn kind(self) -> IdKind {
        self.kind
    }

    /// The account inside the id; `None` for ids of the old format. A record may say otherwise, and is believed.
    #[must_use]
    pub fn account(self) -> Option<AccountId> {
        account_inside(self.text)
    }
}

/// The unique id of an IAM resource, with the session's name where it stands for a role session: `AIDA…`, `AROA…`,
/// `AROA…:session` (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UniqueId<'a> {
    id: &'a str,
    session: Option<&'a str>,
    kind: IdKind,
}

impl<'a> UniqueId<'a> {
    /// The id that this text is; of a role's, what follows the colon is the session's name.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (id, session) = match text.split_once(':') {
            Some((id, session)) => (id, Some(session)),
            None => (text, None),
        };
        let kind = whole_id(id).filter(|kind| !kind.is_credential())?;
        let fits = match session {
            Some(session) => kind == IdKind::Role && !session.is_empty(),
            None => true,
        };
        fits.then_some(Self { id, session, kind })
    }

    /// The id without the session's name.
    #[must_use]
    pub fn id(self) -> &'a str {
        self.id
    }

    /// The name of the role session, where it stands for one.
    #[must_use]
    pub fn session(self) -> Option<&'a str> {
        self.session
    }

    /// What it stands for.
    #[must_use]
    pub fn kind(self) -> IdKind {
        self.kind
    }

    /// The account inside the id; `None` for ids of the old format.
    #[must_use]
    pub fn account(self) -> Option<AccountId> {
        account_inside(self.id)
    }
}

fn whole_id(text: &str) -> Option<IdKind> {
    let whole = (LENGTH_MIN..=LENGTH_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if whole { IdKind::of(text) } else { None }
}

/// The account of an id of the current format: characters 5 to 13 in base32 are 45 bits, of which the first is not part
/// of the account, the next 40 are the account, the last 4 belong to the rest of the id. Ids whose fifth character is
/// `I` or `J` are of the old format (until 2019) and carry none.
fn account_inside(id: &str) -> Option<AccountId> {
    let coded = id.get(4..13)?;
    if coded.starts_with(['I', 'J']) {
        return None;
    }
    let bits = coded.bytes().try_fold(0_u64, |bits, byte| Some(bits << 5 | base32(byte)?))?;
    AccountId::from_number(bits >> 4 & 0xFF_FFFF_FFFF)
}

/// The value of a base32 character (<https://www.rfc-editor.org/rfc/rfc4648#section-6>).
fn base32(byte: u8) -> Option<u64> {
    match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A key id of the current format for an account.
    fn key_of(account: u64) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bits = 1_u64 << 44 | account << 4;
        let coded: String = (0..9)
            .rev()
            .map(|at| char::from(ALPHABET[usize::try_from(bits >> (5 * at) & 31).unwrap()]))
            .collect();
        format!("AKIA{coded}EXAMPLE")
    }

    #[test]
    fn a_current_key_carries_its_account() {
        let key = AccessKeyId::parse("ASIAGO645SY5AEXAMPLE").unwrap();
        assert_eq!(key.account(), AccountId::parse("444455556666"));
        assert_eq!(key.kind(), IdKind::TemporaryKey);
        assert_eq!(key_of(111_122_223_333), "AKIARTX3GSDSQEXAMPLE");
    }

    #[test]
    fn old_keys_carry_no_account() {
        for text in
            ["AKIAIOSFODNN7EXAMPLE", "AKIAJOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "ASIAJOSFODNN7EXAMPLE"]
        {
            assert_eq!(AccessKeyId::parse(text).unwrap().account(), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_base32_carries_no_account() {
        assert_eq!(AccessKeyId::parse("AKIA1111222233334444").unwrap().account(), None);
        // 40 bits hold more than twelve digits.
        assert_eq!(AccessKeyId::parse("AKIA777777777EXAMPLE").unwrap().account(), None);
    }

    #[test]
    fn prefixes_tell_what_an_id_stands_for() {
        assert_eq!(IdKind::of("AKIA****************"), Some(IdKind::LongTermKey));
        assert_eq!(IdKind::of("AROA"), Some(IdKind::Role));
        for text in ["", "AK", "AKIé", "akia", "XXXX"] {
            assert_eq!(IdKind::of(text), None, "{text}");
        }
    }

    #[test]
    fn names_that_begin_like_a_key_are_no_keys() {
        for text in [
            "ASIA-Admin",
            "AKIA",
            "AKIAEXAMPLE",
            "AKIAexampleexample12",
            "AKIA****************",
            "AIDAEXAMPLEEXAMPLE12",
        ] {
            assert_eq!(AccessKeyId::parse(text), None, "{text}");
        }
        assert_eq!(AccessKeyId::parse(&format!("AKIA{}", "A".repeat(125))), None);
    }

    #[test]
    fn a_role_id_may_name_a_session() {
        let id = UniqueId::parse("AROAEXAMPLEEXAMPLE12:ann@example.com").unwrap();
        assert_eq!(
            (id.id(), id.session(), id.kind()),
            ("AROAEXAMPLEEXAMPLE12", Some("ann@example.com"), IdKind::Role)
        );
        assert_eq!(UniqueId::parse("AIDAEXAMPLEEXAMPLE12").unwrap().kind(), IdKind::User);
        for text in ["AIDAEXAMPLEEXAMPLE12:x", "AROAEXAMPLEEXAMPLE12:", "AKIAEXAMPLEEXAMPLE12", "AROA:x", ":"]
        {
            assert_eq!(UniqueId::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_account_is_read_back(account in 0_u64..1_000_000_000_000) {
            let key = key_of(account);
            prop_assert_eq!(AccessKeyId::parse(&key).unwrap().account(), AccountId::from_number(account));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>(), rest in "[A-Z0-9é:]{0,30}") {
            for text in [text, format!("AKIA{rest}"), format!("AROA{rest}")] {
                let key = AccessKeyId::parse(&text).map(AccessKeyId::account);
                let id = UniqueId::parse(&text).map(UniqueId::account);
                prop_assert!(IdKind::of(&text).is_some() || key.is_none() && id.is_none());
            }
        }
    }
}
