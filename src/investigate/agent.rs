//! Folds user agents: versions and random ids out, well-known tools named.
//!
//! The agent is set by the caller, so it is a claim; it still tells runs of one tool from another.

use serde::Serialize;

/// What a tool that names itself in a user agent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolKind {
    /// Made to attack, or a system made for it.
    Attack,
    /// Reads a whole account for weaknesses.
    Scanner,
    /// Moves files.
    Transfer,
    /// Builds infrastructure from a description.
    Infrastructure,
    /// A console or a browser.
    Console,
    /// A command line or library.
    Sdk,
}

/// A tool that is known by a part of its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    /// The part, lower case.
    part: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    pub(crate) kind: ToolKind,
}

const fn tool(part: &'static str, name: &'static str, kind: ToolKind) -> Tool {
    Tool { part, name, kind }
}

/// Tools by a part of their agent. GuardDuty's `PenTest:IAMUser` findings name the same systems:
/// <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-iam.html>.
const TOOLS: &[Tool] = &[
    tool("stratus-red-team", "stratus-red-team", ToolKind::Attack),
    tool("pacu", "pacu", ToolKind::Attack),
    tool("cloudfox", "cloudfox", ToolKind::Attack),
    tool("grimoire", "grimoire", ToolKind::Attack),
    tool("leonidas", "leonidas", ToolKind::Attack),
    tool("trufflehog", "TruffleHog", ToolKind::Attack),
    tool("weirdaal", "weirdAAL", ToolKind::Attack),
    tool("enumerate-iam", "enumerate-iam", ToolKind::Attack),
    tool("nuclei", "nuclei", ToolKind::Attack),
    tool("sqlmap", "sqlmap", ToolKind::Attack),
    tool("kali", "Kali Linux", ToolKind::Attack),
    tool("parrot", "Parrot Linux", ToolKind::Attack),
    tool("pentoo", "Pentoo Linux", ToolKind::Attack),
    tool("blackarch", "BlackArch Linux", ToolKind::Attack),
    tool("prowler", "prowler", ToolKind::Scanner),
    tool("scoutsuite", "ScoutSuite", ToolKind::Scanner),
    tool("scout suite", "ScoutSuite", ToolKind::Scanner),
    tool("cloudsploit", "CloudSploit", ToolKind::Scanner),
    tool("cloudmapper", "CloudMapper", ToolKind::Scanner),
    tool("steampipe", "Steampipe", ToolKind::Scanner),
    tool("cartography", "Cartography", ToolKind::Scanner),
    tool("s3 browser", "S3 Browser", ToolKind::Transfer),
    tool("cyberduck", "Cyberduck", ToolKind::Transfer),
    tool("winscp", "WinSCP", ToolKind::Transfer),
    tool("filezilla", "FileZilla", ToolKind::Transfer),
    tool("rclone", "rclone", ToolKind::Transfer),
    tool("cloudberry", "CloudBerry", ToolKind::Transfer),
    tool("s3cmd", "s3cmd", ToolKind::Transfer),
    tool("minio", "MinIO", ToolKind::Transfer),
    tool("terraform", "Terraform", ToolKind::Infrastructure),
    tool("opentofu", "OpenTofu", ToolKind::Infrastructure),
    tool("pulumi", "Pulumi", ToolKind::Infrastructure),
    tool("ansible", "Ansible", ToolKind::Infrastructure),
    tool("aws-cdk", "AWS CDK", ToolKind::Infrastructure),
    tool("cloudshell", "CloudShell", ToolKind::Console),
    tool("console.", "AWS console", ToolKind::Console),
    tool("s3console", "AWS console", ToolKind::Console),
    tool("console,", "AWS console", ToolKind::Console),
    tool("signin.amazonaws.com", "sign-in page", ToolKind::Console),
    tool("mozilla/", "browser", ToolKind::Console),
    tool("aws-cli/", "aws-cli", ToolKind::Sdk),
    tool("powershell", "AWS Tools for PowerShell", ToolKind::Sdk),
    tool("boto3/", "Boto3", ToolKind::Sdk),
    tool("botocore/", "botocore", ToolKind::Sdk),
    tool("aws-sdk-go", "AWS SDK for Go", ToolKind::Sdk),
    tool("aws-sdk-java", "AWS SDK for Java", ToolKind::Sdk),
    tool("aws-sdk-js", "AWS SDK for JavaScript", ToolKind::Sdk),
    tool("aws-sdk-nodejs", "AWS SDK for JavaScript", ToolKind::Sdk),
    tool("aws-sdk-rust", "AWS SDK for Rust", ToolKind::Sdk),
    tool("aws-sdk-ruby", "AWS SDK for Ruby", ToolKind::Sdk),
    tool("aws-sdk-php", "AWS SDK for PHP", ToolKind::Sdk),
    tool("aws-sdk-dotnet", "AWS SDK for .NET", ToolKind::Sdk),
    tool("python-requests", "python-requests", ToolKind::Sdk),
    tool("curl/", "curl", ToolKind::Sdk),
    tool("go-http-client", "Go-http-client", ToolKind::Sdk),
];

