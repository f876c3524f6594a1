//! Links of which more than one record may tell: who gave a function its role, and how a user signed in that switched roles.

use super::up::launched;
use super::*;
use crate::lineage::{BesideLaunch, RoleGiven};

#[test]
fn a_launch_is_certain_only_where_it_passed_the_role_that_acts() {
    let words = |event: &str, untold: Option<&str>| {
        let mut link = launched().links.pop().unwrap();
        link.record.event_name = event.to_owned();
        link.role_passed = Some("web".to_owned());
        link.role_untold = untold.map(str::to_owned);
        words::link_words(&link)
    };
    let (run, swap) = ("RunInstances", "ReplaceIamInstanceProfileAssociation");
    let profile = "the instance profile web, called like its role";
    assert_eq!(words(run, None), format!("certain: RunInstances launched it and passed it {profile}"));
    let untold = "; who launched it no record tells";
    assert_eq!(words(swap, None), format!("certain: {swap} gave it {profile}{untold}"));
    let holds = "the instance profile web; no record tells that this holds the role admin";
    let likely = format!("likely: RunInstances launched it and passed it {holds}");
    assert_eq!(words(run, Some("admin")), likely);
    assert_eq!(words(swap, Some("admin")), format!("likely: {swap} gave it {holds}{untold}"));
    assert_eq!(words("StartBuild", None), "certain: StartBuild launched it and passed it the role web");
    let likely =
        "likely: StartBuild launched it and passed it web; no record tells that this holds the role admin";
    assert_eq!(words("StartBuild", Some("admin")), likely);
    let code = "UpdateFunctionCode20150331v2";
    assert_eq!(words(code, None), format!("certain: {code} replaced the function's code; its role was web"));
}

#[test]
fn who_gave_a_function_its_role_is_named_beside_who_put_its_code() {
    let words = |ambiguous: &[&str]| {
        let mut link = launched().links.pop().unwrap();
        link.record.event_name = "UpdateFunctionCode20150331v2".to_owned();
        link.role_passed = None;
        link.ambiguous = ambiguous.iter().map(|id| (*id).to_owned()).collect();
        let record = proof(OTHER_EVENT, "UpdateFunctionConfiguration20150331v2", "09:00:00");
        let role = Some("admin".to_owned());
        link.role_given = Some(Box::new(RoleGiven { record, role, by: dana(), origin: by_dana() }));
        words::link_words(&link)
    };
    let put = "UpdateFunctionCode20150331v2 replaced the function's code";
    let given =
        format!("the role admin is of UpdateFunctionConfiguration20150331v2 {OTHER_EVENT} by IAM user dana");
    assert_eq!(words(&[]), format!("certain: {put}; {given} (as well)"));
    assert_eq!(words(&[EVENT, OTHER_EVENT]), format!("one of 2: {put}; {given} (another origin)"));
}

#[test]
fn whoever_else_is_behind_a_launch_is_named_beside_it() {
    let words = |what, version: Option<&str>, ambiguous: &[&str]| {
        let mut link = launched().links.pop().unwrap();
        link.record.event_name = "UpdateFunctionCode20150331v2".to_owned();
        link.role_passed = None;
        link.ambiguous = ambiguous.iter().map(|id| (*id).to_owned()).collect();
        let record = proof(OTHER_EVENT, "UpdateFunctionConfiguration20150331v2", "09:00:00");
        let version = version.map(str::to_owned);
        link.beside = vec![BesideLaunch { what, version, record, by: dana(), origin: by_dana() }];
        words::link_words(&link)
    };
    let mut alone = launched().links.pop().unwrap();
    alone.record.event_name = "UpdateFunctionConfiguration20150331v2".to_owned();
    alone.role_passed = None;
    let told =
        "certain: UpdateFunctionConfiguration20150331v2 put layers on it; who put its code no record tells";
    assert_eq!(words::link_words(&alone), told);
    let put = "UpdateFunctionCode20150331v2 replaced the function's code";
    let by = format!("UpdateFunctionConfiguration20150331v2 {OTHER_EVENT} by IAM user dana");
    assert_eq!(words("layers", None, &[]), format!("certain: {put}; its layers are of {by} (as well)"));
    let both = [EVENT, OTHER_EVENT];
    assert_eq!(
        words("definition", None, &both),
        format!("one of 2: {put}; its task definition is of {by} (another origin)")
    );
    assert_eq!(
        words("code", Some("2"), &both),
        format!("one of 2: {put}; version 2 may have run: its code of {by} (another origin)")
    );
}

#[test]
fn the_role_of_a_task_is_said_to_be_of_its_definition() {
    let mut link = launched().links.pop().unwrap();
    link.record.event_name = "RunTask".to_owned();
    link.role_passed = Some("worker".to_owned());
    let record = proof(OTHER_EVENT, "RegisterTaskDefinition", "08:00:00");
    let role = Some("worker".to_owned());
    link.role_given = Some(Box::new(RoleGiven { record, role, by: dana(), origin: by_dana() }));
    let given =
        format!("the role worker is of RegisterTaskDefinition {OTHER_EVENT} by IAM user dana (as well)");
    assert_eq!(words::link_words(&link), format!("certain: RunTask launched it; {given}"));
}

#[test]
fn the_sign_in_of_who_switched_roles_is_one_of_the_hours_before() {
    let words = |ambiguous: &[&str]| {
        let user = Node { kind: NodeKind::User, ..dana() };
        let mut link = link(Rule::Session, proof(EVENT, "ConsoleLogin", "09:00:00"), user, dana());
        link.ambiguous = ambiguous.iter().map(|id| (*id).to_owned()).collect();
        words::link_words(&link)
    };
    assert_eq!(words(&[]), "certain: ConsoleLogin is the user's only one in the 12 hours before");
    assert_eq!(words(&[EVENT, OTHER_EVENT]), "one of 2: the user's ConsoleLogin in the 12 hours before");
}
