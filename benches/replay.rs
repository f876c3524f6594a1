//! A replay of many events: how fast, and where the time goes.
//!
//! `cargo bench --bench replay` generates 1,000,000 events of callers with habits: each makes 25 different calls, on the same
//! resources but for objects in buckets, of which each is new. Then 100,000 events of callers who make any call on anything:
//! nearly all are distinct requests. `-- --events 20000 --scattered 2000` is a quick look, `-- --lake DIR` takes a lake that is
//! there, `--keep DIR` keeps the lakes, and uses those of an earlier run. The snapshot has a role for each one of the lake: two managed policies as
//! AWS writes them, an inline one with conditions and variables, every third a boundary; SCPs at three levels, an RCP, and a
//! policy for every bucket and key. Before that, without a lake, one thread takes in 1,000,000 events of which every fiftieth is
//! distinct, with a snapshot that allows them.

mod archive;
mod generated;
mod measure;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use arrow::array::RecordBatch;
use backtrail::inquiry::{self, ReplayOptions, Window};
use backtrail::lake::Lake;
use backtrail::query::{self, Filter};
use backtrail::replay::answer::Replay;
use backtrail::replay::{Changes, Plan, Proposed, Record, Replayer};
use backtrail::snapshot::Snapshot;
use chrono::DateTime;
use clap::Parser;
use serde_json::{Value, json};

use generated::rows;
use measure::say;

/// Measures a replay.
#[derive(Parser)]
struct Args {
    /// Different events of callers with habits; 0 leaves them out.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// The different calls of each caller with habits.
    #[arg(long, default_value_t = 25)]
    habits: u64,
    /// Different events of callers without; 0 leaves them out.
    #[arg(long, default_value_t = 100_000)]
    scattered: u64,
    /// Keeps the lakes here with their snapshots, and uses those of an earlier run.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// A lake instead of generated events.
    #[arg(long)]
    lake: Option<PathBuf>,
    /// Events that repeat, without a lake.
    #[arg(long, default_value_t = 1_000_000)]
    repeated: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    measure::warn_if_unoptimized()?;
    let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = args.keep.as_deref().unwrap_or(temporary.path());
    if args.repeated > 0 {
        alike(&temporary.path().join("alike"), args.repeated, 50)?;
    }
    if let Some(lake) = &args.lake {
        return Box::pin(measured(lake, &temporary.path().join("iam"), args.rounds)).await;
    }
    for (name, events, habits) in
        [("habits", args.events, Some(args.habits)), ("scattered", args.scattered, None)]
    {
        let folder = folder.join(format!("{name}-{events}"));
        if events == 0 {
            continue;
        }
        if !folder.join("lake").exists() {
            Box::pin(generated::lake(events, habits, &folder)).await?;
        }
        say(name)?;
        Box::pin(measured(&folder.join("lake"), &folder.join("iam"), args.rounds)).await?;
    }
    Ok(())
}

/// Measures replays of a lake.
async fn measured(at: &Path, iam: &Path, rounds: usize) -> Result<()> {
    let lake = Lake::open(at).await?;
    let events = count(&lake).await?;
    let roles = Box::pin(write_snapshot(&lake, iam)).await?;
    let today = Arc::new(Snapshot::read(iam)?);
    ensure!(today.problems.is_empty(), "{:?}", today.problems);
    say(&format!(
        "{events} events; a snapshot of {} roles and users, {} resources",
        roles,
        today.resources.len()
    ))?;

    let scan = median(rounds, async || scan(&lake, events).await).await?;
    tell("scan of the columns, nothing else", scan, events)?;
    let nothing = Arc::new(Snapshot::default());
    let grouping =
        median(rounds, async || Box::pin(replay(&lake, &nothing, None, events)).await.map(drop)).await?;
    tell("and requests, callers, grouping", grouping, events)?;
    let answer = Box::pin(replay(&lake, &today, None, events)).await?;
    let whole =
        median(rounds, async || Box::pin(replay(&lake, &today, None, events)).await.map(drop)).await?;
    tell("and evaluation: a replay", whole, events)?;
    let patch = iam.with_file_name("patch.json");
    let deny = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}}});
    let change = json!({"changes": [{"put-scp": {"id": "two-regions", "policy": deny, "attach": ["ou-ex01-11111111"]}}]});
    std::fs::write(&patch, change.to_string())?;
    let proposed = Arc::new(today.patched(&patch)?.snapshot);
    let both =
        median(rounds, async || Box::pin(replay(&lake, &today, Some(&proposed), events)).await.map(drop))
            .await?;
    tell("a replay beside a proposed SCP", both, events)?;
    let verdicts = answer.verdicts;
    say(&format!(
        "  {} distinct requests, {} evaluations, {verdicts:?}",
        answer.requests, answer.evaluations
    ))?;
    // Equal input, equal answer.
    let again = Box::pin(replay(&lake, &today, None, events)).await?;
    ensure!(again.verdicts == answer.verdicts && again.groups == answer.groups, "two runs differ");
    Ok(())
}

