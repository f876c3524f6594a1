//! What cannot be seen, and limits.

use super::{at, iam, investigate, investigator, write};
use crate::investigate::{AddressKind, Coverage, Gap, Limits, Relation, Span, Time, UnseenKind};
use crate::query::EventRow;

fn span(first: i64, last: i64) -> Span {
    Span { calls: 2, first: Some(Time(at(first))), last: Some(Time(at(last))) }
}

fn kinds(coverage: Coverage) -> Vec<UnseenKind> {
    let mut investigator = investigator(Limits::default());
    for seconds in [0, 20_000] {
        investigator.push(&iam(seconds, "CreateUser", r#"{"userName":"bob"}"#), Relation::Own);
    }
    investigator.finish(coverage).unseen.into_iter().map(|blind| blind.kind).collect()
}

#[test]
fn blind_spots_are_computed_from_what_the_logs_hold() {
    let mut coverage = Coverage { whole: span(0, 20_000), read_only_events: 3, ..Coverage::default() };
    assert!(kinds(coverage.clone()).contains(&UnseenKind::DataEvents));
    assert!(!kinds(coverage.clone()).contains(&UnseenKind::ReadOnlyEvents));
    coverage.read_only_events = 0;
    coverage.data_sources.insert("s3.amazonaws.com".into(), span(500, 600));
    coverage.gaps.push(Gap { from: Time(at(3_600)), to: Time(at(10_800)) });
    let kinds = kinds(coverage);
    for kind in [UnseenKind::SomeDataEvents, UnseenKind::ReadOnlyEvents, UnseenKind::Gaps, UnseenKind::Origin]
    {
        assert!(kinds.contains(&kind), "{kind:?}");
    }
}

#[test]
fn a_region_that_records_do_not_name_is_none() {
    let mut coverage = Coverage { whole: span(0, 20_000), ..Coverage::default() };
    for region in ["", "us-east-1"] {
        coverage.regions.insert(region.into(), span(0, 20_000));
    }
    let mut investigator = investigator(Limits::default());
    investigator.push(&iam(0, "CreateUser", "{}"), Relation::Own);
    let unseen = investigator.finish(coverage).unseen;
    assert!(unseen.iter().any(|blind| blind.text == "regions other than us-east-1"), "{unseen:?}");
}

#[test]
fn a_subject_without_records_is_said_to_have_none() {
    let answer = investigate(&[], &[]);
    assert_eq!(answer.unseen.len(), 1);
    assert_eq!(answer.unseen[0].kind, UnseenKind::Nothing);
    assert_eq!(answer.activity.timeline.start, None);
}

#[test]
fn limits_cut_lists_keep_totals_and_are_named() {
    let limits = Limits { addresses_max: 2, changes_max: 1, ..Limits::default() };
    let mut investigator = investigator(limits);
    for (seconds, address) in [(0, "192.0.2.1"), (1, "192.0.2.2"), (2, "192.0.2.3")] {
        let row = iam(seconds, "CreateUser", r#"{"userName":"bob"}"#);
        investigator.push(&EventRow { source_ip_address: Some(address), ..row }, Relation::Own);
    }
    let answer = investigator.finish(Coverage::default());
    assert_eq!(answer.activity.total.calls, 3);
    assert_eq!(answer.places.addresses.len(), 2);
    let lists: Vec<&str> = answer.truncated.iter().map(|limit| limit.list.as_str()).collect();
    assert_eq!(lists, ["places.addresses", "made"]);
    assert!(answer.unseen.iter().any(|blind| blind.kind == UnseenKind::Limits));
}

#[test]
fn an_address_is_told_to_be_a_nat_gateway_of_the_same_logs() {
    let ec2 = |seconds, name, request, response| EventRow {
        request_parameters: Some(request),
        response_elements: Some(response),
        ..write(seconds, "ec2.amazonaws.com", name)
    };
    let answer = investigate(
        &[write(0, "s3.amazonaws.com", "CreateBucket")],
        &[
            ec2(-9, "AllocateAddress", "{}", r#"{"publicIp":"198.51.100.7","allocationId":"eipalloc-1"}"#),
            ec2(
                -8,
                "CreateNatGateway",
                r#"{"CreateNatGatewayRequest":{"AllocationId":"eipalloc-1"}}"#,
                r#"{"CreateNatGatewayResponse":{"natGateway":{"natGatewayId":"nat-1"}}}"#,
            ),
        ],
    );
    let address = &answer.places.addresses[0];
    assert_eq!(address.kind, AddressKind::Public);
    let belongs = address.belongs_to.as_ref().unwrap();
    assert_eq!(
        (belongs.kind.as_str(), belongs.id.as_str(), belongs.evidence.len()),
        ("NAT gateway", "nat-1", 2)
    );
}

#[test]
fn forwarded_calls_of_the_same_user_are_counted_apart_unless_they_had_mfa() {
    let forwarded = |seconds, mfa| EventRow {
        access_key_id: Some("ASIAI44QH8DHBEXAMPLE"),
        invoked_by: Some("secretsmanager.amazonaws.com"),
        read_only: Some(true),
        mfa_authenticated: Some(mfa),
        ..write(seconds, "kms.amazonaws.com", "Decrypt")
    };
    let own = [write(0, "s3.amazonaws.com", "CreateBucket"), write(50, "s3.amazonaws.com", "DeleteBucket")];
    let answer = investigate(&own, &[forwarded(10, false), forwarded(20, true), forwarded(900, false)]);
    assert_eq!(answer.forwarded_elsewhere.span.calls, 1);
    assert_eq!(answer.activity.total.calls, 2, "they are not the subject's own");
}
