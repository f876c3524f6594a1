//! What a function is at a moment, by the calls before.

use super::*;

const RESIZE: &str = "arn:aws:lambda:eu-west-1:111122223333:function:resize";

/// A call on a function, at a second of one minute.
fn launch(second: u32, event: &str, published: Option<&str>) -> Launch {
    let minute = DateTime::from_timestamp(1_773_046_800, 0).unwrap();
    Launch {
        record: RecordRef {
            time: minute + chrono::TimeDelta::seconds(i64::from(second)),
            event_id: Some(format!("{second:04}")),
            object: String::new(),
            index: i64::from(second),
            event_name: format!("{event}20150331"),
            account: Some("111122223333".to_owned()),
            region: Some("eu-west-1".to_owned()),
        },
        workload: Workload::function("resize", Some("eu-west-1")),
        role_passed: Some("worker".to_owned()).filter(|_| event == "CreateFunction"),
        execution_role: None,
        task_definition: None,
        layers: Layers::Untold,
        published: published.map(str::to_owned),
        caller: Caller::bare(i64::from(second), Class::Credential),
    }
}

/// A session of the function's role, of a version.
fn session(version: Option<&str>) -> Caller {
    Caller {
        arn: Some("arn:aws:sts::111122223333:assumed-role/worker/resize".to_owned()),
        in_scope_of: version.map(|version| {
            format!(
                r#"{{"credentialsIssuedTo":"{RESIZE}","credentialsIssuedToVersion":"{RESIZE}:{version}"}}"#
            )
        }),
        ..Caller::bare(1, Class::Credential)
    }
}

fn last<'a>(launches: &'a [Launch], version: Option<&str>) -> Option<LastLaunch<'a>> {
    let workload = Workload::function("resize", Some("eu-west-1"));
    last_launch(launches, [], &workload, &session(version), None)
}

/// The seconds of the calls that stand beside the launch.
fn beside(last: &LastLaunch<'_>) -> Vec<i64> {
    last.beside.iter().map(|beside| beside.launch.record.index).collect()
}

#[test]
fn what_a_scope_is_of_its_service_tells_and_no_name() {
    let of = |json: serde_json::Value| {
        let session = Caller { in_scope_of: Some(json.to_string()), ..session(None) };
        Workload::of_session(&session, None).map(|workload| workload.text())
    };
    let arn = |service: &str, resource: &str| format!("arn:aws:{service}:eu-west-1:111122223333:{resource}");
    for (service, resource, text) in [
        ("lambda", "function:resize:7", "function:resize"),
        ("ecs", "task/shop/0123456789abcdef0123456789abcdef", "task:0123456789abcdef0123456789abcdef"),
        ("codebuild", "build/shop:0000-11", "build:0000-11"),
        ("ec2", "instance/i-0123456789abcdef0", "instance:i-0123456789abcdef0"),
        ("ssm", "managed-instance/i-0123456789abcdef0", "instance:i-0123456789abcdef0"),
    ] {
        let named = arn(service, resource);
        assert_eq!(of(serde_json::json!({ "sourceArn": named })).as_deref(), Some(text));
        assert_eq!(of(serde_json::json!({ "credentialsIssuedTo": named })).as_deref(), Some(text));
    }
    for (service, resource) in [
        ("states", "stateMachine:LambdaOrchestrator"),
        ("states", "stateMachine:ECS-runner"),
        ("codepipeline", "MyCodeBuildPipeline"),
        ("glue", "job/i-0123456789abcdef0"),
        ("lambda", "event-source-mapping:0000-11"),
        ("ecs", "service/shop/web"),
    ] {
        let named = arn(service, resource);
        assert_eq!(of(serde_json::json!({ "sourceArn": named })), Some(format!("resource:{named}")));
    }
    // The type tells of an id that is no ARN.
    for (kind, text) in
        [("AWS::Lambda::Function", "function:resize"), ("AWS::Glue::LambdaJob", "resource:resize")]
    {
        let scope = serde_json::json!({"issuerType": kind, "credentialsIssuedTo": "resize"});
        assert_eq!(of(scope).as_deref(), Some(text));
    }
}

#[test]
fn sessions_that_a_service_names_for_itself_are_of_no_workload() {
    for task in ["0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"] {
        assert!(is_task_id(task), "{task}");
    }
    for other in ["ecs-service-scheduler", "0123456789abcdef", "0123456789abcdef-0123456789abcdef-", ""] {
        assert!(!is_task_id(other), "{other}");
    }
    assert!(is_pollers("awslambda_735_20260309091000123"));
    for function in ["awslambda_resize_7", "awslambda", "awslambda_7", "resize", "awslambda_7_resize"] {
        assert!(!is_pollers(function), "{function}");
    }
}

