//! Names in the forms that SDKs and services give, with documentation ids.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(name: &str, kind: &str, words: &str) {
    assert_eq!((claim(name).kind(), claim(name).words().as_str()), (kind, words), "{name}");
}

#[track_caller]
fn made(name: &str, words: &str, at: &str) {
    check(name, "tool", words);
    assert_eq!(claim(name).made_at().map(|at| at.to_rfc3339()).as_deref(), Some(at), "{name}");
}

#[track_caller]
fn compare(name: &str, verified: Verified<'_>, agreement: Agreement) {
    let others = BTreeSet::from(["ann".to_owned(), "carl".to_owned()]);
    assert_eq!(agrees(claim(name), verified, &others), agreement, "{name} {verified:?}");
}

fn user(name: &str) -> Verified<'_> {
    Verified { user_name: Some(name), unique_id: Some("AIDAEXAMPLEEXAMPLE12"), ..Verified::default() }
}

fn subject(subject: &str) -> Verified<'_> {
    Verified { subject: Some(subject), ..Verified::default() }
}

#[test]
fn the_form_tells_what_a_name_claims() {
    check("ann@example.com", "mail-address", "mail address");
    check("AIDAEXAMPLEEXAMPLE12", "unique-id", "unique id of a user");
    check("AROAEXAMPLEEXAMPLE12", "unique-id", "unique id of a role");
    check("AKIAIOSFODNN7EXAMPLE", "access-key", "long-term key");
    check("i-0123456789abcdef0", "instance", "instance");
    check("i-01234567", "instance", "instance");
    check("111122223333", "account", "account");
    for name in ["ann", "", "ann@host", "ann@example..com", "a@b@c.d", "@example.com", "管理@example.com"] {
        check(name, "name", "name");
    }
    for name in ["i-0123456", "AGPAEXAMPLEEXAMPLE12", "AROAEXAMPLEEXAMPLE12:ann", "AWSCodeBuild-"] {
        check(name, "name", "name");
    }
}

#[test]
fn names_of_sdks_hold_their_time() {
    made(
        "aws-go-sdk-1688990082523310002",
        "made by the AWS SDK for Go",
        "2023-07-10T11:54:42.523310002+00:00",
    );
    made(
        "aws-sdk-js-session-1688990082523",
        "made by the AWS SDK for JavaScript",
        "2023-07-10T11:54:42.523+00:00",
    );
    made(
        "aws-dotnet-sdk-session-636238288466144357",
        "made by the AWS SDK for .NET",
        "2017-02-27T21:47:26.614435700+00:00",
    );
    made(
        "botocore-session-1688990082",
        "made by the AWS SDK for Python, or the AWS CLI",
        "2023-07-10T11:54:42+00:00",
    );
    made("awslambda_215_20261009164326292", "made by Lambda", "2026-10-09T16:43:26.292+00:00");
    made("1676620212864829436", "time as a number", "2023-02-17T07:50:12.864829436+00:00");
}

#[test]
fn a_senseless_time_is_none() {
    for name in
        ["botocore-session-8473921564", "aws-go-sdk-1", "aws-sdk-java-99999999999999999999", "awslambda_1_2"]
    {
        assert_eq!((claim(name).kind(), claim(name).made_at()), ("tool", None), "{name}");
    }
    for name in
        ["9999999999999", "0000000000000000000", "botocore-session-", "botocore-session-1x", "aws-go-sdk-+1"]
    {
        check(name, "name", "name");
    }
}

#[test]
fn services_and_workloads_are_known_by_their_names() {
    check("GitHubActions", "tool", "made by GitHub Actions");
    check("AWSCLI-Session", "tool", "made by the AWS CLI");
    check("terraform-run-abc123", "tool", "made by HCP Terraform");
    check("SLRManagement", "tool", "made by a service, for its own role");
    check("MandoService-4719190630289683262", "tool", "made by Inspector");
    check(
        "AWSCodeBuild-00000000-1111-2222-3333-444444444444",
        "tool",
        "id of a CodeBuild build, by its form",
    );
    check("eks-shop-worker-00000000-1111-2222-3333-444444444444", "tool", "name of an EKS pod, by its form");
    check("0123456789abcdef0123456789abcdef", "tool", "id of an ECS task, by its form");
    check("00000000-1111-2222-3333-444444444444", "tool", "random id");
    check("eks-00000000-1111-2222-3333-444444444444", "name", "name");
}

