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

/// All that a call asks for but groups, in the same words.
fn others(action: &str, parameters: &Value) -> Vec<String> {
    let place = Place { partition: "aws", region: "eu-west-1", account: "111122223333" };
    let parameters = Some(parameters.into());
    let evidence = Evidence { event: "", place, parameters, response: None, resources: None };
    let found = resources_of(catalog().action(action).unwrap(), &evidence).into_iter();
    let words = found.map(|own| {
        let perhaps = if own.presence == Presence::Possible { "?" } else { "" };
        own.arn.replace("arn:aws:rds:eu-west-1:111122223333:", "") + perhaps
    });
    words
        .filter(|own| ["og:", "pg:", "cluster-pg:", "subgrp:"].iter().all(|group| !own.starts_with(group)))
        .collect()
}

#[test]
fn the_snapshot_of_a_restored_cluster_is_named_by_its_id_or_its_arn() {
    for snapshot in ["S1", "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:s1"] {
        let restored =
            json!({"dBClusterIdentifier": "c2", "snapshotIdentifier": snapshot, "engine": "aurora-mysql"});
        assert_eq!(
            others("rds:RestoreDBClusterFromSnapshot", &restored),
            ["cluster-snapshot:s1", "cluster:c2"]
        );
    }
}

#[test]
fn both_ends_of_what_is_copied_or_restored_may_be_asked_for() {
    let copied = json!({"sourceDBSnapshotIdentifier": "s1", "targetDBSnapshotIdentifier": "s2"});
    assert_eq!(others("rds:CopyDBSnapshot", &copied), ["snapshot:s1?", "snapshot:s2?"]);
    let shared = "arn:aws:rds:eu-west-1:444455556666:snapshot:s1";
    let copied = json!({"sourceDBSnapshotIdentifier": shared, "targetDBSnapshotIdentifier": "s2"});
    assert_eq!(others("rds:CopyDBSnapshot", &copied), ["snapshot:s2?".to_owned(), format!("{shared}?")]);
    let copied = json!({"sourceDBParameterGroupIdentifier": "p1", "targetDBParameterGroupIdentifier": "p2"});
    assert_eq!(groups("rds:CopyDBParameterGroup", &copied, None), ["pg:p1?", "pg:p2?"]);
    let restored = json!({"sourceDBInstanceIdentifier": "db1", "targetDBInstanceIdentifier": "db2"});
    assert_eq!(others("rds:RestoreDBInstanceToPointInTime", &restored), ["db:db1", "db:db2?"]);
    let replica = json!({"dBInstanceIdentifier": "rep", "sourceDBInstanceIdentifier": "db1"});
    assert!(others("rds:CreateDBInstanceReadReplica", &replica).contains(&"db:db1?".to_owned()));
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
