//! EC2: what is made has no id yet, ids tell their type, and a launch template hides what a launch asks for.

use std::borrow::Cow;

use super::parameter::PLACEMENT_GROUP_ID;
use super::{Certainty, Leaves, MAKING, Noted, Resource, Search, Source};
use crate::catalog::event::Presence;
use crate::catalog::service::{Action, ActionResource, ResourceType};

/// How the ids of a type begin (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>, and the examples of the
/// API's pages).
const BEGINNINGS: [(&str, &str); 64] = [
    ("afi-", "fpga-image"),
    ("acl-", "network-acl"),
    ("ami-", "image"),
    ("cagw-", "carrier-gateway"),
    ("cgw-", "customer-gateway"),
    ("coip-pool-", "coip-pool"),
    ("cr-", "capacity-reservation"),
    ("crf-", "capacity-reservation-fleet"),
    ("cvpn-endpoint-", "client-vpn-endpoint"),
    ("dopt-", "dhcp-options"),
    ("eice-", "instance-connect-endpoint"),
    ("eigw-", "egress-only-internet-gateway"),
    ("eipalloc-", "elastic-ip"),
    ("eni-", "network-interface"),
    ("export-ami-", "export-image-task"),
    ("export-i-", "export-instance-task"),
    ("fl-", "vpc-flow-log"),
    ("fleet-", "fleet"),
    ("h-", "dedicated-host"),
    ("hr-", "host-reservation"),
    ("i-", "instance"),
    ("iew-", "instance-event-window"),
    ("igw-", "internet-gateway"),
    ("import-ami-", "import-image-task"),
    ("import-snap-", "import-snapshot-task"),
    ("ipam-", "ipam"),
    ("ipam-pool-", "ipam-pool"),
    ("ipam-res-disco-", "ipam-resource-discovery"),
    ("ipam-res-disco-assoc-", "ipam-resource-discovery-association"),
    ("ipam-scope-", "ipam-scope"),
    ("ipv4pool-ec2-", "ipv4pool-ec2"),
    ("ipv6pool-ec2-", "ipv6pool-ec2"),
    ("lgw-", "local-gateway"),
    ("lgw-rtb-", "local-gateway-route-table"),
    ("lgw-vpc-assoc-", "local-gateway-route-table-vpc-association"),
    ("lt-", "launch-template"),
    ("nat-", "natgateway"),
    ("nia-", "network-insights-analysis"),
    ("nip-", "network-insights-path"),
    ("nis-", "network-insights-access-scope"),
    ("nisa-", "network-insights-access-scope-analysis"),
    ("pcx-", "vpc-peering-connection"),
    ("pl-", "prefix-list"),
    ("replacevol-", "replace-root-volume-task"),
    ("rtb-", "route-table"),
    ("scr-", "subnet-cidr-reservation"),
    ("sfr-", "spot-fleet-request"),
    ("sg-", "security-group"),
    ("sgr-", "security-group-rule"),
    ("sir-", "spot-instances-request"),
    ("snap-", "snapshot"),
    ("subnet-", "subnet"),
    ("tgw-", "transit-gateway"),
    ("tgw-attach-", "transit-gateway-attachment"),
    ("tgw-connect-peer-", "transit-gateway-connect-peer"),
    ("tgw-mcast-domain-", "transit-gateway-multicast-domain"),
    ("tgw-rtb-", "transit-gateway-route-table"),
    ("tmf-", "traffic-mirror-filter"),
    ("vgw-", "vpn-gateway"),
    ("vol-", "volume"),
    ("vpc-", "vpc"),
    ("vpce-", "vpc-endpoint"),
    ("vpce-svc-", "vpc-endpoint-service"),
    ("vpn-", "vpn-connection"),
];

/// So many digits an id has at least, without its beginning: older ones have eight.
const DIGITS_MIN: usize = 8;