/// Takes in events on one thread, without a lake: `share` events of each distinct call.
fn alike(iam: &Path, events: usize, share: usize) -> Result<()> {
    const CALLS: [(&str, &str); 3] = [
        ("ec2.amazonaws.com", "DescribeInstances"),
        ("s3.amazonaws.com", "GetObject"),
        ("s3.amazonaws.com", "PutObject"),
    ];
    let may = json!({"Effect": "Allow", "Action": ["ec2:Describe*", "s3:*"], "Resource": "*"});
    let details = json!({"RoleDetailList": [{
        "RoleName": "worker", "Arn": "arn:aws:iam::111122223333:role/worker",
        "AssumeRolePolicyDocument": policy(&json!([])),
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy(&may)}],
    }]});
    let bucket = json!({"arn": "arn:aws:s3:::example-reports", "account": "111122223333", "policy": null});
    std::fs::create_dir_all(iam.join("resource-policies"))?;
    std::fs::write(iam.join("details.json"), details.to_string())?;
    std::fs::write(iam.join("organization.json"), json!({"Organization": null}).to_string())?;
    std::fs::write(iam.join("resource-policies/bucket.json"), bucket.to_string())?;
    let snapshot = Arc::new(Snapshot::read(iam)?);
    ensure!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let calls: Vec<(String, String)> = (0..events / share)
        .map(|at| {
            let session = format!("arn:aws:sts::111122223333:assumed-role/worker/session-{}", at % 500);
            let parameters = json!({"bucketName": "example-reports", "key": format!("data/{at}.csv")});
            (session, parameters.to_string())
        })
        .collect();
    let plan = Plan {
        snapshot,
        proposed: None,
        issuances: Arc::default(),
        originals: Arc::default(),
        action: None,
        verdicts: false,
    };
    let mut replayer = Replayer::new(plan);
    let started = Instant::now();
    for at in 0..events {
        let place = at * 7919 % calls.len();
        let (session, parameters) = calls.get(place).context("no call")?;
        let (source, name) = CALLS.get(place % CALLS.len()).context("no name")?;
        let id = format!("{at:032x}");
        replayer.take(&Record {
            event_time: DateTime::from_timestamp(1_780_000_000 + at as i64 / 10, 0).context("no time")?,
            event_id: Some(&id),
            event_source: Some(source),
            event_name: Some(name),
            event_type: Some("AwsApiCall"),
            account: Some("111122223333"),
            recipient_account_id: Some("111122223333"),
            aws_region: Some("eu-west-1"),
            identity_type: Some("AssumedRole"),
            identity_arn: Some(session),
            identity_account_id: Some("111122223333"),
            principal_id: Some("AROARTX3GSDSQEXAMPLE:worker"),
            access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
            session_issuer_arn: Some("arn:aws:iam::111122223333:role/worker"),
            session_issuer_account_id: Some("111122223333"),
            request_parameters: Some(parameters),
            ..Record::default()
        });
    }
    let seconds = started.elapsed().as_secs_f64();
    let answer = replayer.fold(&Changes::default()).answer(None);
    ensure!(
        answer.events == events as u64 && answer.verdicts.same_allowed == answer.events,
        "{:?}",
        answer.verdicts
    );
    tell(&format!("{} distinct calls, one thread", calls.len()), seconds, answer.events)
}

async fn replay(
    lake: &Lake,
    today: &Arc<Snapshot>,
    proposed: Option<&Arc<Snapshot>>,
    events: u64,
) -> Result<Replay> {
    let mut session = lake.session()?;
    query::register_functions(&mut session)?;
    let options = ReplayOptions {
        window: Window::default(),
        filters: Vec::new(),
        action: None,
        snapshot: Arc::clone(today),
        proposed: proposed.map(|proposed| (Arc::clone(proposed), Proposed::default())),
        save: None,
    };
    let answer = inquiry::replay(&session, options).await?;
    let all = answer.verdicts;
    let sum = all.same_allowed + all.same_denied + all.same_failed + all.now_denied + all.now_allowed;
    ensure!(sum + all.undetermined + all.not_a_request == events, "{all:?} are not {events} events");
    Ok(answer)
}

