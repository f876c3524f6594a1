//! What is read, what is refused, and where.

use proptest::prelude::*;

use super::*;
use crate::policy::{Consequence, Place, ProblemKind};

fn identity(statement: &str) -> Document {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
    Document::parse(PolicyKind::Identity, "test", &text)
}

/// The places of the problems that refuse something.
fn refusals(document: &Document) -> Vec<String> {
    let refusing = document.problems.iter().filter(|problem| problem.consequence.is_refusal());
    refusing.map(|problem| problem.place.to_string()).collect()
}

#[track_caller]
fn check_refused(statement: &str, places: &[&str]) {
    let document = identity(statement);
    assert_eq!(refusals(&document), places, "{:#?}", document.problems);
    assert!(document.statements.is_empty() && document.refused.len() == 1, "{statement}");
}

#[test]
fn single_values_and_lists_are_the_same() {
    let single = identity(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"a:b": true}}}"#,
    );
    let list = identity(
        r#"[{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"], "Condition": {"bool": {"a:b": ["true"]}}}]"#,
    );
    assert_eq!(single.statements, list.statements);
    assert!(single.problems.is_empty() && list.problems.is_empty());
}

#[test]
fn numbers_and_booleans_are_texts() {
    let document = identity(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"NumericEquals": {"a:b": [10, 1.5, "3"]}}}"#,
    );
    assert_eq!(document.statements[0].conditions[0].values, ["10", "1.5", "3"]);
}

#[test]
fn operators_are_read_with_quantifier_and_if_exists_in_any_case() {
    let written = Operator::parse("FORALLVALUES:stringlikeIFEXISTS").unwrap();
    assert_eq!(written.operator, Operator::StringLike);
    assert_eq!(written.quantifier, Some(Quantifier::ForAllValues));
    assert!(written.if_exists);
    for text in
        ["NullIfExists", "ForAnyValue:Null", "StringEqual", "ForSome:Bool", "", "IfExists", "BinaryNotEquals"]
    {
        assert_eq!(Operator::parse(text), None, "{text}");
    }
}

