//! What the layers say, and how statements are told apart.

use std::sync::Arc;

use super::*;
use crate::aws::AccountId;
use crate::policy::{
    Attached, Caller, Context, Document, Level, Levels, PolicyKind, PolicySet, Request, Resource, Rest,
    Standing,
};

fn attached(kind: PolicyKind, name: &str, statements: &str) -> Attached {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    Attached::of(vec![Arc::new(Document::parse(kind, name, &text))])
}

fn request() -> Request {
    Request {
        caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None },
        action: "s3:GetObject".into(),
        resource: Resource::Named("arn:aws:s3:::example-bucket/key".into()),
        resource_account: AccountId::parse("111122223333"),
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(true),
        context: Context::new(Rest::Absent),
    }
}

const ALLOW: &str = r#"{"Sid": "Reads", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}"#;
const DENY: &str = r#"{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}"#;
const MAYBE: &str = r#"{"Sid": "Maybe", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "true"}}}"#;
const OTHER: &str = r#"{"Sid": "Other", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#;
const BROKEN: &str = r#"{"Effect": "Permit", "Action": "s3:*", "Resource": "*"}"#;

fn identity(statements: &str) -> PolicySet {
    PolicySet { identity: attached(PolicyKind::Identity, "own", statements), ..PolicySet::default() }
}

fn scps(levels: &[(&str, &str)]) -> Levels {
    let level = |(target, statements): &(&str, &str)| Level {
        target: (*target).to_owned(),
        attached: attached(PolicyKind::ServiceControl, target, statements),
    };
    Levels { levels: levels.iter().map(level).collect(), missing: None }
}

/// The layers of a survey as `layer: binds, deny, allow`.
fn layers(survey: &Survey<'_>) -> Vec<String> {
    let words =
        |own: &LayerSurvey<'_>| format!("{}: {:?}, {:?}, {:?}", own.layer, own.binds, own.deny, own.allow);
    survey.layers.iter().map(words).collect()
}

#[test]
fn every_level_says_for_itself_what_it_does() {
    let set = PolicySet {
        scp: Some(scps(&[("root", ALLOW), ("ou", DENY)])),
        ..identity(&format!("{ALLOW},{MAYBE}"))
    };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let mut request = request();
    request.context.set("a:b", Standing::Unknown);
    let prepared = evaluator.prepare(&request);
    let survey = compiled.survey(&prepared);
    assert_eq!(
        layers(&survey),
        [
            "service control policies of root: Yes, No, Yes",
            "service control policies of ou: Yes, Yes, No",
            "identity-based policies: Yes, Unknown, Yes",
        ]
    );
}

#[test]
fn an_allow_behind_a_deny_is_still_seen() {
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&identity(&format!("{DENY},{ALLOW}")));
    let prepared = evaluator.prepare(&request());
    let survey = compiled.survey(&prepared);
    assert_eq!(layers(&survey), ["identity-based policies: Yes, Yes, Yes"]);
    let seen: Vec<_> =
        survey.layers[0].statements.iter().map(|own| (own.statement.index, own.effect)).collect();
    assert_eq!(seen, [(Some(0), Some(Effect::Deny)), (Some(1), Some(Effect::Allow))]);
}

#[test]
fn every_statement_that_matches_or_may_match_is_listed() {
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&identity(&[ALLOW, OTHER, MAYBE, BROKEN, ALLOW].join(",")));
    let mut request = request();
    request.context.set("a:b", Standing::Unknown);
    let prepared = evaluator.prepare(&request);
    let survey = compiled.survey(&prepared);
    let seen: Vec<_> = survey.layers[0]
        .statements
        .iter()
        .map(|own| (own.statement.index.unwrap(), own.effect, own.truth, own.refused))
        .collect();
    assert_eq!(
        seen,
        [
            (0, Some(Effect::Allow), Truth::Yes, false),
            (2, Some(Effect::Deny), Truth::Unknown, false),
            (3, None, Truth::Unknown, true),
            (4, Some(Effect::Allow), Truth::Yes, false),
        ]
    );
}

#[test]
fn a_layer_that_does_not_bind_says_so_and_nothing_else() {
    let set = PolicySet { scp: Some(scps(&[("root", DENY)])), ..identity(ALLOW) };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let management = Request { management_account: AccountId::parse("111122223333"), ..request() };
    let prepared = evaluator.prepare(&management);
    let survey = compiled.survey(&prepared);
    assert_eq!(layers(&survey)[0], "service control policies of root: No, No, No");
    assert!(survey.layers[0].statements.is_empty());
    let mut found = vec![(StatementId { policy: 9, statement: 9 }, Truth::Yes, LayerKind::Session)];
    compiled.matching(&prepared, &mut found);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].2, LayerKind::Identity);
}

