//! AWS's stated reason beside ours, by the layer that it names.

use super::*;

const BUCKET: &str = "arn:aws:s3:::example-reports";
const GET: &str = r#"{"bucketName": "example-reports", "key": "1"}"#;
const EDGE: &str = "arn:aws:iam::111122223333:policy/edge";
const ENDPOINT: &str = "vpce-0123456789abcdef0";
const CONTROLS: &str = "arn:aws:organizations::123456789012:policy/o-exampleorg1/service_control_policy";

/// Whose statements allow everything, deny it, or say nothing.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    Open,
    Shut,
    Empty,
    NotThere,
}
use Is::{Empty, NotThere, Open, Shut};

fn statements(is: Is) -> Value {
    match is {
        Open | NotThere => json!([allow("*", "*")]),
        Shut => json!([allow("*", "*"), deny("s3:*", "*")]),
        Empty => json!([allow("sqs:*", "*")]),
    }
}

/// Every layer that a call by the role on the bucket meets.
#[derive(Clone, Copy)]
struct Layers {
    identity: Is,
    boundary: Is,
    session: Is,
    /// The SCPs of the root and of the account.
    scp: [Is; 2],
    rcp: Is,
    resource: Is,
    endpoint: Is,
}

const OPEN: Layers = Layers {
    identity: Open,
    boundary: NotThere,
    session: NotThere,
    scp: [Open, Open],
    rcp: Open,
    resource: NotThere,
    endpoint: NotThere,
};

impl Layers {
    fn world(self) -> Arc<Snapshot> {
        let mut world = World::default().role(DEPLOY, &json!([trust_account()]), &statements(self.identity));
        if self.boundary != NotThere {
            world = world.boundary(EDGE).managed(EDGE, &statements(self.boundary));
        }
        let principals = |is| {
            let mut all = statements(is);
            for one in all.as_array_mut().unwrap() {
                one["Principal"] = json!("*");
            }
            all
        };
        let own = if self.resource == NotThere { Value::Null } else { principals(self.resource) };
        world = world.resource(BUCKET, &own);
        world = world.control("p-root", &statements(self.scp[0])).control("p-own", &statements(self.scp[1]));
        world.files.push(("rcp/p-data.json".to_owned(), policy(&principals(self.rcp)).to_string()));
        let endpoint = json!({ "VpcEndpoints": [{
            "VpcEndpointId": ENDPOINT, "OwnerId": ACCOUNT, "PolicyDocument": policy(&principals(self.endpoint)).to_string(),
        }] });
        world.files.push(("vpc-endpoint-policies/one.json".to_owned(), endpoint.to_string()));
        world
            .organization(&json!({
                "id": "o-exampleorg1", "managementAccount": "123456789012", "nodes": [
                    { "id": "r-ex01", "scps": ["p-root"], "rcps": ["RCPFullAWSAccess"] },
                    { "id": ACCOUNT, "parent": "r-ex01", "scps": ["p-own"], "rcps": ["p-data", "RCPFullAWSAccess"] },
                ],
            }))
            .read()
    }

    /// What is said beside a reason: `agree`, `not comparable`, or the two reasons.
    fn beside(self, reason: &str) -> String {
        let message = format!(
            "User: {SESSION} is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::example-reports/1\" {reason}"
        );
        let given = match self.session {
            NotThere => json!({}),
            is => json!({ "policy": policy(&statements(is)).to_string() }),
        };
        let parameters = given.to_string();
        let issuing = Record {
            event_time: at(-600),
            issued_access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
            assumed_role_arn: Some(SESSION),
            ..by_user("sts.amazonaws.com", "AssumeRole", Some(&parameters))
        };
        let record = Record {
            vpc_endpoint_id: (self.endpoint != NotThere).then_some(ENDPOINT),
            ..refused(&by_role("s3.amazonaws.com", "GetObject", Some(GET)), &message)
        };
        beside(&Plan { issuances: issued(&[issuing]), ..plan(&self.world()) }, &record)
    }
}

fn beside(plan: &Plan, record: &Record<'_>) -> String {
    let answer = replay(plan, &[*record]);
    match (answer.agreements, answer.not_comparable, answer.disagreements.as_slice()) {
        (1, 0, []) => "agree".to_owned(),
        (0, 1, []) => "not comparable".to_owned(),
        (0, 0, [one]) => format!("{} | {}", one.aws, one.ours),
        _ => panic!("{answer:#?}"),
    }
}

fn explicit(layer: &str) -> String {
    format!("with an explicit deny in a {layer}")
}