#[test]
fn typing_errors_are_refused_with_what_was_meant() {
    let document = identity(r#"{"Effect": "Deny", "Action": "s3:*", "NotResouce": "*"}"#);
    let kinds: Vec<_> = document.problems.iter().map(|problem| problem.kind.to_string()).collect();
    assert!(kinds[0].contains("did you mean `NotResource`?"), "{kinds:?}");
    let refused = &document.refused[0];
    assert_eq!((refused.index, refused.effect), (Some(0), Some(Effect::Deny)));
    assert_eq!(refused.actions.as_ref().unwrap().patterns, ["s3:*"]);
}

#[test]
fn what_cannot_be_understood_refuses_its_statement() {
    for (statement, places) in [
        (r#"{"Effect": "allow", "Action": "*", "Resource": "*"}"#, &["/Statement/Effect"][..]),
        (r#"{"Action": "*", "Resource": "*"}"#, &["/Statement"]),
        (r#"{"Effect": "Allow", "Resource": "*"}"#, &["/Statement"]),
        (r#"{"Effect": "Allow", "Action": "*"}"#, &["/Statement"]),
        (r#"{"Effect": "Allow", "Action": [], "Resource": "*"}"#, &["/Statement/Action"]),
        (r#"{"Effect": "Allow", "Action": ["s3:*", 3], "Resource": "*"}"#, &["/Statement/Action/1"]),
        (r#"{"Effect": "Allow", "Action": "GetObject", "Resource": "*"}"#, &["/Statement/Action"]),
        (r#"{"Effect": "Allow", "Action": "s*:GetObject", "Resource": "*"}"#, &["/Statement/Action"]),
        (r#"{"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}"#, &["/Statement"]),
        (r#"{"Effect": "Allow", "Action": "*", "Resource": "bucket"}"#, &["/Statement/Resource"]),
        (r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::"}"#, &[]),
        (r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3"}"#, &["/Statement/Resource"]),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username"}"#,
            &["/Statement/Resource"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3::${aws:x}:b"}"#,
            &["/Statement/Resource"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}"#,
            &["/Statement/Principal"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEqals": {"a:b": "c"}}}"#,
            &["/Statement/Condition/StringEqals"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": "yes"}}}"#,
            &["/Statement/Condition/Bool/a:b"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"a:b": ["1.2.3.4", "x"]}}}"#,
            &["/Statement/Condition/IpAddress/a:b/1"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b/c": null}}}"#,
            &["/Statement/Condition/StringEquals/a:b~1c"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b": []}}}"#,
            &["/Statement/Condition/StringEquals/a:b"],
        ),
        (
            r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"a:b": "c", "A:B": "d"}}}"#,
            &["/Statement/Condition/StringEquals/a:b"],
        ),
    ] {
        if places.is_empty() {
            assert!(identity(statement).refused.is_empty(), "{statement}");
        } else {
            check_refused(statement, places);
        }
    }
}

#[test]
fn the_same_element_twice_is_refused() {
    check_refused(
        r#"{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}"#,
        &["/Statement/Effect"],
    );
    let document = identity(r#"{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}"#);
    assert_eq!(document.refused[0].effect, None);
}

#[test]
fn trouble_of_the_document_refuses_all_of_it() {
    let statement = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    for text in [
        "",
        "nonsense",
        "[]",
        "{}",
        r#"{"Statement": 3}"#,
        &format!(r#"{{"Statment": {statement}}}"#),
        &format!(r#"{{"Version": "2012-10-18", "Statement": {statement}}}"#),
        &format!(r#"{{"Version": 2012, "Statement": {statement}}}"#),
        &format!(r#"{{"Statement": {statement}, "Statement": {statement}}}"#),
        &format!(r#"{{"Statement": {statement}, "More": 1}}"#),
        &format!(r#"{{"Statement": {statement}}} x"#),
        &"[".repeat(1_000_000),
        &" ".repeat(DOCUMENT_BYTES_MAX + 1),
    ] {
        let document = Document::parse(PolicyKind::Identity, "test", text);
        let shown: String = text.chars().take(60).collect();
        assert!(document.statements.is_empty(), "{shown}");
        let whole = Refused { index: None, sid: None, effect: None, actions: None };
        assert_eq!(document.refused, [whole], "{shown}");
        assert!(document.problems.iter().all(|problem| problem.policy == "test"), "{shown}");
        assert!(!refusals(&document).is_empty(), "{shown}");
    }
}

#[test]
fn text_that_is_no_json_is_placed_by_line_and_column() {
    let document = Document::parse(PolicyKind::Identity, "test", "{\n  \"Statement\": oops\n}");
    assert_eq!(document.problems[0].place, Place::Line { line: 2, column: 16 });
}

#[test]
fn other_statements_of_a_document_are_kept() {
    let document = identity(
        r#"[{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Sid": "Two", "Effect": "Allow"},
            {"Effect": "Deny", "Action": "*", "Resource": "*"}]"#,
    );
    let indices: Vec<_> = document.statements.iter().map(|statement| statement.index).collect();
    assert_eq!(indices, [0, 2]);
    assert_eq!(document.refused[0].index, Some(1));
    assert!(document.problems.iter().all(|problem| problem.sid.as_deref() == Some("Two")));
}

#[test]
fn what_is_clear_is_only_noted() {
    let document = Document::parse(
        PolicyKind::Identity,
        "test",
        r#"{"Id": "x", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
    );
    assert_eq!((document.statements.len(), document.problems.len()), (2, 2));
    assert!(refusals(&document).is_empty());
    assert!(matches!(document.problems[1].kind, ProblemKind::Duplicate { .. }));
    // Nor does AWS take it twice.
    let consequences: Vec<Consequence> = document.problems.iter().map(|own| own.consequence).collect();
    assert_eq!(consequences, [Consequence::Noted, Consequence::Rejected]);
}

#[test]
fn principals_are_read_by_kind() {
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Principal": {
        "AWS": ["111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/ann", "*",
                "AIDAEXAMPLEEXAMPLE12"],
        "Service": "lambda.amazonaws.com", "Federated": "accounts.google.com", "CanonicalUser": "0a1b"}}}"#;
    let document = Document::parse(PolicyKind::Resource, "test", text);
    let account = crate::aws::AccountId::parse("111122223333").unwrap();
    assert_eq!(
        document.statements[0].principals.as_ref().unwrap().listed,
        [
            Principal::Account(account),
            Principal::Account(account),
            Principal::Arn("arn:aws:iam::111122223333:user/ann".into()),
            Principal::Everyone,
            Principal::UniqueId("AIDAEXAMPLEEXAMPLE12".into()),
            Principal::Service("lambda.amazonaws.com".into()),
            Principal::Federated("accounts.google.com".into()),
            Principal::CanonicalUser("0a1b".into()),
        ]
    );
}

#[test]
fn kinds_have_their_own_elements() {
    let principal = r#"{"Statement": {"Effect": "Deny", "Action": "*", "Principal": "*", "Resource": "*"}}"#;
    let none = r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#;
    for (kind, takes) in [
        (PolicyKind::Identity, false),
        (PolicyKind::ServiceControl, false),
        (PolicyKind::ResourceControl, true),
        (PolicyKind::Resource, true),
        (PolicyKind::VpcEndpoint, true),
    ] {
        assert_eq!(Document::parse(kind, "test", principal).refused.is_empty(), takes, "{kind:?}");
        assert_eq!(Document::parse(kind, "test", none).refused.is_empty(), !takes, "{kind:?}");
    }
    let trust = r#"{"Statement": {"Effect": "Deny", "Action": "sts:*", "Principal": "*"}}"#;
    assert!(Document::parse(PolicyKind::Trust, "test", trust).refused.is_empty());
    let spared =
        r#"{"Statement": {"Effect": "Deny", "Action": "sts:*", "NotPrincipal": {"AWS": "111122223333"}}}"#;
    assert_eq!(Document::parse(PolicyKind::Trust, "test", spared).refused.len(), 1);
    assert!(Document::parse(PolicyKind::Resource, "test", spared).refused.is_empty());
}

#[test]
fn a_service_is_named_and_never_every_one() {
    for kind in [PolicyKind::Resource, PolicyKind::Trust, PolicyKind::VpcEndpoint] {
        let resource = if kind == PolicyKind::VpcEndpoint { r#", "Resource": "*""# } else { "" };
        for (service, taken) in [
            (r#""*""#, false),
            (r#"["ec2.amazonaws.com", "*"]"#, false),
            (r#""*.amazonaws.com""#, false),
            (r#""ec2.amazonaws.com""#, true),
        ] {
            let text = format!(
                r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"Service": {service}}}, "Action": "sts:AssumeRole"{resource}}}}}"#
            );
            assert_eq!(Document::parse(kind, "test", &text).refused.is_empty(), taken, "{kind:?} {service}");
        }
    }
}

#[test]
fn what_aws_takes_in_no_rcp_is_refused() {
    let parsed = |statement: &str| {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
        Document::parse(PolicyKind::ResourceControl, "test", &text)
    };
    for fine in [
        r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}"#,
        r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#,
        r#"{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["s3:Get*"], "NotResource": "arn:aws:s3:::a/*"}"#,
    ] {
        let document = parsed(fine);
        assert_eq!((document.statements.len(), document.problems), (1, vec![]), "{fine}");
    }
    for (bad, place) in [
        (
            r#"{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "*"}"#,
            "/Statement/NotPrincipal",
        ),
        (
            r#"{"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "*"}"#,
            "/Statement/Principal",
        ),
        (
            r#"{"Effect": "Deny", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "s3:*", "Resource": "*"}"#,
            "/Statement/Principal",
        ),
        (
            r#"{"Effect": "Deny", "Principal": "*", "NotAction": "s3:*", "Resource": "*"}"#,
            "/Statement/NotAction",
        ),
        (r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#, "/Statement/Effect"),
        (
            r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::a"}"#,
            "/Statement/Effect",
        ),
        (
            r#"{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}"#,
            "/Statement/Effect",
        ),
    ] {
        let document = parsed(bad);
        assert_eq!((document.statements.len(), document.refused.len()), (0, 1), "{bad}");
        let places: Vec<_> = document.problems.iter().map(|problem| problem.place.clone()).collect();
        assert_eq!(places, [Place::Pointer(place.to_owned())], "{bad}");
        assert!(document.refused[0].actions.is_some());
    }
}

#[test]
fn a_trust_policy_with_a_resource_is_none() {
    for element in ["Resource", "NotResource"] {
        let text = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "111122223333"}}, "Action": "sts:AssumeRole", "{element}": "*"}}}}"#
        );
        let document = Document::parse(PolicyKind::Trust, "test", &text);
        assert_eq!((document.statements.len(), document.refused.len()), (0, 1));
    }
}

#[test]
fn variables_are_cut_out_of_their_text() {
    let variable = |key, default| Piece::Variable { key, default };
    assert_eq!(
        pieces("a-${aws:x}${*}/${aws:PrincipalTag/a b, 'c}d'}$e").unwrap(),
        [
            Piece::Text("a-"),
            variable("aws:x", None),
            Piece::Literal("*"),
            Piece::Text("/"),
            variable("aws:PrincipalTag/a b", Some("c}d")),
            Piece::Text("$e"),
        ]
    );
    for text in ["${", "${}", "${ aws:x}", "${aws:x, c}", "${aws:x, 'c}", "${*, 'x'}", "a${b${c}"] {
        assert!(pieces(text).is_err(), "{text}");
    }
}

#[test]
fn huge_lists_and_deep_nesting_are_read_or_refused() {
    let many = vec![r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#; STATEMENTS_MAX + 1].join(",");
    assert!(identity(&format!("[{many}]")).statements.is_empty());
    let actions = vec![r#""s3:*""#; 100_000].join(",");
    let wide = identity(&format!(r#"{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}"#));
    assert_eq!(wide.statements[0].actions.patterns.len(), 100_000);
    let deep = format!("{}{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(identity(&deep).refused[0].index, None);
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>(), inner in "[a-zA-Z0-9:*${}',\"\\[\\] ]{0,60}") {
        for kind in [PolicyKind::Identity, PolicyKind::Resource] {
            let text = [text.clone(), format!(r#"{{"Statement": {{"Effect": "Deny", "Action": "{inner}"}}}}"#)];
            for text in text {
                let document = Document::parse(kind, "test", &text);
                prop_assert!(document.statements.len() + document.refused.len() > 0 || document.problems.is_empty());
            }
        }
    }
}
