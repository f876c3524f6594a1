//! Which groups a new database belongs to; all records here are made up.

use serde_json::{Value, json};

use crate::catalog::catalog;
use crate::catalog::event::Presence;
use crate::catalog::resource::{Certainty, Evidence, Place, reads_response, resources_of};

/// The groups that a call asks for: exact ones as they are, `~` behind what is not known, `?` behind what is only possible.
fn groups(action: &str, parameters: &Value, response: Option<&Value>) -> Vec<String> {
    let place = Place { partition: "aws", region: "eu-west-1", account: "111122223333" };
    let evidence =
        Evidence { event: "", place, parameters: Some(parameters.into()), response, resources: None };
    let action = catalog().action(action).unwrap();
    let found = resources_of(action, &evidence).into_iter();
    let found = found.filter(|own| {
        own.kind.is_some_and(|kind| kind.ends_with("pg") || kind.ends_with("grp") || kind == "og")
    });
    let words = found.map(|own| {
        let name = own.arn.replace("arn:aws:rds:eu-west-1:111122223333:", "");
        let open = if own.certainty == Certainty::Exact { "" } else { "~" };
        let perhaps = if own.presence == Presence::Possible { "?" } else { "" };
        format!("{name}{open}{perhaps}")
    });
    words.collect()
}

#[test]
fn a_new_database_belongs_to_groups_that_the_call_does_not_name() {
    let plain = json!({"dBInstanceIdentifier": "main", "engine": "mysql"});
    let all = ["og:default*~?", "pg:default*~?", "subgrp:default*~?"];
    assert_eq!(groups("rds:CreateDBInstance", &plain, None), all);
    let named = json!({
        "dBInstanceIdentifier": "main", "dBParameterGroupName": "Tuned", "dBSubnetGroupName": "private",
    });
    assert_eq!(groups("rds:CreateDBInstance", &named, None), ["og:default*~?", "pg:tuned", "subgrp:private"]);
    let cluster = json!({"dBClusterIdentifier": "c", "engine": "aurora-mysql"});
    assert_eq!(
        groups("rds:CreateDBCluster", &cluster, None),
        ["cluster-pg:default*~?", "og:default*~?", "subgrp:default*~?"]
    );
    // What comes from something else may have its groups.
    let member = json!({"dBInstanceIdentifier": "one", "dBClusterIdentifier": "c"});
    let restored = json!({"dBInstanceIdentifier": "one", "dBSnapshotIdentifier": "s"});
    let any = ["og:*~?", "pg:*~?", "subgrp:*~?"];
    assert_eq!(groups("rds:CreateDBInstance", &member, None), any);
    assert_eq!(groups("rds:RestoreDBInstanceFromDBSnapshot", &restored, None), any);
    // A change is about those groups only that it names.
    assert!(groups("rds:ModifyDBInstance", &plain, None).is_empty());
}

#[test]
fn the_response_tells_which_groups_those_are() {
    let plain = json!({"dBInstanceIdentifier": "main", "engine": "mysql"});
    let made = json!({
        "dBInstanceIdentifier": "main", "dBSubnetGroup": {"dBSubnetGroupName": "default", "dBSubnetGroupDescription": "any"},
        "dBParameterGroups": [{"dBParameterGroupName": "default.mysql8.0", "parameterApplyStatus": "in-sync"}],
        "optionGroupMemberships": [{"optionGroupName": "default:mysql-8-0", "status": "in-sync"}],
    });
    assert_eq!(
        groups("rds:CreateDBInstance", &plain, Some(&made)),
        ["og:default:mysql-8-0?", "pg:default.mysql8.0?", "subgrp:default?"]
    );
    let made = json!({
        "dBClusterIdentifier": "c", "dBSubnetGroup": "private", "dBClusterParameterGroup": "default.aurora-mysql8.0",
        "dBClusterOptionGroupMemberships": [{"dBClusterOptionGroupName": "HIDDEN DUE TO", "status": "in-sync"}],
    });
    assert_eq!(
        groups("rds:CreateDBCluster", &json!({"dBClusterIdentifier": "c"}), Some(&made)),
        ["cluster-pg:default.aurora-mysql8.0?", "og:default*~?", "subgrp:private?"]
    );
    let reads = |action: &str| reads_response(catalog().action(action).unwrap());
    assert!(reads("rds:CreateDBInstance") && reads("rds:RestoreDBClusterFromSnapshot"));
    assert!(!reads("rds:ModifyDBInstance"));
}