#[test]
fn a_mail_address_is_compared_with_user_and_subject() {
    compare("ann@example.com", user("Ann"), Agreement::Agrees);
    compare("ann@example.com", user("ANN@example.com"), Agreement::Agrees);
    compare("ann@example.com", subject("ann@example.com"), Agreement::Agrees);
    compare("ann@example.com", user("bob"), Agreement::Differs);
    compare("ann@example.com", subject("ann@example.net"), Agreement::Differs);
    compare("ann@example.com", subject("repo:acme/web:ref:refs/heads/main"), Agreement::Differs);
    for nobody in ["", "100000000000000000001", "us-east-1:00000000-1111-2222-3333-444444444444"] {
        compare("ann@example.com", subject(nobody), Agreement::SaysNothing);
    }
}

#[test]
fn a_bare_name_differs_only_if_it_is_another_users() {
    compare("bob", user("bob"), Agreement::Agrees);
    compare("bob", subject("bob@example.com"), Agreement::Agrees);
    compare("deploy", user("bob"), Agreement::SaysNothing);
    compare("Ann", user("bob"), Agreement::Differs);
    compare("ann", user("ann"), Agreement::Agrees);
    compare(
        "carl",
        Verified { account: Some("111122223333"), ..Verified::default() },
        Agreement::SaysNothing,
    );
}

#[test]
fn an_instance_differs_where_another_acts() {
    let instance = "i-0123456789abcdef0";
    let service = |service| Verified { service: Some(service), ..Verified::default() };
    let is = |id| Verified { instance: Some(id), ..service("ec2.amazonaws.com") };
    let role = |id| Verified { unique_id: Some(id), ..Verified::default() };
    compare(instance, is(instance), Agreement::Agrees);
    compare(instance, is("i-0fedcba9876543210"), Agreement::Differs);
    compare(instance, service("ec2.amazonaws.com"), Agreement::Agrees);
    compare(instance, service("lambda.amazonaws.com"), Agreement::Differs);
    compare(instance, user("bob"), Agreement::Differs);
    compare(instance, role("AIDAEXAMPLEEXAMPLE12"), Agreement::Differs);
    compare(instance, role("AROAEXAMPLEEXAMPLE12:i-0123456789abcdef0"), Agreement::Agrees);
    compare(instance, role("AROAEXAMPLEEXAMPLE12:x"), Agreement::SaysNothing);
}

#[test]
fn ids_are_compared_and_tools_say_nothing() {
    compare("AIDAEXAMPLEEXAMPLE12", user("bob"), Agreement::Agrees);
    compare("AIDAEXAMPLEEXAMPLE99", user("bob"), Agreement::Differs);
    compare(
        "AIDAEXAMPLEEXAMPLE99",
        Verified { unique_id: Some("AIDA****"), ..user("bob") },
        Agreement::SaysNothing,
    );
    compare("AROAEXAMPLEEXAMPLE99", user("bob"), Agreement::SaysNothing);
    compare("111122223333", Verified { account: Some("111122223333"), ..user("bob") }, Agreement::Agrees);
    compare(
        "111122223333",
        Verified { account: Some("444455556666"), ..user("bob") },
        Agreement::SaysNothing,
    );
    compare("AWSCloudFormation", user("bob"), Agreement::SaysNothing);
    compare("AKIAIOSFODNN7EXAMPLE", user("bob"), Agreement::SaysNothing);
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>(), rest in "[-0-9a-fé_:@.]{0,45}") {
        let begins = TIMED.iter().map(|(begin, ..)| *begin);
        for begin in begins.chain(["", "i-", "eks-", "awslambda_1_", "MandoService-", "AIDA"]) {
            for name in [format!("{begin}{text}"), format!("{begin}{rest}"), format!("{begin}{rest}@example.com")] {
                let claim = claim(&name);
                prop_assert!(!claim.words().is_empty());
                prop_assert!(claim.made_at().is_none_or(|at| is_sensible(&at)));
                let agreement = agrees(claim, user(&name), &BTreeSet::from([name.clone()]));
                let names_someone = matches!(claim, Claim::Name(_) | Claim::MailAddress(_)) && !name.is_empty();
                prop_assert_eq!(agreement == Agreement::Agrees, names_someone, "{:?}", claim);
            }
        }
    }
}
