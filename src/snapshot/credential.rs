//! What AWS tells of the credentials of users: the credential report of an account, and lists of access keys.
//!
//! The report is a table of text with one user a line
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html>). It tells when passwords and keys
//! were last used, wherever that was, but no ids of keys; those are in the lists.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::details::moment;
use super::problem::Trouble;
use super::read::Reader;
use crate::aws::{AccountId, Arn, Time};

/// What the credential report tells of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Credentials {
    /// The console password; None if the user has none.
    pub password: Option<Password>,
    /// The access keys that there are, active or not, at most two.
    pub keys: Vec<ReportedKey>,
}

/// A console password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Password {
    /// When it was last used to sign in; None if never, or not since AWS tracks it.
    pub last_used: Option<Time>,
    /// When it was set; None if that is not told.
    pub changed: Option<Time>,
}

/// An access key as the report has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ReportedKey {
    /// 1 or 2: the report's columns.
    pub number: u8,
    /// Whether it can be used.
    pub is_active: bool,
    /// When it was made or last activated anew.
    pub rotated: Option<Time>,
    /// When it was last used; None if never, or not since AWS tracks it.
    pub last_used: Option<Time>,
}

/// An access key as `aws iam list-access-keys` has it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// Whether it can be used.
    pub is_active: bool,
    /// When it was made.
    pub created: Option<Time>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawKeys {
    access_key_metadata: Vec<RawKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawKey {
    user_name: String,
    access_key_id: String,
    status: Option<String>,
    create_date: Option<String>,
}

impl Reader {
    /// A credential report. Each line names the account by its ARN.
    pub(super) fn credential_report(&mut self, text: &str) {
        let mut lines = text.lines();
        let header = cells(lines.next().unwrap_or_default());
        let place = |name: &str| header.iter().position(|own| own == name);
        let (Some(user), Some(arn)) = (place("user"), place("arn")) else {
            let message = "no columns `user` and `arn`".to_owned();
            return self.problem("", Trouble::Form { expected: "a credential report of IAM", message });
        };
        for (at, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
            let cells = cells(line);
            let cell = |name: &str| place(name).and_then(|at| cells.get(at)).map(String::as_str);
            let is_set = |name: &str| cell(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
            let time = |name: &str| cell(name).and_then(moment);
            let account = cells.get(arn).and_then(|arn| Arn::parse(arn)).and_then(Arn::account_id);
            let (Some(name), Some(account)) = (cells.get(user), account) else {
                let message = "a line without a user's name and ARN".to_owned();
                let expected = "a user of a credential report";
                self.problem(&format!("line {}", at + 2), Trouble::Form { expected, message });
                continue;
            };
            let key = |number: u8| {
                let is_active = is_set(&format!("access_key_{number}_active"));
                let rotated = time(&format!("access_key_{number}_last_rotated"));
                // A key that was deleted, or never was, has no dates.
                (is_active || rotated.is_some()).then(|| ReportedKey {
                    number,
                    is_active,
                    rotated,
                    last_used: time(&format!("access_key_{number}_last_used_date")),
                })
            };
            let password = is_set("password_enabled").then(|| Password {
                last_used: time("password_last_used"),
                changed: time("password_last_changed"),
            });
            let credentials = Credentials { password, keys: [1, 2].into_iter().filter_map(key).collect() };
            let known = self.snapshot.accounts.entry(account).or_default();
            known.credentials.get_or_insert_with(BTreeMap::new).insert(name.clone(), credentials);
        }
    }

    /// What `aws iam list-access-keys` prints; the file is named by the account.
    pub(super) fn access_keys(&mut self, stem: &str, value: &RawValue, place: &str) {
        let expected = "`AccessKeyMetadata`, in a file named by the account as `111122223333.json`";
        let raw: RawKeys = match serde_json::from_str(value.get()) {
            Ok(raw) => raw,
            Err(error) => {
                return self.problem(place, Trouble::Form { expected, message: error.to_string() });
            }
        };
        let Some(account) = AccountId::parse(stem) else {
            return self.problem(place, Trouble::Form { expected, message: format!("`{stem}`") });
        };
        for key in raw.access_key_metadata {
            let known = self.snapshot.accounts.entry(account).or_default();
            let keys = known.access_keys.entry(key.user_name).or_default();
            if keys.iter().all(|own| own.id != key.access_key_id) {
                keys.push(AccessKey {
                    id: key.access_key_id,
                    is_active: key.status.as_deref() != Some("Inactive"),
                    created: key.create_date.as_deref().and_then(moment),
                });
                keys.sort_by(|a, b| a.id.cmp(&b.id));
            }
        }
    }
}

/// The cells of a line of comma-separated text; names of users may hold commas, and are quoted then.
fn cells(line: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.trim_end_matches('\r').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut all, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            letter => push(&mut all, letter),
        }
    }
    all
}

