//! Which workloads a call launched or gave a role, by the ids in its response.

use serde_json::Value;

use super::lenient;
use crate::lineage::Launch;

/// The workloads of a successful call, each as `kind:id`, with the id as the sessions of its role bear it. The arguments
/// are the columns `event_source`, `event_name`, `request_parameters` and `response_elements`.
///
/// EC2 names the session by the instance
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html>), Lambda by the function, ECS by
/// the task's id, CodeBuild `AWSCodeBuild-` and the build's id, Systems Manager `Automation-` and the execution's id.
///
/// Who gives a workload another role launches it anew
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceIamInstanceProfileAssociation.html>,
/// <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>): an update of a function that
/// passes neither a role nor layers, whose code runs within it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html>), leaves it as it is; one that passes no layer at all
/// takes away those that it had. So does who replaces a function's code, unless it is only tried out
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html>, `DryRun`), and who publishes a version, which
/// keeps what was put before (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html>). Who registers a
/// task definition says what the tasks are that are run by it
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>), and mostly with which role.
/// Who makes or changes a project of CodeBuild says what its builds run
/// (<https://docs.aws.amazon.com/codebuild/latest/APIReference/API_UpdateProject.html>).
/// Who puts a role into an instance profile says with which role the instances act that have it
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html>).
pub(super) fn launched([event_source, event_name, request, response]: [Option<&str>; 4]) -> Vec<String> {
    let (Some(source), Some(name)) = (event_source, event_name) else { return Vec::new() };
    let value = |text: Option<&str>| text.and_then(lenient::value).unwrap_or(Value::Null);
    let last = |text: &str| text.rsplit(['/', ':']).next().unwrap_or(text).to_owned();
    match (source, name) {
        ("ec2.amazonaws.com", "RunInstances") => {
            let response = value(response);
            let items = response.pointer("/instancesSet/items").and_then(Value::as_array);
            let ids = items.into_iter().flatten().filter_map(|item| item.get("instanceId")?.as_str());
            ids.map(|id| format!("instance:{id}")).collect()
        }
        ("ec2.amazonaws.com", "AssociateIamInstanceProfile" | "ReplaceIamInstanceProfileAssociation") => {
            let response = value(response);
            let id = response.pointer(&format!("/{name}Response/iamInstanceProfileAssociation/instanceId"));
            id.and_then(Value::as_str).map(|id| format!("instance:{id}")).into_iter().collect()
        }
        ("ecs.amazonaws.com", "RunTask" | "StartTask") => {
            let response = value(response);
            let tasks = response.get("tasks").and_then(Value::as_array);
            let arns = tasks.into_iter().flatten().filter_map(|task| task.get("taskArn")?.as_str());
            arns.map(|arn| format!("task:{}", last(arn))).collect()
        }
        ("ecs.amazonaws.com", "RegisterTaskDefinition") => {
            let response = value(response);
            let arn = response.pointer("/taskDefinition/taskDefinitionArn").and_then(Value::as_str);
            arn.map(|arn| format!("definition:{arn}")).into_iter().collect()
        }
        ("iam.amazonaws.com", "AddRoleToInstanceProfile") => {
            let request = value(request);
            let profile = request.get("instanceProfileName").and_then(Value::as_str);
            profile.map(|profile| format!("profile:{profile}")).into_iter().collect()
        }
        // https://docs.aws.amazon.com/codebuild/latest/APIReference/API_RetryBuild.html
        ("codebuild.amazonaws.com", "StartBuild" | "RetryBuild") => {
            let response = value(response);
            let id = response.pointer("/build/id").or_else(|| response.pointer("/build/arn"));
            id.and_then(Value::as_str).map(|id| format!("build:{}", last(id))).into_iter().collect()
        }
        ("codebuild.amazonaws.com", "CreateProject" | "UpdateProject") => {
            let (request, response) = (value(request), value(response));
            let arn = response.pointer("/project/arn").and_then(Value::as_str);
            let set = Launch::PROJECT_PARTS
                .iter()
                .filter(|part| request.get(part).is_some_and(|one| !one.is_null()));
            arn.map(|arn| set.map(|part| format!("project:{part} {arn}")).collect()).unwrap_or_default()
        }
        // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html
        ("ssm.amazonaws.com", "StartAutomationExecution" | "StartChangeRequestExecution") => {
            let response = value(response);
            let id = response.get("automationExecutionId").and_then(Value::as_str);
            id.map(|id| format!("automation:{id}")).into_iter().collect()
        }
        ("lambda.amazonaws.com", name) if launches_function(name) => {
            let request = value(request);
            let changes_nothing = if name.starts_with("UpdateFunctionConfiguration") {
                let has_layers = request.get("layers").is_some_and(Value::is_array);
                request.get("role").and_then(Value::as_str).is_none() && !has_layers
            } else {
                name.starts_with("UpdateFunctionCode") && request.get("dryRun").is_some_and(is_true)
            };
            if changes_nothing {
                return Vec::new();
            }
            let named = |json: &Value| json.get("functionName").and_then(Value::as_str).map(function_name);
            let function = named(&request).or_else(|| named(&value(response)));
            function.map(|function| format!("function:{function}")).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The calls that make functions do what they do bear the version of the API behind this.
pub(super) const FUNCTION_LAUNCHES: [&str; 4] =
    ["CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion"];

/// Whether a call of this name is one of [`FUNCTION_LAUNCHES`], and not one whose name only begins so, as
/// `CreateFunctionUrlConfig` does.
fn launches_function(name: &str) -> bool {
    let rest = FUNCTION_LAUNCHES.iter().find_map(|of| name.strip_prefix(of));
    rest.is_some_and(|rest| rest.bytes().next().is_none_or(|byte| byte.is_ascii_digit()))
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

/// The name of a function, of which a call may name the ARN or a part of it:
/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`, `ACCOUNT:function:NAME[:QUALIFIER]`, `NAME[:QUALIFIER]`
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>).
pub(super) fn function_name(text: &str) -> String {
    let name = text.rsplit_once("function:").map_or(text, |(_, name)| name);
    name.split(':').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, name: &str, request: &str, response: &str, expected: &[&str]) {
        let source = format!("{source}.amazonaws.com");
        assert_eq!(launched([Some(&source), Some(name), Some(request), Some(response)]), expected);
    }

    #[test]
    fn the_response_names_what_was_launched() {
        let two = r#"{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"},{"instanceId":"i-0123456789abcdef1"}]}}"#;
        check(
            "ec2",
            "RunInstances",
            "{}",
            two,
            &["instance:i-0123456789abcdef0", "instance:i-0123456789abcdef1"],
        );
        let task = r#"{"tasks":[{"taskArn":"arn:aws:ecs:eu-west-1:111122223333:task/shop/0123456789abcdef0123456789abcdef"}]}"#;
        check("ecs", "RunTask", "{}", task, &["task:0123456789abcdef0123456789abcdef"]);
        let put = r#"{"instanceProfileName":"web","roleName":"worker"}"#;
        check("iam", "AddRoleToInstanceProfile", put, "null", &["profile:web"]);
        for name in ["StartBuild", "RetryBuild"] {
            check("codebuild", name, "{}", r#"{"build":{"id":"shop:0000-11"}}"#, &["build:0000-11"]);
        }
        let project = r#"{"project":{"arn":"arn:aws:codebuild:eu-west-1:111122223333:project/shop"}}"#;
        let changed = r#"{"name":"shop","source":{"type":"NO_SOURCE"},"serviceRole":null,"description":"x"}"#;
        let source = "project:source arn:aws:codebuild:eu-west-1:111122223333:project/shop";
        check("codebuild", "UpdateProject", changed, project, &[source]);
        let started = r#"{"automationExecutionId":"4105a4fc-f944-11e6-9d32-0a1b2c3d495h"}"#;
        let id = "automation:4105a4fc-f944-11e6-9d32-0a1b2c3d495h";
        check("ssm", "StartAutomationExecution", "{}", started, &[id]);
        check(
            "lambda",
            "CreateFunction20150331",
            r#"{"functionName":"resize"}"#,
            "null",
            &["function:resize"],
        );
    }

    #[test]
    fn who_gives_a_workload_another_role_launches_it_anew() {
        for name in ["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"] {
            let response = format!(
                r#"{{"{name}Response":{{"iamInstanceProfileAssociation":{{"instanceId":"i-0123456789abcdef0"}}}}}}"#
            );
            check("ec2", name, "{}", &response, &["instance:i-0123456789abcdef0"]);
        }
        let update = "UpdateFunctionConfiguration20150331v2";
        let role = r#""role":"arn:aws:iam::111122223333:role/resize""#;
        let response = format!(r#"{{"functionName":"resize",{role}}}"#);
        for named in ["resize", "arn:aws:lambda:eu-west-1:111122223333:function:resize:live"] {
            let request = format!(r#"{{"functionName":"{named}",{role}}}"#);
            check("lambda", update, &request, &response, &["function:resize"]);
        }
        check("lambda", update, r#"{"functionName":"resize","timeout":9}"#, &response, &[]);
        let layers =
            r#"{"functionName":"resize","layers":["arn:aws:lambda:eu-west-1:111122223333:layer:x:1"]}"#;
        check("lambda", update, layers, &response, &["function:resize"]);
        check("lambda", update, r#"{"functionName":"resize","layers":[]}"#, &response, &["function:resize"]);
        check("lambda", update, r#"{"functionName":"resize","layers":null}"#, &response, &[]);
    }

    #[test]
    fn who_replaces_the_code_of_a_function_launches_it_anew() {
        let update = "UpdateFunctionCode20150331v2";
        let response = r#"{"functionName":"resize","role":"arn:aws:iam::111122223333:role/resize"}"#;
        let request = r#"{"functionName":"111122223333:function:resize","publish":false,"dryRun":false}"#;
        for response in [response, "null"] {
            check("lambda", update, request, response, &["function:resize"]);
        }
        for tried in ["true", r#""true""#] {
            let request = format!(r#"{{"functionName":"resize","dryRun":{tried}}}"#);
            check("lambda", update, &request, response, &[]);
        }
        let publish = "PublishVersion20150331";
        check("lambda", publish, r#"{"functionName":"resize"}"#, response, &["function:resize"]);
        check("lambda", "PublishVersionOfSomething", r#"{"functionName":"resize"}"#, response, &[]);
    }

    #[test]
    fn a_task_definition_says_what_runs_with_a_role_or_without() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/night:7";
        let response = format!(r#"{{"taskDefinition":{{"taskDefinitionArn":"{arn}"}}}}"#);
        let role = r#"{"family":"night","taskRoleArn":"arn:aws:iam::111122223333:role/worker"}"#;
        let register = "RegisterTaskDefinition";
        check("ecs", register, role, &response, &[&format!("definition:{arn}")]);
        check(
            "ecs",
            register,
            &role.replace("task", "execution"),
            &response,
            &[&format!("definition:{arn}")],
        );
        check("ecs", register, r#"{"family":"night"}"#, &response, &[&format!("definition:{arn}")]);
        check("ecs", register, role, "null", &[]);
    }

    #[test]
    fn what_launches_nothing_gives_nothing() {
        check("ec2", "RunInstances", "{}", "null", &[]);
        check("ec2", "RunInstances", "{}", "not json", &[]);
        check("s3", "CreateBucket", "{}", "{}", &[]);
        check("lambda", "CreateFunctionUrlConfig", r#"{"functionName":"resize"}"#, "{}", &[]);
        assert!(launched([None; 4]).is_empty());
    }
}
