//! How functions and layers of Lambda are named; all records here are made up.

use serde_json::json;

use super::naming::check_own;
use super::resource::check;

#[test]
fn a_function_is_named_by_any_end_of_its_arn_and_with_a_qualifier() {
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    check("lambda:InvokeFunction", json!({"functionName": "f"}), &[arn]);
    check("lambda:InvokeFunction", json!({"functionName": arn}), &[arn]);
    check(
        "lambda:InvokeFunction",
        json!({"functionName": "f", "qualifier": "live"}),
        &[&format!("{arn}:live")],
    );
    check("lambda:InvokeFunction", json!({"functionName": "f:live"}), &[&format!("{arn}:live")]);
    check(
        "lambda:InvokeFunction",
        json!({"functionName": format!("{arn}:1"), "qualifier": "1"}),
        &[&format!("{arn}:1")],
    );
    check(
        "lambda:InvokeFunction",
        json!({"functionName": "444455556666:function:f"}),
        &["arn:aws:lambda:eu-west-1:444455556666:function:f"],
    );
    let other = "arn:aws:lambda:us-east-1:444455556666:function:f";
    let here = "arn:aws:lambda:eu-west-1:444455556666:function:f";
    for (given, expected) in [
        ("444455556666:f", here),
        ("us-east-1:444455556666:function:f", other),
        ("us-east-1:444455556666:f", other),
        ("function:f", arn),
    ] {
        check("lambda:GetFunction", json!({"functionName": given}), &[expected]);
        let live = format!("{expected}:live");
        check("lambda:GetFunction", json!({"functionName": format!("{given}:live")}), &[&live]);
        check("lambda:GetFunction", json!({"functionName": given, "qualifier": "live"}), &[&live]);
        let concurrency = json!({"functionName": given, "qualifier": "live"});
        check("lambda:GetProvisionedConcurrencyConfig", concurrency, &[&live]);
    }
    // A number alone is a name.
    let number = "arn:aws:lambda:eu-west-1:111122223333:function:444455556666";
    check("lambda:GetFunction", json!({"functionName": "444455556666"}), &[number]);
    let none = "arn:aws:lambda:eu-west-1:111122223333:function:* ~pattern";
    check("lambda:GetFunction", json!({"functionName": "a:b:c:d"}), &[none]);
    check("lambda:GetFunction", json!({"functionName": "arn:aws:sqs:eu-west-1:111122223333:f"}), &[none]);
}

#[test]
fn versions_of_functions_and_layers_are_told_by_other_parameters() {
    let concurrency = |qualifier: &str| json!({"functionName": "f", "qualifier": qualifier, "provisionedConcurrentExecutions": 1});
    check_own("lambda:PutProvisionedConcurrencyConfig", concurrency("live"), &["function:f:live"]);
    check_own("lambda:PutProvisionedConcurrencyConfig", concurrency("7"), &["function:f:7"]);
    let other = "arn:aws:lambda:eu-west-1:444455556666";
    check(
        "lambda:PutProvisionedConcurrencyConfig",
        json!({"functionName": format!("{other}:function:f"), "qualifier": "live"}),
        &[&format!("{other}:function:f:live")],
    );
    check(
        "lambda:GetLayerVersion",
        json!({"layerName": format!("{other}:layer:tools"), "versionNumber": 3}),
        &[&format!("{other}:layer:tools:3")],
    );
    check_own(
        "lambda:DeleteLayerVersion",
        json!({"layerName": "tools", "versionNumber": 3}),
        &["layer:tools:3"],
    );
}
