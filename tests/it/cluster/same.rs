//! The same bytes as on one machine: every named query, statements of every kind, and the commands that read a lake.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::processes::{Cluster, Ran, lake, program, run};
use crate::places;

/// Stories and cases: several accounts, regions, ways to sign in, and records that are odd.
fn sources() -> Vec<PathBuf> {
    let paths = [
        "testdata/stories/leaked-key/AWSLogs",
        "testdata/stories/proposed-scp/AWSLogs",
        "testdata/stories/unused/AWSLogs",
        "testdata/lineage/cases",
    ];
    paths.map(places::package).into()
}

/// The one value of a statement.
fn value(cluster: &Cluster, lake: &str, sql: &str) -> String {
    let ran = run(program(&["sql", sql, "--lake", lake, "--format", "csv"], cluster.folder.path()));
    let value = ran.stdout.lines().nth(1).unwrap_or_else(|| panic!("{sql}: {ran:?}"));
    value.trim_matches('"').to_owned()
}

/// The value of a column that most events have.
fn common(cluster: &Cluster, lake: &str, column: &str) -> String {
    let sql = format!(
        "select {column} from events where {column} is not null group by 1 order by count(*) desc, 1 limit 1"
    );
    value(cluster, lake, &sql)
}

fn rows(ran: &Ran) -> usize {
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    document["rows"].as_array().unwrap().len()
}