#[test]
fn where_a_layer_may_not_bind_its_statements_only_may_match() {
    let mut set = identity(ALLOW);
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}"#;
    let level = Level { target: "root".into(), attached: attached(PolicyKind::ResourceControl, "rcp", deny) };
    set.rcp = Some(Levels { levels: vec![level], missing: None });
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let prepared = evaluator.prepare(&Request { rcp_supported: None, ..request() });
    let survey = compiled.survey(&prepared);
    // The level holds no allow, so it passes.
    assert_eq!(layers(&survey)[0], "resource control policies of root: Unknown, Unknown, Yes");
    assert_eq!(survey.layers[0].statements[0].truth, Truth::Yes);
    let mut found = Vec::new();
    compiled.matching(&prepared, &mut found);
    let truths: Vec<_> = found.iter().map(|(_, truth, kind)| (*truth, *kind)).collect();
    assert_eq!(truths, [(Truth::Unknown, LayerKind::ResourceControl), (Truth::Yes, LayerKind::Identity)]);
}

#[test]
fn what_is_missing_of_a_layer_is_named_and_may_do_anything() {
    let set = PolicySet { identity: Attached::missing("no policy snapshot"), ..PolicySet::default() };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let prepared = evaluator.prepare(&request());
    let survey = compiled.survey(&prepared);
    assert_eq!(layers(&survey), ["identity-based policies: Yes, Unknown, Unknown"]);
    assert_eq!(survey.layers[0].missing, Some("no policy snapshot"));
}

#[test]
fn a_deny_that_does_not_bind_the_owner_s_root_user_is_not_listed() {
    let account = AccountId::parse("111122223333").unwrap();
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}"#;
    let set =
        PolicySet { resource: Some(attached(PolicyKind::Resource, "bucket", deny)), ..PolicySet::default() };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let root = Request { caller: Caller::Root { account }, action: "s3:PutBucketPolicy".into(), ..request() };
    let prepared = evaluator.prepare(&root);
    let survey = compiled.survey(&prepared);
    assert_eq!(survey.layers[0].deny, Truth::No);
    assert!(survey.layers[0].statements.is_empty());
    let mut found = Vec::new();
    compiled.matching(&prepared, &mut found);
    assert!(found.is_empty());
}

#[test]
fn matching_lists_what_the_survey_lists() {
    let set = PolicySet {
        scp: Some(scps(&[("root", ALLOW), ("ou", &format!("{ALLOW},{MAYBE}"))])),
        boundary: Some(attached(PolicyKind::Identity, "boundary", &format!("{OTHER},{ALLOW}"))),
        ..identity(&[ALLOW, OTHER, MAYBE, BROKEN].join(","))
    };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let mut request = request();
    request.context.set("a:b", Standing::Unknown);
    let prepared = evaluator.prepare(&request);
    let mut found = Vec::new();
    compiled.matching(&prepared, &mut found);
    let survey = compiled.survey(&prepared);
    let listed: Vec<_> = survey
        .layers
        .iter()
        .flat_map(|layer| layer.statements.iter().map(|own| (own.id, own.truth, layer.layer.kind())))
        .collect();
    assert_eq!(found, listed);
    assert_eq!(found.len(), 7);
}

#[test]
fn ids_are_the_same_in_every_set_and_lead_to_the_statement() {
    let shared = identity(&format!("{ALLOW},{DENY}"));
    let mut other = identity(OTHER);
    other.identity.policies.extend(shared.identity.policies.clone());
    let mut evaluator = Evaluator::new();
    let (first, second) = (evaluator.compile(&shared), evaluator.compile(&other));
    let ids = |set: &CompiledSet| set.statements().map(|own| own.id).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second)[1..]);
    for set in [&first, &second] {
        for own in set.statements() {
            let written = evaluator.statement(own.id).unwrap();
            assert_eq!(
                (written.policy, written.sid, written.index, written.effect),
                (own.statement.policy, own.statement.sid, own.statement.index, own.effect)
            );
        }
    }
    assert_eq!(evaluator.statement(StatementId { policy: 2, statement: 0 }), None);
    assert_eq!(evaluator.statement(StatementId { policy: 0, statement: 2 }), None);
}

#[test]
fn all_statements_of_a_set_are_known_whether_they_match_or_not() {
    let set = PolicySet { scp: Some(scps(&[("root", ALLOW)])), ..identity(&format!("{OTHER},{BROKEN}")) };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(&set);
    let all: Vec<_> =
        compiled.statements().map(|own| (own.statement.policy, own.statement.index, own.effect)).collect();
    assert_eq!(
        all,
        [
            ("root", Some(0), Some(Effect::Allow)),
            ("own", Some(0), Some(Effect::Allow)),
            ("own", Some(1), None),
        ]
    );
}
