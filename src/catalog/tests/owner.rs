//! Whose a resource is: of AWS, of the account, of another one that a call only refers to.

use serde_json::json;

use super::resource::check;

#[test]
fn documents_of_aws_are_in_no_account() {
    for (name, account) in [
        ("AWS-StartPortForwardingSession", ""),
        ("AmazonCloudWatch-ManageAgent", ""),
        ("awsOwn", ""),
        ("own-AWS", "111122223333"),
        ("é", "111122223333"),
    ] {
        check(
            "ssm:SendCommand",
            json!({"documentName": name}),
            &[&format!("arn:aws:ssm:eu-west-1:{account}:document/{name}")],
        );
    }
}

#[test]
fn rules_are_those_of_the_group_that_is_changed_not_of_a_group_that_they_refer_to() {
    let group = |id: &str| format!("arn:aws:ec2:eu-west-1:111122223333:security-group/{id}");
    let rule = json!({"items": [{"groups": {"items": [{"groupId": "sg-0aaaaaaaaaaaaaaa0", "userId": "777788889999"}]}}]});
    let own = "sg-0123456789abcdef0";
    check(
        "ec2:AuthorizeSecurityGroupIngress",
        json!({"groupId": own, "ipPermissions": rule}),
        &[&group(own)],
    );
    check(
        "ec2:AuthorizeSecurityGroupIngress",
        json!({"groupName": "default", "ipPermissions": rule}),
        &[&format!("{} ~pattern", group("*"))],
    );
}