/// The resources of one type; None if the general way is right.
pub(super) fn resources(search: &Search<'_>, resource: &ActionResource) -> Option<Vec<Resource>> {
    let kind = resource.kind;
    if matches!(search.action.name, "CreateTags" | "DeleteTags") {
        return Some(tagged(search, kind));
    }
    if search.action.name == "RunInstances"
        && let Some(found) = launched(search, kind)
    {
        return Some(found);
    }
    if search.action.name == "CreateSnapshots" && kind.name == "volume" {
        return Some(volumes_of_instance(search, kind));
    }
    if kind.name == "security-group" && OF_RULES.contains(&search.action.name) {
        return ruled_groups(search, kind);
    }
    if kind.name == "placement-group" {
        return placement_groups(search, kind);
    }
    if kind.name == "launch-template"
        && !is_made(search, kind)
        && let Some(found) = launch_templates(search, kind)
    {
        return Some(found);
    }
    if is_made(search, kind) {
        // The name of a key pair is chosen by the caller, so it is known before.
        let is_named = kind.name == "key-pair" && !search.filled(kind).is_empty();
        let made = || search.fill(kind, &|_| Some(Cow::Borrowed("*")));
        return (!is_named).then(|| std::iter::once(made()).chain(source_of_copy(search, kind)).collect());
    }
    let named = [search.resources(kind), by_form(search, kind)].into_iter().find(|found| !found.is_empty());
    if named.is_some() {
        return named;
    }
    // Beside what a call names, that which it makes stays, whatever the call is named after.
    let makes = MAKING.iter().any(|verb| search.action.name.starts_with(verb));
    let is_made = makes && resource.required && unnamed(search).eq([kind.name]);
    is_made.then(|| vec![search.fill(kind, &|_| Some(Cow::Borrowed("*")))])
}

/// What a copy is made of, in its own region: AWS asks for it beside the copy
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/copy-ami-permissions.html>,
/// <https://aws.amazon.com/blogs/storage/enhancing-resource-level-permissions-for-copying-amazon-ebs-snapshots/>). Of a volume
/// and of an FPGA image its reference names the type, and not whether it means the source as well
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>).
fn source_of_copy(search: &Search<'_>, kind: &'static ResourceType) -> Option<Resource> {
    let parameter = match (search.action.name, kind.name) {
        ("CopyImage", "image") => "sourceImageId",
        ("CopySnapshot", "snapshot") => "sourceSnapshotId",
        ("CopyVolumes", "volume") => "sourceVolumeId",
        ("CopyFpgaImage", "fpga-image") => "sourceFpgaImageId",
        _ => return None,
    };
    let is_said = matches!(kind.name, "image" | "snapshot");
    let id = search.leaves.top(&[parameter]).first().copied()?;
    let region = search.leaves.top(&["sourceRegion"]).first().copied();
    let place = search.evidence.place;
    let arn = kind.arn.fill(|name| {
        Some(Cow::Borrowed(match name {
            "Partition" => place.partition,
            "Region" => region.unwrap_or(place.region),
            "Account" => place.account,
            _ => id,
        }))
    })?;
    let presence = if is_said { Presence::Certain } else { Presence::Possible };
    Some(Resource { presence, ..Resource::new(kind, arn, Certainty::Exact, Source::Request) })
}

/// Snapshots of an instance are of its volumes but for those that the call leaves out; which these are the response tells
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html>).
fn volumes_of_instance(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let mut found = Search { leaves: Leaves::read(search.evidence.response()), ..*search }.filled(kind);
    for own in &mut found {
        own.source = Source::Response;
    }
    if found.is_empty() {
        found.push(search.fill(kind, &|_| Some(Cow::Borrowed("*"))).made_pattern());
    }
    found
}

/// Calls on the rules of one security group.
const OF_RULES: [&str; 7] = [
    "AuthorizeSecurityGroupEgress",
    "AuthorizeSecurityGroupIngress",
    "ModifySecurityGroupRules",
    "RevokeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
];

/// The group whose rules are changed, `groupId`, stands outermost; those that a rule refers to are further in and may be of
/// another account
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>). One that is given
/// by its name may be any; None where the call names none in either way.
fn ruled_groups(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let ids = search.leaves.top(&["groupId"]);
    let named = ids.into_iter().map(|id| search.fill(kind, &|_| Some(Cow::Owned(id.to_owned()))));
    let named: Vec<Resource> = named.collect();
    if !named.is_empty() {
        return Some(named);
    }
    let is_by_name = !search.leaves.top(&["groupName"]).is_empty();
    is_by_name.then(|| vec![search.fill(kind, &|_| Some(Cow::Borrowed("*"))).made_pattern()])
}

