//! What a call is about, in one word: the first of the request parameters that names a thing.

use serde_json::Value;

use super::lenient;

/// The parameters that name what a call is about, the most telling first: of `AttachRolePolicy` the role, not the
/// policy. A path of names where the thing stands deeper.
const NAMES: &[&[&str]] = &[
    &["userName"],
    &["roleName"],
    &["groupName"],
    &["instanceProfileName"],
    &["policyArn"],
    &["policyName"],
    &["bucketName"],
    &["keyId"],
    &["functionName"],
    &["groupId"],
    &["snapshotId"],
    &["imageId"],
    &["instanceId"],
    &["dBSnapshotIdentifier"],
    &["dBClusterSnapshotIdentifier"],
    &["dBInstanceIdentifier"],
    &["dBClusterIdentifier"],
    &["secretId"],
    &["trailName"],
    &["name"],
    &["detectorId"],
    &["logGroupName"],
    &["repositoryName"],
    &["topicArn"],
    &["queueUrl"],
    &["keyName"],
    &["serialNumber"],
    &["sAMLProviderArn"],
    &["openIDConnectProviderArn"],
    &["permissionSetArn"],
    &["trustAnchorId"],
    &["profileId"],
    &["roleArn"],
    &["resourceArn"],
    &["accountId"],
    &["targetId"],
    &["DeleteFlowLogsRequest", "FlowLogId"],
    &["configurationRecorderName"],
    &["deliveryChannelName"],
    &["documentName"],
];

/// The thing that request parameters (JSON text) are about. Several things of one kind are separated by commas.
pub(crate) fn target(request_parameters: &str) -> Option<String> {
    let parameters = lenient::value(request_parameters)?;
    NAMES.iter().find_map(|path| {
        let found = path.iter().try_fold(&parameters, |value, name| value.get(name))?;
        let names = texts(found);
        (!names.is_empty()).then(|| names.join(", "))
    })
}

/// The text of a value, of its items, or of its `content` (EC2's way to write lists as XML had them).
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.get("content").map(texts).unwrap_or_default(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn the_most_telling_parameter_is_the_target() {
        assert_eq!(
            target(r#"{"policyArn":"arn:aws:iam::aws:policy/x","roleName":"r"}"#).as_deref(),
            Some("r")
        );
        assert_eq!(target(r#"{"userName":null,"name":"trail"}"#).as_deref(), Some("trail"));
        assert_eq!(target(r#"{"other":"x"}"#), None);
        assert_eq!(target("null"), None);
        assert_eq!(target("no json"), None);
    }

    #[test]
    fn flow_logs_are_named_as_one_or_as_many() {
        let one = r#"{"DeleteFlowLogsRequest":{"FlowLogId":{"tag":1,"content":"fl-1"}}}"#;
        let two = r#"{"DeleteFlowLogsRequest":{"FlowLogId":[{"tag":1,"content":"fl-1"},{"tag":2,"content":"fl-2"}]}}"#;
        assert_eq!(target(one).as_deref(), Some("fl-1"));
        assert_eq!(target(two).as_deref(), Some("fl-1, fl-2"));
    }
}
