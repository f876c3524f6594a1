//! Statements as policies that IAM takes: none larger than a managed policy may be, and what cannot be made so is named.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::subject::SubjectKind;
use super::pack;

/// A managed policy has at most so many characters, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const CHARACTERS_MAX: usize = 6_144;
/// The inline policies of a role have at most so many characters together, white space not counted (the same page); that of a
/// permission set becomes one of its roles'
/// (<https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PutInlinePolicyToPermissionSet.html>).
pub const INLINE_MAX: usize = 10_240;
/// So many managed policies may be attached to a user or role unless the quota is raised (the same page).
pub const ATTACHED_MAX: u64 = 10;

/// Why a statement is in a suggested policy. The `Sid` begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// A request needed it.
    Used,
    /// A request needed it, or another statement of the same suggestion.
    Perhaps,
    /// Its actions are of an access level of which another one was used.
    Level,
    /// Calls of which no action is known may need it.
    Kept,
    /// A deny of today.
    Denied,
}

/// A policy to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuggestedPolicy {
    /// Its name: `ci-deploy-used`, of further ones `ci-deploy-used-2`.
    pub name: String,
    /// The policy.
    pub document: Value,
    /// How many characters it has, white space not counted.
    pub characters: u64,
    /// How many statements.
    pub statements: u64,
    /// The statements by their `Sid` that no request shows to be needed: they stay since it is not known what some calls needed.
    pub unproven: Vec<String>,
}

/// A limit of IAM that a suggestion does not keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exceeded {
    /// Which.
    pub limit: Limit,
    /// The policy that is too large; None where it is about all of them.
    pub policy: Option<String>,
    /// What the suggestion has.
    pub found: u64,
    /// What IAM takes.
    pub most: u64,
    /// What it takes at most once the quota is raised; None for what cannot be raised.
    pub raised: Option<u64>,
}

/// A limit of IAM (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// The characters of a managed policy ([`CHARACTERS_MAX`]): a statement that can't be divided is larger.
    PolicySize,
    /// The characters of the inline policy of a permission set ([`INLINE_MAX`]), which has one.
    InlinePolicySize,
    /// Managed policies that are attached to one user or role ([`ATTACHED_MAX`]).
    AttachedPolicies,
}

impl Exceeded {
    /// Whether IAM refuses what exceeds it whatever the account's quotas are.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.raised.is_none_or(|raised| self.found > raised)
    }
}

/// The limits that these policies exceed, together on one principal that keeps so many others attached.
pub(super) fn exceeded(kind: SubjectKind, policies: &[&SuggestedPolicy], kept: usize) -> Vec<Exceeded> {
    let most = CHARACTERS_MAX as u64;
    let mut all: Vec<Exceeded> = policies
        .iter()
        .filter(|own| own.characters > most)
        .map(|own| Exceeded {
            limit: Limit::PolicySize,
            policy: Some(own.name.clone()),
            found: own.characters,
            most,
            raised: None,
        })
        .collect();
    let found = (policies.len() + kept) as u64;
    if found > ATTACHED_MAX {
        let raised = match kind {
            SubjectKind::Role => 25,
            SubjectKind::User => 20,
        };
        let limit = Limit::AttachedPolicies;
        all.push(Exceeded { limit, policy: None, found, most: ATTACHED_MAX, raised: Some(raised) });
    }
    all
}

/// The limit that the inline policy of a permission set exceeds.
pub(super) fn exceeded_inline(policies: &[SuggestedPolicy]) -> Vec<Exceeded> {
    let most = INLINE_MAX as u64;
    let exceeded = |own: &SuggestedPolicy| Exceeded {
        limit: Limit::InlinePolicySize,
        policy: Some(own.name.clone()),
        found: own.characters,
        most,
        raised: None,
    };
    policies.iter().filter(|own| own.characters > most).map(exceeded).collect()
}

/// The characters of a policy as IAM counts them: without white space.
#[must_use]
pub fn characters(document: &Value) -> usize {
    document.to_string().chars().filter(|letter| !letter.is_whitespace()).count()
}

/// Policies of these statements, as few as the limit allows.
pub(super) fn policies(
    name: &str,
    suffix: &str,
    statements: impl IntoIterator<Item = (Why, Value)>,
) -> Vec<SuggestedPolicy> {
    let divided = |(why, statement)| {
        pack::divided(statement, CHARACTERS_MAX).into_iter().map(move |piece| (why, piece))
    };
    named(name, suffix, statements.into_iter().flat_map(divided).collect(), CHARACTERS_MAX)
}

/// One policy of these statements, however large; none without statements.
pub(super) fn inline(
    name: &str,
    suffix: &str,
    statements: impl IntoIterator<Item = (Why, Value)>,
) -> Vec<SuggestedPolicy> {
    named(name, suffix, statements.into_iter().collect(), usize::MAX - 1)
}

