//! What the parameters of sensitive calls say beyond their target.

use crate::aws::HIDDEN;
use crate::investigate::body::Body;
use crate::investigate::policy_text::{allows_everything, statements};
use crate::investigate::thing::short;

pub(super) fn sign_in(body: &Body) -> Option<String> {
    let mfa = match body.text("a.MFAUsed")?.as_str() {
        "Yes" => "with MFA",
        "No" => "no MFA",
        _ => return None,
    };
    Some(mfa.to_owned())
}

pub(super) fn no_mfa(body: &Body) -> bool {
    body.text("a.MFAUsed").as_deref() == Some("No")
}

pub(super) fn switched_role(body: &Body) -> Option<String> {
    body.text("a.SwitchTo").or_else(|| body.text("a.SwitchFrom").map(|from| format!("from {from}")))
}

pub(super) fn status(body: &Body) -> Option<String> {
    body.text("q.status")
}

pub(super) fn activates(body: &Body) -> bool {
    body.text("q.status").as_deref() == Some("Active")
}

pub(super) fn policy_name(body: &Body) -> Option<String> {
    let name = body.first(&["q.policyArn", "q.policyName"])?;
    let name = short(&name).to_owned();
    let all = statements(body, &["q.policyDocument"]).is_some_and(|list| allows_everything(&list));
    Some(if all { format!("{name}, allows everything") } else { name })
}

pub(super) fn admin(body: &Body) -> bool {
    const WIDE: &[&str] = &["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"];
    body.text("q.policyArn").is_some_and(|arn| WIDE.contains(&short(&arn)))
        || statements(body, &["q.policyDocument"]).is_some_and(|list| allows_everything(&list))
}

pub(super) fn default_version(body: &Body) -> bool {
    body.is_true("q.setAsDefault") || body.has("q.versionId")
}

pub(super) fn group(body: &Body) -> Option<String> {
    body.text("q.groupName")
}

pub(super) fn user_data(body: &Body) -> bool {
    body.text("q.attribute").as_deref() == Some("userData")
}

pub(super) fn sets_user_data(body: &Body) -> bool {
    body.has("q.userData")
}

pub(super) fn weak_metadata(body: &Body) -> bool {
    body.first(&["q.httpTokens", "q.ModifyInstanceMetadataOptionsRequest.HttpTokens"]).as_deref()
        == Some("optional")
}

pub(super) fn changes_code(body: &Body) -> bool {
    ["q.layers", "q.role", "q.environment"].iter().any(|path| body.has(path))
}

pub(super) fn role(body: &Body) -> Option<String> {
    body.text("q.role").map(|role| format!("role {}", short(&role)))
}

pub(super) fn launched(body: &Body) -> Option<String> {
    let profile = body.first(&["q.iamInstanceProfile.name", "q.iamInstanceProfile.arn"]);
    let profile = profile.map(|name| format!("profile {}", short(&name)));
    let parts: Vec<String> = [body.text("q.instanceType"), profile].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn command(body: &Body) -> Option<String> {
    let document = body.text("q.documentName")?;
    let hidden = body.values("q.parameters").iter().any(|value| value.as_str() == Some(HIDDEN));
    Some(if hidden { format!("{document}; its text is hidden") } else { document })
}

pub(super) fn document(body: &Body) -> Option<String> {
    body.text("q.documentName")
}

/// What `PutEventSelectors` leaves to be logged.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>
pub(super) fn selectors(body: &Body) -> Option<String> {
    if body.has("q.advancedEventSelectors") {
        return Some("advanced selectors".to_owned());
    }
    let management = body.texts("q.eventSelectors.includeManagementEvents");
    let types = body.texts("q.eventSelectors.readWriteType");
    let data: Vec<String> = body.texts("q.eventSelectors.dataResources.values");
    let mut parts: Vec<String> = Vec::new();
    if !management.is_empty() && management.iter().all(|flag| flag == "false") {
        parts.push("management events off".to_owned());
        if data.is_empty() {
            parts.push("nothing logged".to_owned());
        }
    } else if !types.is_empty() && types.iter().all(|kind| kind != "All") {
        parts.push(format!("only {}", types.join(", ")));
    }
    let excluded = body.texts("q.eventSelectors.excludeManagementEventSources");
    if !excluded.is_empty() {
        parts.push(format!("without {}", excluded.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn weaker_selectors(body: &Body) -> bool {
    selectors(body).is_some()
}

/// What `UpdateTrail` takes away.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html>
pub(super) fn trail(body: &Body) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for (path, words) in [
        ("q.isMultiRegionTrail", "one region only"),
        ("q.includeGlobalServiceEvents", "no global services"),
        ("q.enableLogFileValidation", "no validation"),
        ("q.isOrganizationTrail", "this account only"),
    ] {
        if body.is_false(path) {
            parts.push(words.to_owned());
        }
    }
    if let Some(bucket) = body.text("q.s3BucketName") {
        parts.push(format!("to bucket {bucket}"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn weaker_trail(body: &Body) -> bool {
    trail(body).is_some()
}

pub(super) fn expiry(body: &Body) -> Option<String> {
    let days = body.text("q.LifecycleConfiguration.Rule.Expiration.Days")?;
    Some(if days == "1" { "expire after 1 day".to_owned() } else { format!("expire after {days} days") })
}

pub(super) fn no_bucket_logging(body: &Body) -> bool {
    !body.has("q.BucketLoggingStatus.LoggingEnabled")
}

pub(super) fn retention(body: &Body) -> Option<String> {
    body.text("q.retentionInDays").map(|days| format!("{days} days"))
}

pub(super) fn enabled(body: &Body) -> Option<String> {
    body.text("q.enable")
        .map(|flag| if flag == "false" { "switched off".to_owned() } else { "on".to_owned() })
}

pub(super) fn disables(body: &Body) -> bool {
    body.is_false("q.enable")
}

pub(super) fn replication(body: &Body) -> Option<String> {
    let rule = "q.ReplicationConfiguration.Rule.Destination";
    let account = body.text(&format!("{rule}.Account")).map(|account| format!("account {account}"));
    let bucket = body.text(&format!("{rule}.Bucket")).map(|bucket| format!("to {}", short(&bucket)));
    let parts: Vec<String> = [bucket, account].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn endpoint(body: &Body) -> Option<String> {
    let protocol = body.text("q.protocol")?;
    Some(body.text("q.endpoint").map_or(protocol.clone(), |endpoint| format!("{protocol} {endpoint}")))
}

pub(super) fn destination(body: &Body) -> Option<String> {
    body.text("q.destinationArn").map(|arn| format!("to {arn}"))
}

pub(super) fn due(body: &Body) -> Option<String> {
    body.text("r.deletionDate").map(|date| format!("due {date}"))
}

pub(super) fn suspends_versions(body: &Body) -> bool {
    body.text("q.VersioningConfiguration.Status").as_deref() == Some("Suspended")
}