/// Reads the columns that a replay reads.
async fn scan(lake: &Lake, events: u64) -> Result<()> {
    const COLUMNS: [&str; 30] = [
        "event_time",
        "event_id",
        "event_source",
        "event_name",
        "event_type",
        "aws_region",
        "account",
        "recipient_account_id",
        "error_code",
        "error_message",
        "vpc_endpoint_id",
        "request_parameters",
        "response_elements",
        "resources",
        "identity_type",
        "identity_arn",
        "identity_account_id",
        "session_issuer_arn",
        "session_issuer_account_id",
        "source_ip_address",
        "mfa_authenticated",
        "principal_id",
        "access_key_id",
        "user_name",
        "invoked_by",
        "identity_provider",
        "session_issuer_type",
        "session_issuer_principal_id",
        "session_created",
        "event_context",
    ];
    let session = lake.session()?;
    let take = |rows: &mut u64, batch: &RecordBatch| {
        *rows += batch.num_rows() as u64;
        Ok(())
    };
    let rows: u64 =
        query::fold(&session, &Filter::All(Vec::new()), &COLUMNS, || 0, take).await?.into_iter().sum();
    ensure!(rows == events, "{rows} rows were read");
    Ok(())
}

async fn median(rounds: usize, mut run: impl AsyncFnMut() -> Result<()>) -> Result<f64> {
    let mut seconds = Vec::new();
    for _ in 0..rounds.max(1) {
        let started = Instant::now();
        run().await?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().context("no round")
}

fn tell(what: &str, seconds: f64, events: u64) -> Result<()> {
    say(&format!("  {what:36} {seconds:7.2} s {:9.0} events/s", events as f64 / seconds))?;
    Ok(())
}

async fn count(lake: &Lake) -> Result<u64> {
    let found = rows(lake, "select count(*) from events").await?;
    Ok(found.first().and_then(|row| row.first()).context("no count")?.parse()?)
}

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Writes the policies of all that called.
async fn write_snapshot(lake: &Lake, folder: &Path) -> Result<usize> {
    let roles = rows(
        lake,
        "select distinct session_issuer_arn, coalesce(session_issuer_principal_id, '') from events \
         where session_issuer_arn like '%:role/%' order by 1",
    )
    .await?;
    let users = rows(lake, "select distinct identity_arn, coalesce(principal_id, '') from events where identity_type = 'IAMUser' and identity_arn like '%:user/%' order by 1").await?;
    let buckets = rows(lake, "select distinct json_get_str(request_parameters, 'bucketName') from events where event_source = 's3.amazonaws.com' and request_parameters is not null order by 1").await?;
    let keys = rows(lake, "select distinct json_get_str(resources, 0, 'ARN') from events where event_source = 'kms.amazonaws.com' and resources is not null order by 1").await?;
    let mut accounts: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut users_of: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let account_of = |arn: &str| arn.split(':').nth(4).unwrap_or_default().to_owned();
    let mut seen = BTreeSet::new();
    for (at, row) in roles.iter().enumerate() {
        let [arn, id] = row.as_slice() else { continue };
        if !seen.insert(arn.clone()) {
            continue;
        }
        let name = arn.rsplit('/').next().unwrap_or_default();
        let mut role = json!({
            "RoleName": name, "RoleId": id, "Arn": arn, "Path": "/",
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": inline(&account_of(arn))}],
            "AttachedManagedPolicies": [
                {"PolicyName": "ViewOnly", "PolicyArn": "arn:aws:iam::aws:policy/ViewOnly"},
                {"PolicyName": "Work", "PolicyArn": "arn:aws:iam::aws:policy/Work"},
            ],
            "AssumeRolePolicyDocument": policy(&json!([
                {"Effect": "Allow", "Principal": {"AWS": account_of(arn)}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
                {"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}, "Action": "sts:AssumeRole"},
            ])),
        });
        if at % 3 == 0
            && let Some(all) = role.as_object_mut()
        {
            let boundary = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/Work"});
            all.insert("PermissionsBoundary".to_owned(), boundary);
        }
        accounts.entry(account_of(arn)).or_default().push(role);
    }
    for row in &users {
        let [arn, id] = row.as_slice() else { continue };
        if seen.insert(arn.clone()) {
            users_of.entry(account_of(arn)).or_default().push(json!({
                "UserName": arn.rsplit('/').next().unwrap_or_default(), "UserId": id, "Arn": arn, "Path": "/",
                "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": inline(&account_of(arn))}],
                "AttachedManagedPolicies": [{"PolicyName": "Work", "PolicyArn": "arn:aws:iam::aws:policy/Work"}],
            }));
        }
    }
    let all: BTreeSet<String> = accounts.keys().chain(users_of.keys()).cloned().collect();
    std::fs::create_dir_all(folder.join("accounts"))?;
    std::fs::create_dir_all(folder.join("scp"))?;
    std::fs::create_dir_all(folder.join("rcp"))?;
    std::fs::create_dir_all(folder.join("resource-policies"))?;
    for account in &all {
        let details = json!({
            "UserDetailList": users_of.get(account).cloned().unwrap_or_default(), "GroupDetailList": [],
            "RoleDetailList": accounts.get(account).cloned().unwrap_or_default(), "Policies": managed(),
        });
        std::fs::write(folder.join("accounts").join(format!("{account}.json")), details.to_string())?;
    }
    let region = json!({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"]}});
    let scps = [
        ("p-FullAWSAccess", json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])),
        (
            "regions",
            json!([{"Sid": "Regions", "Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*", "cloudfront:*"], "Resource": "*", "Condition": region}]),
        ),
        (
            "trail",
            json!([{"Sid": "Trail", "Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin-*"}}}]),
        ),
    ];
    for (name, statements) in &scps {
        std::fs::write(folder.join("scp").join(format!("{name}.json")), policy(statements).to_string())?;
    }
    let rcp = json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]);
    std::fs::write(folder.join("rcp/p-RCPFullAWSAccess.json"), policy(&rcp).to_string())?;
    let mut nodes = vec![
        json!({"id": "r-ex01", "name": "Root", "scps": ["p-FullAWSAccess"], "rcps": ["p-RCPFullAWSAccess"]}),
        json!({"id": "ou-ex01-11111111", "name": "all", "parent": "r-ex01", "scps": ["p-FullAWSAccess", "regions"], "rcps": ["p-RCPFullAWSAccess"]}),
    ];
    for account in &all {
        nodes.push(json!({"id": account, "name": account, "parent": "ou-ex01-11111111", "scps": ["p-FullAWSAccess", "trail"], "rcps": ["p-RCPFullAWSAccess"]}));
    }
    let organization = json!({"id": "o-exampleorg1", "managementAccount": "000000000001", "nodes": nodes});
    std::fs::write(folder.join("organization.json"), organization.to_string())?;
    let own = all.iter().next().cloned().unwrap_or_default();
    let bucket =
        |name: &String| json!({"arn": format!("arn:aws:s3:::{name}"), "account": own, "policy": null});
    let named = |row: &Vec<String>| row.first().filter(|name| !name.is_empty()).cloned();
    let mut resources: Vec<Value> = buckets.iter().filter_map(named).map(|name| bucket(&name)).collect();
    for arn in keys.iter().filter_map(named) {
        let root = format!("arn:aws:iam::{}:root", account_of(&arn));
        let own =
            json!([{"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}]);
        resources.push(json!({"arn": arn, "policy": policy(&own)}));
    }
    std::fs::write(folder.join("resource-policies/all.json"), Value::from(resources).to_string())?;
    Ok(seen.len())
}

/// Policies in the manner of AWS's own: many services by pattern, and all but some.
fn managed() -> Value {
    let services = "acm apigateway autoscaling cloudformation cloudfront cloudtrail cloudwatch config dynamodb ec2 ecr ecs \
        elasticache elasticfilesystem elasticloadbalancing events firehose glue guardduty iam inspector2 kinesis kms lambda logs \
        organizations rds redshift route53 s3 secretsmanager securityhub sns sqs ssm states sts tag waf xray";
    let view: Vec<String> = services
        .split_whitespace()
        .flat_map(|service| ["Describe*", "Get*", "List*"].map(|name| format!("{service}:{name}")))
        .collect();
    let version =
        |document: Value| json!([{"VersionId": "v1", "IsDefaultVersion": true, "Document": document}]);
    json!([
        {"PolicyName": "ViewOnly", "Arn": "arn:aws:iam::aws:policy/ViewOnly", "DefaultVersionId": "v1",
            "PolicyVersionList": version(policy(&json!([{"Effect": "Allow", "Action": view, "Resource": "*"}])))},
        {"PolicyName": "Work", "Arn": "arn:aws:iam::aws:policy/Work", "DefaultVersionId": "v1",
            "PolicyVersionList": version(policy(&json!([
                {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
                {"Effect": "Allow", "Action": ["iam:GetRole", "iam:ListRoles", "iam:PassRole", "iam:ListUsers"], "Resource": "*"},
            ])))},
    ])
}

/// A policy with resources, conditions and variables.
fn inline(account: &str) -> Value {
    policy(&json!([
        {"Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject*", "s3:PutObject*"], "Resource": "arn:aws:s3:::example-*/${aws:username}/*"},
        {"Sid": "Tables", "Effect": "Allow", "Action": "dynamodb:*Item", "Resource": format!("arn:aws:dynamodb:*:{account}:table/*")},
        {"Sid": "Keys", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": format!("arn:aws:kms:*:{account}:key/*"),
            "Condition": {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}},
        {"Sid": "Roles", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/*"},
        {"Sid": "NoPolicies", "Effect": "Deny", "Action": ["s3:PutBucketPolicy", "kms:PutKeyPolicy"], "Resource": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}}},
        {"Sid": "Launch", "Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*", "Condition": {"StringEquals": {"ec2:InstanceType": ["t3.micro", "t3.small"]}}},
    ]))
}
