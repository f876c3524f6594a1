//! What a person sees who asks.

use crate::catalog::Visibility;
use crate::catalog::listing::{NEAR_MAX, actions};

#[test]
fn a_listing_tells_all_that_is_known_of_an_action() {
    let listing = actions("s3:getobject");
    assert_eq!(listing.entries.len(), 1);
    let entry = &listing.entries[0];
    assert_eq!((entry.name.as_str(), entry.service.name), ("s3:GetObject", "Amazon S3"));
    assert!(entry.service.supports_rcp);
    assert!(matches!(entry.visibility, Visibility::Data { .. }));
    let events: Vec<_> = entry.events.iter().map(|event| event.name).collect();
    assert!(
        events.is_sorted() && events.contains(&"CopyObject") && events.contains(&"HeadObject"),
        "{events:?}"
    );
    assert!(listing.near.is_empty());
}

#[test]
fn a_listing_is_in_order_of_names() {
    let names: Vec<_> = actions("s3:Get*").entries.into_iter().map(|entry| entry.name).collect();
    assert!(names.len() > 40 && names.is_sorted_by_key(|name| name.to_ascii_lowercase()));
}

#[test]
fn who_finds_nothing_is_told_what_is_near() {
    let near = actions("iam:PassRoles").near;
    assert_eq!(near[0], "iam:PassRole");
    assert!(actions("iam:GetXyz*").near.len() == NEAR_MAX);
    assert!(actions("lamda:Invoke").near.contains(&"lambda".to_owned()));
    assert!(actions("").near.is_empty());
    assert!(actions("zzz:*").near.is_empty());
}
