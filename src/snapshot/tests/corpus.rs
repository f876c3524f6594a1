//! The public policies beside the package, where they are at hand: every document is understood, or refused for a reason
//! of a kind that is listed here; details load as snapshots. Nothing of them is part of the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::policy::PolicyKind;
use crate::snapshot::lint;

fn corpus() -> Option<PathBuf> {
    let folder = match std::env::var_os("BACKTRAIL_CORPUS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
    };
    Some(folder.join("policies")).filter(|folder| folder.is_dir())
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let walk = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let is_json = |path: &PathBuf| path.extension().is_some_and(|own| own == "json");
    walk.map(walkdir::DirEntry::into_path).filter(is_json).collect()
}

/// What a file of the corpus is, by its folder.
fn kind_of(path: &Path) -> Option<PolicyKind> {
    let path = path.to_string_lossy();
    if path.contains("resource_control") || path.contains("resource-control") {
        Some(PolicyKind::ResourceControl)
    } else if path.contains("service_control") || path.contains("service-control") || path.contains("05-scps")
    {
        Some(PolicyKind::ServiceControl)
    } else if path.contains("vpc_endpoint") {
        Some(PolicyKind::VpcEndpoint)
    } else {
        None
    }
}

/// A finding without what it quotes: its kind of reason.
fn reason(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// Why something of the corpus is refused: places that whoever uses a sample is to fill in, account ids and names that no
/// AWS would take, an output that is no JSON.
const REASONS: [&str; 7] = [
    "expected ` or `, found `",
    "expected ` or an object of principals, found `",
    "expected a number, found `",
    "expected an ARN or `, found `",
    "expected an ARN with variables only after its fifth colon, found `",
    "expected an IP address or a range as `, found `",
    "no JSON",
];

#[test]
fn every_policy_is_understood_or_refused_for_a_listed_reason() {
    let Some(folder) = corpus() else { return };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let (mut files, mut policies) = (0, 0);
    for path in json_files(&folder) {
        files += 1;
        let Ok(linted) = lint::file(&path, kind_of(&path)) else {
            *reasons.entry("no JSON".to_owned()).or_default() += 1;
            continue;
        };
        policies += linted.len();
        let findings = linted.into_iter().flat_map(|own| own.findings);
        for finding in findings.filter(|own| own.consequence.is_refusal()) {
            *reasons.entry(reason(&finding.text)).or_default() += 1;
        }
    }
    assert!(files > 50 && policies > 100, "{files} files, {policies} policies");
    let found: Vec<&str> = reasons.keys().map(String::as_str).collect();
    assert_eq!(found, REASONS, "{reasons:#?}");
}

#[test]
fn details_of_the_corpus_load() {
    let Some(folder) = corpus() else { return };
    let mut loaded = 0;
    for path in json_files(&folder) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let is_details = text.contains("\"UserDetailList\"") && text.contains("\"Policies\"");
        if !is_details {
            continue;
        }
        let snapshot = Snapshot::read(&path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(snapshot.accounts.len(), 1, "{}", path.display());
        for problem in &snapshot.problems {
            // One sample has entries whose ARNs are made up.
            let reason = reason(&problem.trouble.to_string());
            assert_eq!(reason, "expected an ARN with an account, found `", "{}: {problem}", path.display());
        }
        loaded += 1;
    }
    assert!(loaded > 5, "{loaded}");
}