/// A placement group has a name that its maker chooses, `groupName`, which is that of a security group outside of a placement;
/// its ARN has the name. Where it is given by its id, and where a launch template may have one, the response of a launch tells it
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Placement.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstancePlacement.html>).
fn placement_groups(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let is_own =
        search.action.name.ends_with("PlacementGroup") || search.action.name == "ModifyInstancePlacement";
    let (names, ids) = if is_own {
        (search.leaves.top(&["groupName"]), search.leaves.top(&["groupId"]))
    } else {
        (search.leaves.inside("placement", "groupName"), search.leaves.first_of([PLACEMENT_GROUP_ID]))
    };
    let fill = |name: &str| search.fill(kind, &|_| Some(Cow::Owned(name.to_owned())));
    let named: Vec<Resource> = names.into_iter().map(fill).collect();
    if !named.is_empty() {
        return Some(named);
    }
    let launches = search.action.name == "RunInstances";
    let response = search.evidence.response().filter(|_| launches);
    let told = Leaves::read(response.and_then(|response| response.get("instancesSet")))
        .inside("placement", "groupName");
    let mut told: Vec<Resource> =
        told.into_iter().map(|name| Resource { source: Source::Response, ..fill(name) }).collect();
    if told.is_empty() && !ids.is_empty() {
        told.push(fill("*").made_pattern());
    }
    // Without a response a template may have one.
    if told.is_empty()
        && launches
        && response.is_none()
        && search.evidence.parameters.is_some_and(names_template)
    {
        told.push(Resource { presence: Presence::Possible, ..search.unknown(kind) });
    }
    (!told.is_empty()).then_some(told)
}

/// The required types of which a call names none.
fn unnamed(search: &Search<'_>) -> impl Iterator<Item = &'static str> {
    let required = search.action.resources.iter().filter(|own| own.required).map(|own| own.kind);
    required
        .filter(|kind| search.resources(kind).is_empty() && by_form(search, kind).is_empty())
        .map(|kind| kind.name)
}

/// The ids of a type under any name: a flow log's `ResourceId`, an endpoint's `AddSubnetId`.
fn by_form(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let ids = search.leaves.ids().filter(|value| is_id(value, kind, DIGITS_MIN));
    let mut found: Vec<Resource> =
        ids.map(|id| search.fill(kind, &|_| Some(Cow::Owned(id.to_owned())))).collect();
    found.sort();
    found.dedup();
    found
}

/// Whether a text is an id of the type, with at least so many digits.
fn is_id(text: &str, kind: &ResourceType, digits_min: usize) -> bool {
    let mut own = BEGINNINGS.iter().filter(|(_, name)| *name == kind.name);
    own.any(|(beginning, _)| {
        text.strip_prefix(beginning).is_some_and(|rest| {
            rest.len() >= digits_min && rest.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        })
    })
}

/// Whether a text may be an id that [`by_form`] finds: of any type, with as many digits as it asks for.
pub(super) fn may_be_id(text: &str) -> bool {
    let ends = text.len().checked_sub(DIGITS_MIN).and_then(|start| text.as_bytes().get(start..));
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    // Most texts have another word before their first dash than any type.
    let Some(dash) = ends.filter(|end| end.iter().all(is_digit)).and_then(|_| text.find('-')) else {
        return false;
    };
    let may_begin = |beginning: &&str| beginning.as_bytes().get(dash) == Some(&b'-');
    BEGINNINGS.iter().map(|(beginning, _)| beginning).any(|own| may_begin(own) && text.starts_with(own))
}

/// Calls on tags name resources of every type by id; its beginning tells the type.
fn tagged(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let ids = search.leaves.first_of(["resourceId"]);
    let ids = ids.into_iter().filter(|id| is_id(id, kind, 1));
    ids.map(|id| search.fill(kind, &|_| Some(Cow::Owned(id.to_owned())))).collect()
}

/// What a launch is asked for beside what its parameters name; None of a type where they tell all.
///
/// What a launch template has, or what is chosen for a launch that does not say, the response tells of each instance
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html>). Without a response a template may have a key
/// pair (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html>).
fn launched(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    match kind.name {
        "network-interface" => return Some(launched_interfaces(search, kind)),
        "volume" => return Some(launched_volumes(search, kind)),
        "capacity-reservation" => return reserved(search, kind),
        "image" | "key-pair" | "security-group" | "subnet" => {}
        _ => return None,
    }
    // A launch has no key pair that neither it nor its template names.
    let may_be = kind.name != "key-pair" || search.evidence.parameters.is_some_and(names_template);
    if !may_be {
        return None;
    }
    let named = search.resources(kind);
    if !named.is_empty() {
        return Some(named);
    }
    let instances = search.evidence.response().and_then(|response| response.get("instancesSet"));
    let leaves = Leaves::read(instances);
    let is_told = !leaves.first_of(["instanceId"]).is_empty();
    let mut found = Search { leaves, ..*search }.filled(kind);
    // An interface that is there already has its subnet and its groups; AWS does not say that a launch is asked for these.
    let has_own = matches!(kind.name, "security-group" | "subnet") && takes_interfaces(search);
    for own in &mut found {
        own.source = Source::Response;
        own.presence = if has_own { Presence::Possible } else { Presence::Certain };
    }
    // A launch has all others, whatever tells them.
    if found.is_empty() && !(is_told && kind.name == "key-pair") {
        let mut other = search.unknown(kind);
        // Nothing is launched without an image.
        other.presence = if kind.name == "image" { Presence::Certain } else { Presence::Possible };
        found.push(other);
    }
    Some(found)
}

