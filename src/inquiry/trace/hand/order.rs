//! The calls that tell a service to act with a role which somebody passed it before: no field of the session names them.
//!
//! What was passed the role is named by the call that did, and those that start or change it name it, too.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::aws::Arn;

/// What of a service acts with a role.
struct Order {
    /// Where the calls are made.
    source: &'static str,
    /// The calls that pass it the role.
    by: &'static [&'static str],
    /// Where these name it, in request or response.
    named: &'static [&'static str],
    /// The calls that start or change that.
    calls: &'static [&'static str],
    /// Where these name it in their requests.
    names: &'static [&'static str],
}

/// What acts with the role that it was passed once, and is told to act by calls that need not pass it again: stacks
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html>), pipelines
/// (<https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_StartPipelineExecution.html>), jobs of Glue
/// (<https://docs.aws.amazon.com/glue/latest/webapi/API_StartJobRun.html>), state machines
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>), services of ECS, whose tasks have the
/// role of their definition
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>), and notebooks
/// (<https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePresignedNotebookInstanceUrl.html>).
const ORDERS: [Order; 6] = [
    Order {
        source: "cloudformation.amazonaws.com",
        by: &["CreateStack", "UpdateStack", "CreateChangeSet", "DeleteStack"],
        named: &["/stackName"],
        calls: &["UpdateStack", "ExecuteChangeSet", "DeleteStack"],
        names: &["/stackName"],
    },
    Order {
        source: "codepipeline.amazonaws.com",
        by: &["CreatePipeline", "UpdatePipeline"],
        named: &["/pipeline/name"],
        calls: &["StartPipelineExecution", "RetryStageExecution", "PutApprovalResult"],
        names: &["/name", "/pipelineName"],
    },
    Order {
        source: "glue.amazonaws.com",
        by: &["CreateJob", "UpdateJob"],
        named: &["/name", "/jobName"],
        calls: &["StartJobRun"],
        names: &["/jobName"],
    },
    Order {
        source: "states.amazonaws.com",
        by: &["CreateStateMachine", "UpdateStateMachine"],
        named: &["/stateMachineArn"],
        calls: &["UpdateStateMachine", "StartExecution", "StartSyncExecution"],
        names: &["/stateMachineArn"],
    },
    Order {
        source: "ecs.amazonaws.com",
        by: &["RegisterTaskDefinition"],
        named: &["/family", "/taskDefinition/taskDefinitionArn"],
        calls: &["CreateService", "UpdateService"],
        names: &["/taskDefinition"],
    },
    Order {
        source: "sagemaker.amazonaws.com",
        by: &["CreateNotebookInstance", "UpdateNotebookInstance"],
        named: &["/notebookInstanceName"],
        calls: &["StartNotebookInstance", "CreatePresignedNotebookInstanceUrl"],
        names: &["/notebookInstanceName"],
    },
];

/// The calls that tell something of some services to act.
pub(super) fn calls(sources: &[String]) -> Vec<String> {
    let of = ORDERS.iter().filter(|order| sources.iter().any(|source| source == order.source));
    of.flat_map(|order| order.calls).map(|name| (*name).to_owned()).collect()
}

/// What a call that passes a role passes it to, by name; none where that is nothing of [`ORDERS`].
pub(super) fn passed_to(source: &str, name: &str, request: &Value, response: &Value) -> BTreeSet<String> {
    let of = ORDERS.iter().filter(|order| order.source == source && order.by.contains(&name));
    let of = of.flat_map(|order| order.named);
    let said = of.flat_map(|path| [request.pointer(path), response.pointer(path)]);
    said.flatten().filter_map(Value::as_str).filter_map(short).map(str::to_owned).collect()
}

/// What a call tells to act, by name.
pub(super) fn told(source: &str, name: &str, request: &Value) -> BTreeSet<String> {
    let of = ORDERS.iter().filter(|order| order.source == source && order.calls.contains(&name));
    let said = of.flat_map(|order| order.names).filter_map(|path| request.pointer(path)?.as_str());
    said.filter_map(short).map(str::to_owned).collect()
}

/// A name of an ARN or another form, without its version: `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME[:VERSION]`,
/// `arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID`, `arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION`,
/// `FAMILY:REVISION`.
fn short(text: &str) -> Option<&str> {
    let place = usize::from(Arn::parse(text).is_some());
    let named = Arn::parse(text).map_or(text, |arn| arn.resource);
    named.split(['/', ':']).nth(place).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_in_all_forms() {
        for (text, name) in [
            ("arn:aws:states:eu-west-1:111122223333:stateMachine:night:3", "night"),
            ("arn:aws:cloudformation:eu-west-1:111122223333:stack/night/0a1b", "night"),
            ("arn:aws:ecs:eu-west-1:111122223333:task-definition/night:7", "night"),
            ("night:7", "night"),
            ("night", "night"),
        ] {
            assert_eq!(short(text), Some(name));
        }
        assert_eq!(short(""), None);
    }

    #[test]
    fn what_was_passed_a_role_is_told_by_name() {
        let json = |text: &str| serde_json::from_str(text).unwrap();
        let made = json(r#"{"name":"night","roleArn":"arn:aws:iam::111122223333:role/worker"}"#);
        let arn = json(r#"{"stateMachineArn":"arn:aws:states:eu-west-1:111122223333:stateMachine:night"}"#);
        let night = BTreeSet::from(["night".to_owned()]);
        assert_eq!(passed_to("states.amazonaws.com", "CreateStateMachine", &made, &arn), night);
        assert!(passed_to("states.amazonaws.com", "CreateActivity", &made, &arn).is_empty());
        assert_eq!(told("states.amazonaws.com", "StartExecution", &arn), night);
        assert!(told("states.amazonaws.com", "DescribeStateMachine", &arn).is_empty());
        assert!(told("glue.amazonaws.com", "StartExecution", &arn).is_empty());
    }
}