fn implicit(layer: &str) -> String {
    format!("because no {layer} allows the s3:GetObject action")
}

/// A layer in AWS's words, and the layers of ours with this one as given.
type Layer = (&'static str, fn(Is) -> Layers);

const LAYERS: [Layer; 6] = [
    ("identity-based policy", |is| Layers { identity: is, ..OPEN }),
    ("permissions boundary", |is| Layers { boundary: is, ..OPEN }),
    ("session policy", |is| Layers { session: is, ..OPEN }),
    ("service control policy", |is| Layers { scp: [Open, is], ..OPEN }),
    ("resource-based policy", |is| Layers { resource: is, ..OPEN }),
    ("VPC endpoint policy", |is| Layers { endpoint: is, ..OPEN }),
];

#[test]
fn an_explicit_deny_agrees_with_a_deny_of_that_layer() {
    for (layer, with) in LAYERS {
        assert_eq!(with(Shut).beside(&explicit(layer)), "agree", "{layer}");
        let article = if layer == "identity-based policy" { "an" } else { "a" };
        let ours = with(Open).beside(&explicit(layer));
        assert!(ours.starts_with(&format!("explicit deny in {article} {layer} | allowed by ")), "{ours}");
        let ours = with(Empty).beside(&explicit(layer));
        assert!(ours.starts_with(&format!("explicit deny in {article} {layer} | ")), "{ours}");
        assert!(ours.contains("do not deny it") || ours.contains("| allowed by"), "{ours}");
    }
    assert_eq!(Layers { rcp: Shut, ..OPEN }.beside(&explicit("resource control policy")), "agree");
    assert!(OPEN.beside(&explicit("resource control policy")).contains("| allowed by"));
}

#[test]
fn an_implicit_denial_agrees_with_a_layer_that_allows_nothing() {
    for (layer, with) in LAYERS {
        let is_grant = layer == "resource-based policy";
        let base = with(Empty);
        // A grant that is lacking is no reason where another one allows the call.
        let base = if is_grant { Layers { identity: Empty, ..base } } else { base };
        assert_eq!(base.beside(&implicit(layer)), "agree", "{layer}");
        let ours = with(if is_grant { Empty } else { Open }).beside(&implicit(layer));
        assert!(ours.starts_with(&format!("no {layer} allows it | allowed by ")), "{ours}");
        let ours = with(Open).beside(&implicit(layer));
        assert!(ours.starts_with(&format!("no {layer} allows it | allowed by ")), "{ours}");
        let ours = with(Shut).beside(&implicit(layer));
        assert!(ours.contains("| explicitly denied by Sid Not of "), "{ours}");
        assert!(ours.ends_with("allow it"), "{ours}");
    }
}

/// AWS states an explicit denial where there is one.
#[test]
fn a_layer_that_allows_nothing_does_not_agree_beside_an_explicit_deny_of_another() {
    let both = Layers { resource: Empty, scp: [Open, Shut], ..OPEN };
    let ours = both.beside(&implicit("resource-based policy"));
    assert!(ours.contains("| explicitly denied by"), "{ours}");
}

#[test]
fn a_ceiling_that_is_not_there_allows_and_a_grant_that_is_not_there_does_not() {
    let shut = Layers { identity: Empty, ..OPEN };
    assert_eq!(shut.beside(&implicit("resource-based policy")), "agree");
    for layer in ["permissions boundary", "session policy", "VPC endpoint policy"] {
        let ours = shut.beside(&implicit(layer));
        assert!(
            ours.contains("| implicitly denied by identity-based policies, which allow nothing; "),
            "{ours}"
        );
        assert!(ours.ends_with("are not there"), "{ours}");
    }
}

#[test]
fn any_level_of_an_organization_that_does_not_allow_agrees() {
    let words = implicit("service control policy");
    for scp in [[Empty, Open], [Open, Empty], [Empty, Empty]] {
        assert_eq!(Layers { scp, ..OPEN }.beside(&words), "agree");
    }
    assert!(OPEN.beside(&words).contains("| allowed by"));
    for scp in [[Shut, Open], [Open, Shut]] {
        assert_eq!(Layers { scp, ..OPEN }.beside(&explicit("service control policy")), "agree");
    }
}

#[test]
fn a_policy_that_aws_names_must_be_one_of_ours_that_deny() {
    let own = Layers { scp: [Open, Shut], ..OPEN };
    let both = Layers { scp: [Shut, Shut], ..OPEN };
    let named = |id: &str| format!("with an explicit deny in a service control policy: {CONTROLS}/{id}");
    assert_eq!(own.beside(&named("p-own")), "agree");
    assert_eq!(both.beside(&named("p-own")), "agree");
    assert_eq!(both.beside(&named("p-root")), "agree");
    let ours = own.beside(&named("p-root"));
    assert!(ours.ends_with(&format!("; {CONTROLS}/p-root does not deny it")), "{ours}");
    assert!(ours.contains("| explicitly denied by Sid Not of p-own "), "{ours}");

    let edge = Layers { boundary: Shut, ..OPEN };
    let named = |arn: &str| format!("with an explicit deny in a permissions boundary: {arn}");
    assert_eq!(edge.beside(&named(EDGE)), "agree");
    assert!(edge.beside(&named("arn:aws:iam::111122223333:policy/other")).contains("does not deny it"));
    // An inline policy has no ARN: nothing tells whether it is the one.
    let inline = Layers { identity: Shut, ..OPEN };
    let words = "with an explicit deny in an identity-based policy: arn:aws:iam::111122223333:policy/x";
    assert_eq!(inline.beside(words), "agree");
}

#[test]
fn a_reason_without_a_layer_is_held_against_the_decision() {
    let words = "with an explicit deny";
    assert_eq!(Layers { identity: Shut, ..OPEN }.beside(words), "agree");
    assert!(
        Layers { identity: Empty, ..OPEN }.beside(words).starts_with("explicit deny | implicitly denied by")
    );
    assert!(OPEN.beside(words).starts_with("explicit deny | allowed by"));
    // No reason at all cannot be compared.
    assert_eq!(Layers { identity: Empty, ..OPEN }.beside(""), "not comparable");
    assert_eq!(OPEN.beside(""), "not comparable");
}

#[test]
fn what_is_missing_cannot_be_compared() {
    let world = || World::default().role(DEPLOY, &json!([trust_account()]), &json!([allow("*", "*")]));
    fn record(message: &str) -> Record<'_> {
        refused(&by_role("s3.amazonaws.com", "GetObject", Some(GET)), message)
    }
    let message = |reason: &str| {
        format!(
            "User: {SESSION} is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::example-reports/1\" {reason}"
        )
    };
    let known = Plan { issuances: issued(&[]), ..plan(&world().read()) };
    for reason in
        [explicit("resource-based policy"), implicit("resource-based policy"), explicit("session policy")]
    {
        let text = message(&reason);
        assert_eq!(beside(&known, &record(&text)), "not comparable", "{reason}");
    }
    let text = message(&implicit("identity-based policy"));
    assert!(beside(&known, &record(&text)).contains("identity-based policies allow it"));
}