/// The capacity reservation that a launch template may have as its target: the response tells it of each instance; an instance
/// that finds its place in an open one has no target. None where a launch names its own, or has no template
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateCapacityReservationSpecificationRequest.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservationSpecificationResponse.html>).
fn reserved(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let is_by_template = search.evidence.parameters.is_some_and(names_template);
    if !is_by_template || !search.resources(kind).is_empty() {
        return None;
    }
    let Some(response) = search.evidence.response() else {
        return Some(vec![Resource { presence: Presence::Possible, ..search.unknown(kind) }]);
    };
    let instances = Leaves::read(response.get("instancesSet"));
    let targets = instances.inside("capacityReservationTarget", "capacityReservationId").into_iter();
    let told = targets.map(|id| Resource {
        source: Source::Response,
        ..search.fill(kind, &|_| Some(Cow::Owned(id.to_owned())))
    });
    Some(told.collect())
}

/// A launch makes its network interfaces, but for those that it names: these are there already
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceSpecification.html>). Where it names
/// none its template may name one
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateInstanceNetworkInterfaceSpecificationRequest.html>).
fn launched_interfaces(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let given = interfaces(search);
    let named = given.iter().flatten().map(|id| search.fill(kind, &|_| Some(Cow::Owned((*id).to_owned()))));
    let mut found: Vec<Resource> = named.collect();
    if given.is_empty() || given.iter().any(Option::is_none) {
        let made = search.fill(kind, &|_| Some(Cow::Borrowed("*")));
        let is_told = !given.is_empty() || !search.evidence.parameters.is_some_and(names_template);
        found.push(if is_told { made } else { made.made_pattern() });
    }
    found
}

/// Whether a launch makes no network interface, but takes those that it names.
fn takes_interfaces(search: &Search<'_>) -> bool {
    let given = interfaces(search);
    !given.is_empty() && given.iter().all(Option::is_some)
}

/// The network interfaces that a launch gives: their ids, None of those that it makes.
fn interfaces<'a>(search: &Search<'a>) -> Vec<Option<&'a str>> {
    let id = |own: Noted<'a>| own.get("networkInterfaceId").and_then(Noted::text).filter(|id| !id.is_empty());
    items(search.evidence.parameters, "networkInterfaceSet").map(id).collect()
}

/// A launch template is named by its id or by its name; its ARN has the id. Of one that is given by its name the response may
/// tell it, and so do the tags of the instances that are launched
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateSpecification.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instances-from-launch-template.html>). None where a call names none.
fn launch_templates(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let (mut asked, mut told) = (Vec::new(), Vec::new());
    if let Some(parameters) = search.evidence.parameters {
        collect_templates(parameters, &mut asked);
    }
    if let Some(response) = search.evidence.response() {
        collect_templates(response, &mut told);
    }
    let mut only: Vec<&str> = told.iter().filter(|own| own.name.is_none()).filter_map(|own| own.id).collect();
    only.extend(items(search.evidence.response(), "instancesSet").filter_map(template_of_tag));
    only.sort_unstable();
    only.dedup();
    let found = asked.iter().map(|own| {
        let of_name = || told.iter().find(|other| other.name == own.name).and_then(|other| other.id);
        let is_only = asked.iter().all(|other| other == own);
        let alone = || only.first().filter(|_| is_only && only.len() == 1).copied();
        match own.id.or_else(of_name).or_else(alone) {
            Some(id) => {
                let mut known = search.fill(kind, &|_| Some(Cow::Owned(id.to_owned())));
                known.source = if own.id.is_some() { Source::Request } else { Source::Response };
                known
            }
            None => search.fill(kind, &|_| Some(Cow::Borrowed("*"))).made_pattern(),
        }
    });
    let found: Vec<Resource> = found.collect();
    (!found.is_empty()).then_some(found)
}