/// Policies of so many characters at most, but for single statements. The statements are numbered in their order, whichever
/// policy each is in.
fn named(name: &str, suffix: &str, pieces: Vec<(Why, Value)>, most: usize) -> Vec<SuggestedPolicy> {
    let numbered = |(number, (why, mut piece)): (usize, (Why, Value))| {
        let sid = format!("{why:?}{}", number + 1);
        if let Some(own) = piece.as_object_mut() {
            own.insert("Sid".to_owned(), json!(sid));
        }
        (piece, matches!(why, Why::Perhaps | Why::Level | Why::Kept).then_some(sid))
    };
    let (statements, unproven): (Vec<Value>, Vec<Option<String>>) =
        pieces.into_iter().enumerate().map(numbered).unzip();
    let named = |(at, places): (usize, Vec<usize>)| {
        let own: Vec<Value> = places.iter().filter_map(|place| statements.get(*place).cloned()).collect();
        let document = document(&own);
        SuggestedPolicy {
            name: if at == 0 { format!("{name}-{suffix}") } else { format!("{name}-{suffix}-{}", at + 1) },
            characters: characters(&document) as u64,
            statements: own.len() as u64,
            document,
            unproven: places.iter().filter_map(|place| unproven.get(*place)?.clone()).collect(),
        }
    };
    pack::together(&statements, most).into_iter().enumerate().map(named).collect()
}

pub(super) fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::{Document, PolicyKind};

    #[test]
    fn no_policy_is_larger_than_a_managed_policy_may_be_and_nothing_is_lost() {
        let resources: Vec<String> =
            (0..600).map(|at| format!("arn:aws:s3:::example-bucket/folder-{at}/*")).collect();
        let statement =
            json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": resources});
        let policies = policies("deploy", "used", [(Why::Used, statement)]);
        assert!(policies.len() > 3);
        let mut seen = BTreeSet::new();
        for (at, policy) in policies.iter().enumerate() {
            assert!(policy.characters <= CHARACTERS_MAX as u64, "{}", policy.characters);
            let parsed = Document::parse(PolicyKind::Identity, &policy.name, &policy.document.to_string());
            assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
            assert_eq!(
                policy.name,
                if at == 0 { "deploy-used".to_owned() } else { format!("deploy-used-{}", at + 1) }
            );
            for own in policy.document["Statement"].as_array().unwrap() {
                let listed = own["Resource"].as_array().unwrap();
                seen.extend(listed.iter().map(|text| text.as_str().unwrap().to_owned()));
            }
        }
        assert_eq!(seen.len(), 600);
    }

    #[test]
    fn the_largest_list_is_halved_whichever_it_is_and_what_is_all_but_a_list_is_not() {
        let many = |count: usize, name: &str| -> Vec<String> {
            (0..count).map(|at| format!("{name}{at:04}")).collect()
        };
        let actions = json!({"Effect": "Allow", "Action": many(900, "ec2:Example"), "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b"]});
        let all = policies("a", "used", [(Why::Used, actions)]);
        assert!(all.len() > 2 && all.iter().all(|own| own.characters <= CHARACTERS_MAX as u64));
        assert!(all.iter().all(|own| {
            own.document["Statement"][0]["Resource"].as_array().is_some_and(|own| own.len() == 2)
        }));
        let values = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalTag/team": many(900, "team-")}, "Bool": {"aws:SecureTransport": "true"}}});
        let all = policies("a", "used", [(Why::Used, values)]);
        assert!(all.len() > 1 && exceeded(SubjectKind::Role, &all.iter().collect::<Vec<_>>(), 0).is_empty());
        assert!(all.iter().all(|own| own.document["Statement"][0]["Condition"]["Bool"]["aws:SecureTransport"] == "true"));
        for whole in [
            json!({"Effect": "Deny", "NotAction": many(900, "ec2:Example"), "Resource": "*"}),
            json!({"Effect": "Deny", "Action": "*", "NotResource": many(400, "arn:aws:s3:::example-")}),
            json!({"Effect": "Deny", "Action": "*", "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": many(900, "team-")}}}),
        ] {
            let all = policies("a", "denied", [(Why::Denied, whole)]);
            let limits = exceeded(SubjectKind::Role, &all.iter().collect::<Vec<_>>(), 0);
            assert_eq!((all.len(), limits.len(), limits[0].limit), (1, 1, Limit::PolicySize));
            assert!(limits[0].is_final() && limits[0].policy.as_deref() == Some("a-denied"));
        }
    }

    #[test]
    fn more_policies_than_may_be_attached_are_named_with_what_the_quota_can_be_raised_to() {
        let of = |resources: usize, kind| {
            let listed: Vec<String> =
                (0..resources).map(|at| format!("arn:aws:s3:::example-bucket/folder-{at:06}/*")).collect();
            let all = policies(
                "a",
                "used",
                [(Why::Used, json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": listed}))],
            );
            exceeded(kind, &all.iter().collect::<Vec<_>>(), 0)
        };
        assert_eq!(of(600, SubjectKind::Role), []);
        // What stays attached takes its place among the ten.
        let few =
            policies("a", "used", [(Why::Used, json!({"Effect": "Allow", "Action": "*", "Resource": "*"}))]);
        let beside = |kept| exceeded(SubjectKind::Role, &few.iter().collect::<Vec<_>>(), kept);
        assert_eq!((beside(9).len(), beside(10).len()), (0, 1));
        let [own] = of(2_000, SubjectKind::Role).try_into().unwrap();
        assert_eq!(
            (own.limit, own.policy.clone(), own.most, own.raised),
            (Limit::AttachedPolicies, None, 10, Some(25))
        );
        assert!(own.found > 10 && !own.is_final());
        let [own] = of(4_000, SubjectKind::User).try_into().unwrap();
        assert!(own.found > 20 && own.is_final());
    }
}