#[test]
fn the_version_of_a_session_is_what_its_own_records_say() {
    let of = |json: &str| {
        let session = Caller { in_scope_of: Some(json.to_owned()), ..session(None) };
        Workload::version_of(&session)
    };
    assert_eq!(of(&format!(r#"{{"credentialsIssuedTo":"{RESIZE}:7"}}"#)).as_deref(), Some("7"));
    for version in ["12", "$LATEST", "$LATEST.PUBLISHED"] {
        assert_eq!(Workload::version_of(&session(Some(version))).as_deref(), Some(version));
    }
    // An alias is no version.
    assert_eq!(Workload::version_of(&session(Some("prod"))), None);
    assert_eq!(of(&format!(r#"{{"credentialsIssuedTo":"{RESIZE}"}}"#)), None);
    assert_eq!(of("no JSON"), None);
    assert_eq!(Workload::version_of(&session(None)), None);
}

#[test]
fn a_version_that_is_answered_again_is_what_it_was_first() {
    let all = [
        launch(0, "CreateFunction", None),
        launch(1, "UpdateFunctionCode", Some("1")),
        // The same code once more: nothing changed, and the answer names the version that is there.
        launch(2, "UpdateFunctionCode", None),
        launch(3, "PublishVersion", Some("1")),
    ];
    assert_eq!(last(&all, Some("1")).unwrap().launch.record.index, 1);
    assert_eq!(last(&all, Some("$LATEST")).unwrap().launch.record.index, 2);
    // This one moves.
    let moves: Vec<Launch> = (all.into_iter())
        .map(|one| Launch { published: one.published.map(|_| "$LATEST.PUBLISHED".to_owned()), ..one })
        .collect();
    assert_eq!(last(&moves, Some("$LATEST.PUBLISHED")).unwrap().launch.record.index, 2);
}

#[test]
fn who_publishes_in_the_second_of_a_change_publishes_what_was_changed() {
    let mut all = [
        launch(0, "CreateFunction", None),
        launch(1, "UpdateFunctionCode", None),
        launch(1, "PublishVersion", Some("1")),
    ];
    for [one, other] in [["a", "b"], ["b", "a"]] {
        all[1].record.event_id = Some(one.to_owned());
        all[2].record.event_id = Some(other.to_owned());
        assert_eq!(last(&all, Some("1")).unwrap().launch.record.event_id.as_deref(), Some(one));
    }
}

#[test]
fn of_a_version_that_no_answer_tells_it_is_open_which_it_is() {
    let all = [launch(0, "CreateFunction", None), launch(1, "UpdateFunctionCode", Some("?"))];
    let last = last(&all, Some("4")).unwrap();
    assert_eq!((last.launch.record.index, last.untold.len()), (1, 1));
}

#[test]
fn a_function_that_is_made_anew_has_no_version_of_another() {
    let all = [
        launch(0, "CreateFunction", None),
        launch(1, "UpdateFunctionCode", Some("1")),
        launch(2, "CreateFunction", None),
    ];
    assert!(last(&all, Some("1")).is_none());
    let last = last(&all, None).unwrap();
    assert_eq!((last.launch.record.index, beside(&last)), (2, Vec::new()));
}

#[test]
fn a_version_with_another_role_than_the_session_s_did_not_run() {
    let other = |second, event| Launch {
        role_passed: Some("reader".to_owned()),
        published: Some("1".to_owned()),
        ..launch(second, event, None)
    };
    let mut given = launch(1, "UpdateFunctionConfiguration", None);
    given.role_passed = Some("worker".to_owned());
    let all = [other(0, "CreateFunction"), given, launch(2, "UpdateFunctionCode", None)];
    let last = last(&all, None).unwrap();
    assert_eq!((last.launch.record.index, last.passed, beside(&last)), (2, Passed::Role, Vec::new()));
}

#[test]
fn of_many_versions_the_last_are_told_apart_and_the_others_left_open() {
    let count = u32::try_from(BESIDE_MAX).unwrap() + 10;
    let mut all = vec![launch(0, "CreateFunction", None)];
    all.extend((1..=count).map(|at| launch(at, "UpdateFunctionCode", Some(&at.to_string()))));
    let last = last(&all, None).unwrap();
    assert_eq!((last.launch.record.index, last.beside.len()), (i64::from(count), BESIDE_MAX));
    // The last stands at the launch itself.
    assert_eq!(last.beside[0].version, Some((count - 1).to_string().as_str()));
    assert_eq!(last.untold.len(), 9);
}