/// Whether the response is read for the launch template of a call: not where it makes one, or is on tags, which have ids.
pub(super) fn reads_template(action: &Action) -> bool {
    !matches!(action.name, "CreateLaunchTemplate" | "CreateTags" | "DeleteTags")
}

/// What names a launch template; one of the two is there.
#[derive(Debug, PartialEq, Eq)]
struct Template<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
}

/// The launch templates that a value names, wherever they stand in it.
fn collect_templates<'a>(value: Noted<'a>, found: &mut Vec<Template<'a>>) {
    let field = |name: &str| {
        let mut fields = value.fields().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        fields.find_map(|(_, own)| own.text()).filter(|text| !text.is_empty())
    };
    let own = Template { id: field("launchTemplateId"), name: field("launchTemplateName") };
    if own.id.is_some() || own.name.is_some() {
        found.push(own);
    }
    value
        .items()
        .chain(value.fields().map(|(_, inner)| inner))
        .for_each(|inner| collect_templates(inner, found));
}

/// The id of the launch template that an instance was launched from, as its tag says.
fn template_of_tag(instance: Noted<'_>) -> Option<&str> {
    let mut tags = items(Some(instance), "tagSet");
    let tag = tags.find(|tag| tag.get("key").and_then(Noted::text) == Some("aws:ec2launchtemplate:id"))?;
    tag.get("value")?.text()
}

/// Whether parameters name a launch template.
pub(in crate::catalog) fn names_template(parameters: Noted<'_>) -> bool {
    const BEGINNING: &str = "launchTemplate";
    let is_template = |key: &str| {
        let begin = key.get(..BEGINNING.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(BEGINNING))
    };
    let mut fields = parameters.fields();
    fields.any(|(key, value)| !value.is_null() && is_template(key) || names_template(value))
        || parameters.items().any(names_template)
}

/// The items of a list of the query protocol, `{"items": [...]}`.
fn items<'v>(value: Option<Noted<'v>>, of: &str) -> impl Iterator<Item = Noted<'v>> + Clone + use<'v> {
    let of = value.and_then(|value| value.get(of)).map(|set| set.get("items").unwrap_or(set));
    of.into_iter().flat_map(Noted::items)
}

/// A launch is authorized on the volumes that it makes: those that it asks for, and those of an image whose root device is one,
/// which the response tells (`rootDeviceType`). Of a launch without a response nobody knows what the image brings
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-runinstances>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html>).
fn launched_volumes(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let is_volume = |device: Noted<'_>| device.get("ebs").is_some_and(|ebs| !ebs.is_null());
    let mut asked = items(search.evidence.parameters, "blockDeviceMapping");
    let mut launched = items(search.evidence.response(), "instancesSet");
    let root = |instance: Noted<'_>| instance.get("rootDeviceType").and_then(Noted::text).map(str::to_owned);
    let roots: Vec<Option<String>> = launched.clone().map(root).collect();
    let has_volume = asked.any(is_volume)
        || roots.iter().flatten().any(|root| root == "ebs")
        || launched.any(|instance| items(Some(instance), "blockDeviceMapping").any(is_volume));
    let has_none = !roots.is_empty() && roots.iter().all(|root| root.as_deref() == Some("instance-store"));
    if has_none && !has_volume {
        return Vec::new();
    }
    let mut made = search.fill(kind, &|_| Some(Cow::Borrowed("*")));
    made.presence = if has_volume { Presence::Certain } else { Presence::Possible };
    vec![made]
}

/// Whether the call makes what it is about, so that it has no id yet: a policy sees `instance/*`
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-ec2-console.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>).
pub(super) fn is_made(search: &Search<'_>, kind: &'static ResourceType) -> bool {
    let action = search.action.name;
    if action == "RunInstances" {
        return kind.name == "instance";
    }
    let Some(made) = MAKING.iter().find_map(|verb| action.strip_prefix(verb)) else { return false };
    let kind: String = kind.name.split('-').collect();
    made.eq_ignore_ascii_case(&kind) || made.eq_ignore_ascii_case(&format!("{kind}s"))
}
