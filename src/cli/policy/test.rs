//! `backtrail policy test`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::files;
use crate::catalog::catalog;
use crate::cli::args::PolicyTest;
use crate::cli::failure::Failure;
use crate::cli::output::{Format, Output, note};
use crate::cli::{EXIT_DONE, EXIT_FOUND, EXIT_UNREADABLE};
use crate::policy::case::{self, CaseResult, Sources};
use crate::policy::{PolicySet, Request};
use crate::report;
use crate::report::policy::TestOptions;
use crate::snapshot::{Given, Snapshot, Unsupplied};

/// A case file has at most so many bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Snapshots that cases name, each read once; or why it cannot be.
type Snapshots = RefCell<BTreeMap<PathBuf, Rc<Result<Snapshot, String>>>>;

pub(super) fn run(command: &PolicyTest, out: &mut Output) -> Result<u8, Failure> {
    let snapshots = Snapshots::default();
    let mut results: Vec<CaseResult> = Vec::new();
    let mut unreadable = Vec::new();
    let all = files(&command.files);
    for (path, _) in &all {
        match cases(path, &snapshots) {
            Ok(more) => results.extend(more),
            Err(error) => unreadable.push(format!("{error:#}")),
        }
    }
    if all.is_empty() {
        return Err(anyhow::anyhow!("expected case files, found no `*.json`").into());
    }
    if unreadable.len() == all.len() {
        let first = unreadable.swap_remove(0);
        let more = unreadable.len();
        let more = if more == 0 { String::new() } else { format!(" (and {more} files more)") };
        return Err(anyhow::anyhow!("{first}{more}").into());
    }
    match out.format {
        Format::Json => write!(out, "{}", report::policy::test_json(&results)?)?,
        Format::Csv => write!(out, "{}", report::policy::test_csv(&results))?,
        Format::Text => {
            let options = TestOptions { all: command.all, files: all.len() - unreadable.len() };
            write!(out, "{}", report::policy::test_text(&results, options, out.style))?;
        }
    }
    for error in &unreadable {
        note(&format!("unreadable: {error}"));
    }
    Ok(if results.iter().any(|result| !result.passed) {
        EXIT_FOUND
    } else if unreadable.is_empty() {
        EXIT_DONE
    } else {
        EXIT_UNREADABLE
    })
}

/// Runs the cases of a file.
fn cases(path: &Path, snapshots: &Snapshots) -> anyhow::Result<Vec<CaseResult>> {
    let text = read(path)?;
    let cases = case::parse(&text).map_err(|error| anyhow::anyhow!("`{}`: {error}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let policies_at = |named: &str, request: &Request| policies(snapshots, &folder.join(named), request);
    let rcp_supported = |service: &str| Some(catalog().service(service).is_some_and(|own| own.supports_rcp));
    Ok(case::run(&cases, Sources { rcp_supported: &rcp_supported, policies_at: &policies_at }))
}

fn read(path: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;

    use anyhow::Context as _;
    let step = || format!("cannot read `{}`", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(step)?;
    anyhow::ensure!(!file.metadata().with_context(step)?.is_dir(), "`{}` is a folder", path.display());
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).with_context(step)?;
    anyhow::ensure!(
        text.len() as u64 <= FILE_BYTES_MAX,
        "`{}` is above the limit of {FILE_BYTES_MAX} bytes",
        path.display()
    );
    Ok(text)
}

/// The policies that a case's path holds for its request. As everywhere in a case, what is not there does not exist.
fn policies(snapshots: &Snapshots, path: &Path, request: &Request) -> Result<PolicySet, String> {
    let known = snapshots.borrow().get(path).map(Rc::clone);
    let snapshot = known.unwrap_or_else(|| {
        let read = Rc::new(Snapshot::read(path).map_err(|error| error.to_string()));
        snapshots.borrow_mut().insert(path.to_owned(), Rc::clone(&read));
        read
    });
    let snapshot = snapshot.as_ref().as_ref().map_err(String::clone)?;
    snapshot.check(&request.caller).map_err(|error| error.to_string())?;
    let given = Given { unsupplied: Unsupplied::None, ..Given::default() };
    let account = request.resource_account;
    Ok(snapshot.policies(&request.caller, &request.action, &request.resource, account, &given))
}