#[test]
fn every_named_query_answers_the_same_on_a_cluster() {
    let cluster = Cluster::start(2);
    let lake = lake(cluster.folder.path(), &sources());
    let known = BTreeMap::from([
        ("ip", common(&cluster, &lake, "source_ip_address")),
        ("key", common(&cluster, &lake, "access_key_id")),
        ("who", common(&cluster, &lake, "user_name")),
        ("session", common(&cluster, &lake, "assumed_role_arn")),
        ("id", common(&cluster, &lake, "event_id")),
        ("since", "2026-03-08T00:00:00Z".to_owned()),
        ("role", common(&cluster, &lake, "session_issuer_user_name")),
    ]);
    let list = run(program(&["query", "--list", "--format", "json"], cluster.folder.path()));
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    let (mut asked, mut answered) = (0, 0);
    for query in list["queries"].as_array().unwrap() {
        let name = query["name"].as_str().unwrap();
        let mut arguments = vec!["query".to_owned(), name.to_owned(), "--lake".to_owned(), lake.clone()];
        for param in query["params"].as_array().unwrap() {
            if param["default"].is_null() {
                let name = param["name"].as_str().unwrap();
                let value = known.get(name).unwrap_or_else(|| panic!("`{name}` has no value here"));
                arguments.extend(["-p".to_owned(), format!("{name}={value}")]);
            }
        }
        arguments.extend(["--format".to_owned(), "json".to_owned()]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ran = cluster.same(&arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        asked += 1;
        answered += usize::from(rows(&ran) > 0);
    }
    assert!(asked >= 23 && answered >= 20, "{answered} of {asked} queries have rows");
}

/// Statements of every kind, each with an order that is total.
const STATEMENTS: &[&str] = &[
    "select count(*) as n, count(distinct event_id) as ids, min(event_time) as a, max(event_time) as b from events",
    "select event_name, count(*) as n from events group by 1 order by 2 desc, 1",
    "select event_name, n, row_number() over (order by n desc, event_name) as place, sum(n) over (order by n desc, \
     event_name rows between unbounded preceding and current row) as so_far from (select event_name, count(*) as n \
     from events group by 1) order by 3",
    "select event_id, record_index, lag(event_time) over (partition by account order by event_time, event_id, \
     record_index, object) as before from events order by 1, 2, 3",
    // Joins of each kind, by keys that are equal and by others.
    "select a.event_name, count(*) as n from events a join events b on a.event_id = b.event_id group by 1 order by 1",
    "select count(*) as n, count(b.event_id) as m from events a left join events b on a.shared_event_id = b.event_id",
    "select count(*) as n, count(a.event_id) as m from events a right join events b on a.access_key_id = \
     b.issued_access_key_id",
    // Joins by equal columns and a condition, with sides whose sizes are known and not.
    "select b.session_issuer_user_name as r, count(*) as n, count(a.event_id) as m from (select * from events order by \
     event_time, event_id, record_index, object limit 100) a right join (select * from events where event_name like 'A%') b \
     on a.event_id = b.event_id and a.record_index <= b.record_index group by 1 order by 1",
    "select a.identity_type as t, count(*) as n, count(a.event_id) as m, count(b.event_id) as o from (select * from events \
     where record_index < 5) a full join (select * from events where error_code is not null) b on a.event_id = b.event_id and \
     b.read_only group by 1 order by 1, 2",
    "select a.aws_region as r, count(*) as n from events a join (select * from events where read_only order by event_time, \
     event_id, record_index, object limit 200) b on a.event_id = b.event_id and a.record_index <= b.record_index and \
     a.event_time >= b.session_created group by 1 order by 1",
    "select a.event_name as e, count(*) as n from events a left join events b on a.access_key_id = b.issued_access_key_id and \
     a.event_time < b.event_time where b.event_id is null group by 1 order by 1",
    "select count(*) as n, count(a.event_id) as m, count(b.event_id) as o from (select * from events where error_code is \
     null) a full join (select * from events where read_only) b on a.event_id = b.event_id",
    "select count(*) as n from events a join events b on a.event_time < b.event_time and a.account <> b.account",
    "select count(*) as n, count(b.event_id) as m from events a left join (select * from events where error_code is not \
     null) b on a.event_time < b.event_time",
    "select count(*) as n, count(a.event_id) as m, count(b.event_id) as o from (select * from events where error_code = \
     'AccessDenied') a full join (select * from events where event_name = 'AssumeRole') b on a.event_time > b.event_time",
    "select count(*) as n from events a cross join (select distinct account from events) b",
    "select event_name, count(*) as n from events where exists (select 1 from objects o where o.object = \
     events.object and o.kept > 1) group by 1 order by 1",
    // NULLs among what is not to be in, in the list and in the row; and none.
    "select count(*) as n from events where event_name not in (select event_name from events where read_only)",
    "select count(*) as n from events where error_code not in (select error_code from events where read_only)",
    "select count(*) as n from events where error_code not in (select error_code from events where error_code like 'A%')",
    "select count(*) as n from events where error_code not in (select error_code from events where event_name = 'Nothing')",
    "select count(*) as n from events where error_code not in (select error_code from events where error_code like 'A%') \
     or read_only",
    "select event_name from events where event_time = (select max(event_time) from events) order by 1",
    "select account, count(*) as n from events group by 1 having count(*) > (select avg(c) from (select count(*) as c from \
     events group by account)) order by 1",
    // Sets.
    "select event_name from events where read_only union select event_name from events where error_code is not null \
     order by 1",
    "select event_name, 'r' as w from events where read_only union all select event_name, 'w' as w from events where not \
     read_only union all values ('x', 'y') order by 1, 2",
    "select event_name, count(*) as n from (select event_name from events union all select outcome from objects) group by \
     1 order by 1",
    "select event_name from events intersect select event_name from events where error_code is not null order by 1",
    "select event_name from events except select event_name from events where error_code is not null order by 1",
    "select account, event_source, count(*) as n from events group by rollup(account, event_source) order by 1, 2, 3",
    "select account, read_only, count(*) as n from events group by grouping sets ((account), (read_only), ()) order by 1, 2",
    "select distinct account, aws_region from events order by 1, 2",
    // Limits.
    "select event_id, record_index from events order by event_time desc, 1, 2, object limit 7 offset 3",
    "select count(*) as n from (select * from events limit 17)",
    "select count(*) as n from (select * from events limit 10 offset 1000000)",
    "select event_name, count(*) as n from (select * from events order by event_time, event_id, record_index, object limit \
     50) group by 1 order by 1",
    // A limit inside, and more after it: of what it keeps, only that may be left.
    "select b.account, count(*) as n, count(b.event_id) as o from events a left join (select * from events where event_date < \
     date '2026-06-01' order by event_time, event_id, record_index, object limit 90) b on a.event_id = b.event_id and \
     b.read_only group by 1 order by 1, 2",
    "select a.event_name, count(*) as n from (select * from events order by event_time desc, event_id, record_index, object \
     limit 60) a join events b on a.event_id = b.event_id where a.read_only group by 1 order by 1",
    "select event_name, count(*) as n from (select * from (select * from events order by event_time, event_id, record_index, \
     object limit 80) where read_only order by event_id, record_index, object limit 20) group by 1 order by 1",
    // The words of AWS, of JSON and of regular expressions.
    "select service(event_source) as s, is_denied(error_code) as d, outcome(event_source, error_code, error_message, \
     response_elements, service_event_details) as o, count(*) as n from events group by 1, 2, 3 order by 1, 2, 3",
    "select request_parameters->>'roleArn' as r, json_get_str(response_elements, 'credentials', 'accessKeyId') as k, \
     count(*) as n from events group by 1, 2 order by 1, 2",
    "select request_parameters->'roleArn' as r from events order by event_id, record_index, object",
    "select regexp_replace(event_name, '[a-z]+', '') as c, count(*) as n from events group by 1 order by 1",
    "select event_id, part from (select event_id, unnest(string_to_array(identity_arn, ':')) as part from events where \
     identity_arn is not null) order by 1, 2",
    "select date_trunc('day', event_time) as d, count(*) as n, avg(record_index) as a from events group by 1 order by 1",
    "select event_date, approx_distinct(event_name) as n from events group by 1 order by 1",
    "select array_agg(event_name order by event_name) as names from (select distinct event_name from events)",
    // Recursion, numbers and constants stay here, with what they read of the lake on the cluster.
    "with recursive days as (select min(event_date) as d from events union all select d + interval '1 day' from days where \
     d < date '2026-03-20') select d, (select count(*) from events where event_date = d) as n from days order by 1",
    "with recursive up as (select access_key_id as k, 0 as depth from events where access_key_id is not null and event_name \
     = 'AssumeRole' union select e.issued_access_key_id, depth + 1 from up join events e on e.access_key_id = up.k where \
     depth < 5 and e.issued_access_key_id is not null) select k, min(depth) as d from up group by 1 order by 1",
    "select n, (select count(*) from events where record_index = n) as c from generate_series(0, 5) as t(n) order by 1",
    "select 1 as one",
    "values (1, 'a'), (2, 'b')",
    "show tables",
    "describe events",
    "select count(*) as n from events where event_time < '1999-01-01T00:00:00Z'",
    "select count(*) as n, sum(kept) as kept from objects",
    "select reason, count(*) as n from refusals group by 1 order by 1",
    // Views and origins of lineage.
    "select count(*) as n, count(distinct caller) as callers from calls",
    "select caller, calls, first_use, last_use from credentials order by 1",
    "select kind, count(*) as n from issuances group by 1 order by 1",
    "select * from launches order by event_time, object, record_index, workload",
    "select origin_kind, origin, complete, certain, sum(calls) as n from origins group by 1, 2, 3, 4 order by 1, 2, 3, 4",
    "select origin, event_name, count(*) as n from event_origins group by 1, 2 order by 1, 2",
    "select o.origin, count(*) as n from origins o join calls c on c.caller = o.caller where c.error_code is not null group \
     by 1 order by 1",
];

#[test]
fn statements_of_every_kind_answer_the_same_on_a_cluster() {
    let cluster = Cluster::start(2);
    let lake = lake(cluster.folder.path(), &sources());
    let mut wrong = Vec::new();
    for statement in STATEMENTS {
        let arguments = ["sql", statement, "--lake", &lake, "--format", "json"];
        let here = run(program(&arguments, cluster.folder.path()));
        let there = run(cluster.program(&arguments));
        assert_eq!(here.code, Some(0), "{statement}\n{here:?}");
        if (&here.code, &here.stdout) != (&there.code, &there.stdout) {
            wrong.push(format!("{statement}\n  {}\n  {}\n  {}", here.stdout, there.stdout, there.stderr));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is read, grouped and joined runs on the cluster as a whole, and of what can't the reading does.
#[test]
fn a_plan_says_what_runs_on_the_cluster() {
    let cluster = Cluster::start(1);
    let lake = lake(cluster.folder.path(), &sources()[..1]);
    for (statement, whole) in [
        ("select event_name, count(*) from events group by 1 order by 2 desc, 1 limit 5", true),
        ("select count(*) from events a join events b on a.access_key_id = b.issued_access_key_id", true),
        (
            "select count(*) from events where error_code not in (select error_code from events where read_only)",
            true,
        ),
        ("select o.origin, count(*) from origins o join calls c on c.caller = o.caller group by 1", true),
        ("select event_name, row_number() over (order by event_time, event_id) from events", true),
        ("select count(*) from generate_series(0, 5) as t(n) join events e on e.record_index = n", false),
        (
            "with recursive r as (select min(record_index) as n from events union all select n + 1 from r where n < 3) select * from r",
            false,
        ),
    ] {
        let explain = format!("explain {statement}");
        let ran = run(cluster.program(&["sql", &explain, "--lake", &lake, "--format", "csv"]));
        let plan: Vec<&str> =
            ran.stdout.lines().filter_map(|line| line.strip_prefix("physical_plan,")).collect();
        let mut lines = plan.iter().map(|line| line.trim_start_matches(['"', ' ']));
        let first = lines.find(|line| !line.starts_with("CooperativeExec")).unwrap();
        assert!(ran.stdout.contains("RemoteExec"), "{}", ran.stdout);
        assert_eq!(first.starts_with("RemoteExec"), whole, "{statement}\n{}", ran.stdout);
        // Nothing reads the lake on this machine.
        let here =
            plan.iter().filter(|line| !line.contains("| ") && line.contains("DataSourceExec: file_groups"));
        assert_eq!(here.count(), 0, "{statement}\n{}", ran.stdout);
    }
}

#[test]
fn commands_answer_the_same_on_a_cluster() {
    let cluster = Cluster::start(2);
    let (one, all) = (cluster.folder.path().join("one"), cluster.folder.path().join("all"));
    let place = |path: &str| places::package("testdata/stories").join(path).display().to_string();
    let (iam, proposed) = (place("proposed-scp/iam"), place("proposed-scp/proposed-scp"));
    let unused = place("unused/iam");
    let mut ran = 0;
    let mut same = |arguments: &[&str], lake: &str| {
        let answer = cluster.same(&[arguments, &["--lake", lake]].concat());
        assert!(answer.stdout.len() > 100, "{arguments:?} {answer:?}");
        ran += 1;
    };
    // Tens of questions, one after another.
    let lake_of_one = lake(&one, &sources()[..1]);
    let key = common(&cluster, &lake_of_one, "access_key_id");
    let session = common(&cluster, &lake_of_one, "assumed_role_arn");
    let event = common(&cluster, &lake_of_one, "event_id");
    for arguments in [
        &["investigate", &key][..],
        &["investigate", &session, "--calls", "--created", "--format", "json"],
        &["investigate", &key, "--follow", "--format", "json"],
        &["trace", &key, "--format", "json"],
        &["trace", &session],
        &["trace", &event, "--up"],
        &["explain", &event],
    ] {
        same(arguments, &lake_of_one);
    }
    let lake_of_all = lake(&all, &sources());
    for arguments in [
        &["coverage", "--all"][..],
        &["coverage", "--from", "2026-03-08", "--to", "2026-03-10", "--format", "json"],
        &["sessions", "--format", "json"],
        &["replay", "--snapshot", &iam, "--format", "json"],
        &["replay", "--snapshot", &iam, "--proposed", &proposed],
        &["replay", "--snapshot", &iam, "--action", "s3:*", "--from", "2026-03-09", "--format", "csv"],
        &["unused", "--snapshot", &iam, "--format", "json"],
        &["unused", "--snapshot", &unused, "--suggest", "--origins", "--format", "json"],
        &["unused", "--snapshot", &unused],
    ] {
        same(arguments, &lake_of_all);
    }
    assert_eq!(ran, 16);
}
