//! What a look for unused permissions takes: many principals with policies as AWS manages them, over a large lake.
//!
//! `cargo bench --bench unused` generates 1,000,000 events; `-- --events 100000` is a quick look, `-- --lake DIR` takes a lake
//! that is there. The snapshot has a role or user for each one of the lake and more up to `--principals`, a third of them with
//! each of `*` on `*`, of all but IAM, organizations and accounts, and of what reads. The uses are held against counts that the
//! engine makes by itself.

mod archive;
mod generated;
mod measure;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use backtrail::inquiry::{self, UnusedOptions, Window};
use backtrail::lake::Lake;
use backtrail::query;
use backtrail::snapshot::Snapshot;
use backtrail::unused::{Unused, Wanted};
use clap::Parser;
use serde_json::{Value, json};

use generated::rows;
use measure::say;

/// Measures a look for unused permissions.
#[derive(Parser)]
struct Args {
    /// Different events.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// A lake instead of generated events.
    #[arg(long)]
    lake: Option<PathBuf>,
    /// Users and roles.
    #[arg(long, default_value_t = 1_000)]
    principals: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Look for the origins behind roles as well.
    #[arg(long)]
    origins: bool,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    measure::warn_if_unoptimized()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let at = generated::given_or_made(args.lake.as_deref(), args.events, folder.path()).await?;
    let lake = Lake::open(&at).await?;
    let events = count(&lake, "select count(*) from events").await?;
    let iam = folder.path().join("iam");
    write_snapshot(&lake, &iam, args.principals).await?;
    let snapshot = Arc::new(Snapshot::read(&iam)?);
    ensure!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let mut seconds = Vec::new();
    let mut answer = None;
    for _ in 0..args.rounds.max(1) {
        let started = Instant::now();
        answer = Some(look(&lake, &snapshot, args.origins).await?);
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied().context("no round")?;
    let answer = answer.context("no round")?;
    check(&lake, &answer, args.principals).await?;
    say(&format!(
        "  {} principals, {} granted actions, {} unused privileged ones",
        answer.principals.len(),
        answer.principals.iter().map(|own| own.granted.count()).sum::<u64>(),
        answer.unused_privileged()
    ))?;
    say(&format!("  {events} events: {median:7.2} s {:9.0} events/s", events as f64 / median))?;
    let sql = "select cast(min(event_date) as varchar), cast(min(event_date) + interval '7 days' as varchar) from events";
    let days = rows(&lake, sql).await?;
    let Some([from, to]) = days.first().map(Vec::as_slice) else { anyhow::bail!("no day") };
    commands(&at, &iam, [from, to].map(|text| text.get(..10).unwrap_or(text)))
}

/// What it takes as a user asks, each window in a process of its own: the first week, and all.
fn commands(lake: &Path, iam: &Path, week: [&str; 2]) -> Result<()> {
    let [from, to] = week;
    for (what, window) in [("the first week", vec!["--from", from, "--to", to]), ("all of it", Vec::new())] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
        command
            .args(["unused", "--format", "json", "--lake"])
            .arg(lake)
            .arg("--snapshot")
            .arg(iam)
            .args(window);
        let (cost, output) = measure::run(command.stdout(Stdio::piped()))?;
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let coverage = answer.get("coverage").and_then(Value::as_array).context("no coverage")?;
        let events: u64 = coverage.iter().filter_map(|own| own.get("events")?.as_u64()).sum();
        ensure!(events > 0, "{what}: no events");
        say(&format!(
            "  the command, {what}: {events} events, {:.2} s CPU, {:.2} s wall, {:.0} MB",
            cost.cpu_s,
            cost.wall_s,
            measure::megabytes(cost.peak_bytes)
        ))?;
    }
    Ok(())
}

async fn look(lake: &Lake, snapshot: &Arc<Snapshot>, origins: bool) -> Result<Unused> {
    let mut session = lake.session()?;
    query::register_functions(&mut session)?;
    let options = UnusedOptions {
        window: Window::default(),
        wanted: Wanted::default(),
        snapshot: Arc::clone(snapshot),
        origins,
        suggest: None,
        events_at_once: inquiry::EVENTS_AT_ONCE,
    };
    Ok(Box::pin(inquiry::unused(&session, options)).await?)
}