fn push(cells: &mut [String], letter: char) {
    if let Some(last) = cells.last_mut() {
        last.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Snapshot;
    use super::*;

    const REPORT: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,mfa_active,\
        access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,\
        access_key_2_last_used_date\n\
        <root_account>,arn:aws:iam::111122223333:root,2020-01-01T00:00:00+00:00,not_supported,no_information,not_supported,true,false,N/A,N/A,false,N/A,N/A\n\
        ann,arn:aws:iam::111122223333:user/ann,2020-01-01T00:00:00+00:00,true,no_information,2026-01-01T00:00:00+00:00,false,\
        true,2026-02-01T00:00:00+00:00,N/A,false,N/A,N/A\n\
        \"a,b\",\"arn:aws:iam::111122223333:user/a,b\",2020-01-01T00:00:00+00:00,false,N/A,N/A,false,false,N/A,N/A,true,N/A,2026-03-01T00:00:00Z\n";

    fn read(files: &[(&str, &str)]) -> Snapshot {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Snapshot::read(folder.path()).unwrap()
    }

    #[test]
    fn a_credential_report_tells_passwords_and_active_keys() {
        let snapshot = read(&[("credential-report.csv", REPORT)]);
        assert_eq!(snapshot.problems, []);
        let account = AccountId::parse("111122223333").unwrap();
        let users = snapshot.accounts[&account].credentials.as_ref().unwrap();
        assert_eq!(users.len(), 3);
        let ann = &users["ann"];
        assert_eq!(ann.password, Some(Password { last_used: None, changed: moment("2026-01-01T00:00:00Z") }));
        let key = |number, rotated, last_used| ReportedKey { number, is_active: true, rotated, last_used };
        assert_eq!(ann.keys, [key(1, moment("2026-02-01T00:00:00Z"), None)]);
        assert_eq!(users["a,b"].keys, [key(2, None, moment("2026-03-01T00:00:00Z"))]);
        assert_eq!(users["<root_account>"].keys, []);
    }

    #[test]
    fn a_list_of_access_keys_belongs_to_the_account_in_its_name() {
        let list = r#"{"AccessKeyMetadata": [{"UserName": "ann", "AccessKeyId": "AKIARTX3GSDSQEXAMPLE", "Status": "Active",
            "CreateDate": "2026-02-01T00:00:00+00:00"}]}"#;
        let snapshot = read(&[("access-keys/111122223333.json", list), ("credential-report.csv", REPORT)]);
        assert_eq!(snapshot.problems, []);
        let account = AccountId::parse("111122223333").unwrap();
        let keys = &snapshot.accounts[&account].access_keys["ann"];
        assert_eq!((keys[0].id.as_str(), keys[0].is_active), ("AKIARTX3GSDSQEXAMPLE", true));
        let wrong = read(&[("access-keys/keys.json", list), ("credential-report.csv", REPORT)]);
        assert_eq!(wrong.problems.len(), 1);
        let other = read(&[
            ("credential-report.csv", "a,b\n1,2\n"),
            ("organization.json", r#"{"Organization": null}"#),
        ]);
        assert!(other.problems[0].to_string().contains("credential report"), "{}", other.problems[0]);
    }
}