#[test]
fn a_trust_policy_is_the_roles_resource_based_policy() {
    let trust = json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "ec2.amazonaws.com" } }]);
    let closed =
        World::default().user(ANN, &json!([allow("sts:*", "*")])).role(DEPLOY, &trust, &json!([])).read();
    let open = World::default()
        .user(ANN, &json!([allow("sts:*", "*")]))
        .role(DEPLOY, &json!([trust_account()]), &json!([]))
        .read();
    let parameters = json!({ "roleArn": DEPLOY, "roleSessionName": "one" }).to_string();
    for layer in ["role trust policy", "resource-based policy"] {
        let message = format!(
            "User: {ANN} is not authorized to perform: sts:AssumeRole on resource: {DEPLOY} because no {layer} allows the sts:AssumeRole action"
        );
        let record = refused(&by_user("sts.amazonaws.com", "AssumeRole", Some(&parameters)), &message);
        assert_eq!(beside(&plan(&closed), &record), "agree");
        assert!(beside(&plan(&open), &record).contains("| allowed by Sid May of own (inline, user ann)"));
    }
}

#[test]
fn a_disagreement_names_the_action_that_aws_refused() {
    // Reading is allowed by our policies, but AWS refused it; writing is what they deny.
    let snapshot = World::default()
        .user(ANN, &json!([allow("s3:GetObject", "*")]))
        .resource(BUCKET, &Value::Null)
        .read();
    let message = format!(
        "User: {ANN} is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::example-reports/a\" because no identity-based policy allows the s3:GetObject action"
    );
    let parameters =
        r#"{"bucketName": "example-reports", "key": "b", "x-amz-copy-source": "example-reports/a"}"#;
    let record = refused(&by_user("s3.amazonaws.com", "CopyObject", Some(parameters)), &message);
    let answer = replay(&plan(&snapshot), &[record]);
    assert_eq!(only(&answer).action, "s3:PutObject");
    assert_eq!(answer.disagreements[0].action, "s3:GetObject");
}