/// Holds uses against counts that the engine makes.
async fn check(lake: &Lake, answer: &Unused, principals: usize) -> Result<()> {
    ensure!(answer.principals.len() >= principals, "{} principals", answer.principals.len());
    let used = |action: &str| {
        let all = answer.principals.iter().flat_map(|own| own.actions().collect::<Vec<_>>());
        all.filter(|own| own.action() == action).map(|own| own.uses.used.events).sum::<u64>()
    };
    for (action, source, names) in [
        ("ec2:DescribeInstances", "ec2.amazonaws.com", "'DescribeInstances'"),
        ("s3:GetObject", "s3.amazonaws.com", "'GetObject', 'HeadObject'"),
        ("ec2:RunInstances", "ec2.amazonaws.com", "'RunInstances'"),
    ] {
        let text = format!(
            "select count(*) from events where event_source = '{source}' and event_name in ({names}) \
             and (error_code is null or error_code = '') and identity_type in ('IAMUser', 'AssumedRole') \
             and (shared_event_id is null or account = identity_account_id) \
             and coalesce(json_get_str(request_parameters, 'versionId'), '') = ''"
        );
        let wanted = count(lake, &text).await?;
        ensure!(wanted > 0 && used(action) == wanted, "{action}: {} used, {wanted} logged", used(action));
    }
    Ok(())
}

async fn count(lake: &Lake, sql: &str) -> Result<u64> {
    let found = rows(lake, sql).await?;
    Ok(found.first().and_then(|row| row.first()).context("no count")?.parse()?)
}

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

const POLICIES: [&str; 3] = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"];

/// Policies as AWS manages them: everything; everything but; what reads.
fn managed() -> Value {
    let document = |name: &str| match name {
        "AdministratorAccess" => policy(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])),
        "PowerUserAccess" => policy(&json!([
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["account:GetAccountInformation", "iam:CreateServiceLinkedRole", "iam:ListRoles",
                "organizations:DescribeOrganization"], "Resource": "*"},
        ])),
        _ => policy(
            &json!([{"Effect": "Allow", "Resource": "*", "Action": ["ec2:Describe*", "ec2:Get*", "s3:Get*", "s3:List*",
            "iam:Get*", "iam:List*", "lambda:Get*", "lambda:List*", "cloudwatch:Get*", "cloudwatch:List*", "kms:Describe*",
            "kms:List*", "rds:Describe*", "logs:Describe*", "sts:Get*", "cloudformation:Describe*", "dynamodb:Describe*"]}]),
        ),
    };
    let all = POLICIES.iter().map(|name| {
        json!({"PolicyName": name, "Arn": format!("arn:aws:iam::aws:policy/{name}"), "DefaultVersionId": "v1",
            "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": document(name)}]})
    });
    Value::from(all.collect::<Vec<_>>())
}

/// Writes a user or role for each one that called, and more.
async fn write_snapshot(lake: &Lake, folder: &Path, principals: usize) -> Result<()> {
    let roles = rows(lake, "select distinct session_issuer_arn, coalesce(session_issuer_principal_id, '') from events where session_issuer_arn like '%:role/%' order by 1").await?;
    let users = rows(lake, "select distinct identity_arn, coalesce(principal_id, '') from events where identity_type = 'IAMUser' and identity_arn like '%:user/%' order by 1").await?;
    let mut arns: BTreeMap<String, String> = BTreeMap::new();
    for row in roles.into_iter().chain(users) {
        let [arn, id] = row.as_slice() else { continue };
        arns.entry(arn.clone()).or_insert_with(|| id.clone());
    }
    let accounts: Vec<String> = arns
        .keys()
        .map(|arn| arn.split(':').nth(4).unwrap_or_default().to_owned())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    for at in arns.len()..principals {
        let account = accounts.get(at % accounts.len()).context("no account")?;
        arns.insert(format!("arn:aws:iam::{account}:role/spare-{at:05}"), String::new());
    }
    std::fs::create_dir_all(folder.join("accounts"))?;
    for account in &accounts {
        let (mut roles, mut users) = (Vec::new(), Vec::new());
        for (at, (arn, id)) in arns.iter().enumerate() {
            if arn.split(':').nth(4) != Some(account) {
                continue;
            }
            let name = arn.rsplit('/').next().unwrap_or_default();
            let policy_name = POLICIES.get(at % POLICIES.len()).context("no policy")?;
            let attached = json!([{"PolicyName": policy_name, "PolicyArn": format!("arn:aws:iam::aws:policy/{policy_name}")}]);
            if arn.contains(":user/") {
                users.push(
                    json!({"UserName": name, "UserId": id, "Arn": arn, "CreateDate": "2020-01-01T00:00:00Z",
                    "AttachedManagedPolicies": attached}),
                );
            } else {
                let trust =
                    json!([{"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}]);
                roles.push(
                    json!({"RoleName": name, "RoleId": id, "Arn": arn, "CreateDate": "2020-01-01T00:00:00Z",
                    "AssumeRolePolicyDocument": policy(&trust), "AttachedManagedPolicies": attached}),
                );
            }
        }
        let details = json!({"UserDetailList": users, "RoleDetailList": roles, "Policies": managed()});
        std::fs::write(folder.join(format!("accounts/{account}.json")), details.to_string())?;
    }
    std::fs::write(folder.join("organization.json"), json!({"Organization": null}).to_string())?;
    Ok(())
}