/// The tools that `agent` names, most telling kind first.
pub(crate) fn tools(agent: &str) -> Vec<Tool> {
    let lower = agent.to_ascii_lowercase();
    let mut found: Vec<Tool> = TOOLS.iter().filter(|tool| lower.contains(tool.part)).copied().collect();
    found.sort_by_key(|tool| (tool.kind, tool.name));
    found.dedup_by_key(|tool| tool.name);
    found
}

/// `agent` without versions, random ids and the brackets that some services put around it.
pub(crate) fn folded(agent: &str) -> String {
    let agent = agent.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(agent);
    let mut out = String::with_capacity(agent.len());
    let mut word = String::new();
    for c in agent.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') {
            word.push(c);
        } else {
            flush(&mut out, &word);
            word.clear();
            out.push(c);
        }
    }
    flush(&mut out, &word);
    out
}

/// Random ids inside `agent`: UUIDs and long hexadecimal words.
pub(crate) fn random_ids(agent: &str) -> impl Iterator<Item = &str> {
    agent.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| random(word))
}

fn flush(out: &mut String, word: &str) {
    if random(word) {
        out.push('*');
    } else if version(word) {
        if out.ends_with(['/', '#', '_', '=']) {
            out.pop();
        }
    } else if let Some(name) = word.find(|c: char| c.is_ascii_digit()).and_then(|at| versioned(word, at)) {
        out.push_str(name);
    } else {
        out.push_str(word);
    }
}

/// The name in a word like `go1.19.3`: letters, then a dotted number.
fn versioned(word: &str, at: usize) -> Option<&str> {
    let (name, number) = word.split_at_checked(at)?;
    (!name.is_empty() && number.contains('.') && number.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
        .then_some(name)
}

fn version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit()) && (digits.contains('.') || digits.len() <= 3)
}

fn random(word: &str) -> bool {
    let hex = word.bytes().filter(u8::is_ascii_hexdigit).count();
    let dashes = word.bytes().filter(|b| *b == b'-').count();
    let digits = word.bytes().any(|b| b.is_ascii_digit());
    digits
        && hex + dashes == word.len()
        && ((hex == 32 && (dashes == 4 || dashes == 0)) || (dashes == 0 && hex >= 16))
}

#[cfg(test)]
mod tests {
    use super::{ToolKind, folded, random_ids, tools};

    #[test]
    fn versions_and_run_ids_fold_away() {
        let a = "APN/1.0 Terraform/1.1.2 (+https://www.terraform.io) aws-sdk-go/1.44.157 (go1.19.3; linux; amd64) \
                 stratus-red-team_9b2f6e8c-2c5d-4e0a-8f3b-0a1b2c3d4e5f";
        let b = "[APN/1.0 Terraform/1.9.0 (+https://www.terraform.io) aws-sdk-go/1.50.1 (go1.22.1; linux; amd64) \
                 stratus-red-team_00000000-2c5d-4e0a-8f3b-0a1b2c3d4e5f]";
        assert_eq!(folded(a), folded(b));
        assert!(folded(a).contains("stratus-red-team_*"), "{}", folded(a));
        assert!(!folded(a).contains("1.1"), "{}", folded(a));
        assert_eq!(random_ids(a).count(), 1);
    }

    #[test]
    fn different_tools_stay_apart() {
        assert_ne!(folded("aws-cli/2.15.0 Python/3.11.6"), folded("Boto3/1.26.165 Python/3.10.6"));
        assert_eq!(folded(""), "");
        assert_eq!(folded("AWS Internal"), "AWS Internal");
    }

    #[test]
    fn the_most_telling_tool_comes_first() {
        let found = tools("Boto3/1.9 Python/3.7 Linux/5.10.0-kali3 Botocore/1.12");
        assert_eq!(found[0].name, "Kali Linux");
        assert_eq!(found[0].kind, ToolKind::Attack);
        assert!(tools("nothing known").is_empty());
    }
}
