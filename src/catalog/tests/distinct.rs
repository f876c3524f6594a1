//! Names in a call that mean another thing than they seem to; all records here are made up.

use serde_json::json;

use super::resource::check;

#[test]
fn a_job_is_submitted_by_a_revision_of_its_definition_and_needs_no_right_to_itself() {
    let own = |rest: &str| format!("arn:aws:batch:eu-west-1:111122223333:{rest}");
    let job = own("job/* ~pattern ~perhaps");
    let queue = own("job-queue/q");
    let submit = |definition: &str, expected: &str| {
        check(
            "batch:SubmitJob",
            json!({"jobName": "j", "jobQueue": "q", "jobDefinition": definition}),
            &[expected, &queue, &job],
        );
    };
    submit("d:3", &own("job-definition/d:3"));
    submit("d", &own("job-definition/d:* ~pattern"));
    submit(&own("job-definition/d:3"), &own("job-definition/d:3"));
    submit(&own("job-definition/d"), &own("job-definition/d:* ~pattern"));
}

#[test]
fn a_message_to_a_phone_is_published_to_no_topic() {
    check("sns:Publish", json!({"phoneNumber": "HIDDEN_DUE_TO_SECURITY_REASONS"}), &["* ~unknown"]);
    let topic = "arn:aws:sns:eu-west-1:111122223333:alerts";
    check("sns:Publish", json!({"topicArn": topic, "phoneNumber": null}), &[topic]);
}
