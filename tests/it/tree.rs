//! The tree keeps to the architecture page, `src/lib.rs`: which module uses which, who speaks to the engine, who prints;
//! every file says what it is and stays readable.
//!
//! Code is read as text with comments and strings left out. That finds every path that begins with `crate::` or leads to
//! the top by `super::`, which is how modules name each other; items under `#[cfg(test)]` may use anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::places;

/// A file with more lines than this is to be split.
const LINES_MAX: usize = 700;

/// The modules that speak to the engine.
const ENGINE: [&str; 3] = ["cluster", "lake", "query"];

/// The modules that hand the engine's session on, and name nothing else of it.
const HANDS_ON: [&str; 2] = ["cli", "inquiry"];
const SESSION: &str = "datafusion::prelude::SessionContext;";

/// The module that may print, and read arguments and environment.
const PRINTER: &str = "cli";

/// The file in which the AWS SDK reads environment and profile files, and the folder that asks S3.
const CONFIGURES: &str = "src/cli/s3.rs";
const ASKS_S3: &str = "src/archive/s3/";

/// A file of `src`, without its comments, strings and tests.
struct Source {
    /// Its path in the package.
    path: String,
    /// Its module path: `["lake", "commit"]`; empty for `lib.rs`.
    module: Vec<String>,
    code: String,
}

impl Source {
    fn top(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// The place of a byte of the code, to be clicked on.
    fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.code[..at].matches('\n').count() + 1)
    }
}

/// Every Rust file below `folder`, as path in the package and text, sorted.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(places::package(folder)).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let path = entry.path().strip_prefix(places::package("")).unwrap();
            found.push((path.display().to_string(), std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    assert!(!found.is_empty(), "no Rust file below `{folder}`");
    found
}

/// The files of `src` that are no tests.
fn sources() -> Vec<Source> {
    let all: Vec<Source> = files("src")
        .into_iter()
        .map(|(path, text)| {
            let module = module_of(&path);
            Source { path, module, code: bare(&text) }
        })
        .collect();
    let mut tests = BTreeSet::new();
    for source in &all {
        for name in test_modules(&source.code) {
            tests.insert([source.module.as_slice(), &[name]].concat());
        }
    }
    let is_test = |module: &[String]| (0..=module.len()).any(|length| tests.contains(&module[..length]));
    all.into_iter()
        .filter(|source| !is_test(&source.module))
        .map(|source| Source { code: without_tests(&source.code), ..source })
        .collect()
}

/// `src/lake/commit.rs` is `["lake", "commit"]`, `src/lake/mod.rs` is `["lake"]`.
fn module_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Path::new(path)
        .with_extension("")
        .components()
        .skip(1)
        .map(|part| part.as_os_str().to_str().unwrap().to_owned())
        .collect();
    if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

/// The code with the text of comments, strings and characters blanked; lines stay where they are.
fn bare(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string(rest),
            'r' | 'b' if !code.ends_with(is_word) => raw_string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|blanked| if blanked == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// The length of the string that begins here.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the raw string that begins here; 0 if none does.
fn raw_string(text: &str) -> usize {
    let behind = text.trim_start_matches('b');
    let Some(behind) = behind.strip_prefix('r') else { return 0 };
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    let Some(content) = behind[hashes..].strip_prefix('"') else { return 0 };
    let close = format!("\"{}", "#".repeat(hashes));
    let content_at = text.len() - content.len();
    content.find(&close).map_or(text.len(), |end| content_at + end + close.len())
}

/// The length of the character that begins here; 0 for a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let behind = at + escaped.len_utf8();
            text[behind..].find('\'').map_or(0, |end| behind + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

fn is_word(part: char) -> bool {
    part.is_alphanumeric() || part == '_'
}

/// The word at the beginning of a text.
fn word(text: &str) -> &str {
    text.find(|next| !is_word(next)).map_or(text, |end| &text[..end])
}

/// Where a text stands in code as a word of its own, or as the beginning of one.
fn found_at<'a>(code: &'a str, what: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(what).map(|(at, _)| at).filter(|at| !code[..*at].ends_with(is_word))
}

/// The modules that `#[cfg(test)] mod name;` declares.
fn test_modules(code: &str) -> Vec<String> {
    let declared = code.match_indices("#[cfg(test)]").filter_map(|(at, mark)| {
        let item = skip_attributes(&code[at + mark.len()..]);
        let item = item.strip_prefix("pub(crate)").unwrap_or(item).trim_start();
        let name = word(item.strip_prefix("mod ")?);
        item["mod ".len() + name.len()..].trim_start().starts_with(';').then(|| name.to_owned())
    });
    declared.collect()
}

/// The code behind further attributes.
fn skip_attributes(code: &str) -> &str {
    let code = code.trim_start();
    match code.strip_prefix("#[") {
        Some(attribute) => skip_attributes(attribute.find(']').map_or("", |end| &attribute[end + 1..])),
        None => code,
    }
}

/// The code with every item blanked that stands under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let item = skip_attributes(&rest[at..]);
        let length = rest.len() - at - item.len() + item_length(item);
        kept.extend(rest[at..at + length].chars().filter(|blanked| *blanked == '\n'));
        rest = &rest[at + length..];
    }
    kept + rest
}

/// The length of the item that begins here: to its semicolon, or to the brace that closes it.
fn item_length(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, next) in item.char_indices() {
        match next {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    item.len()
}

/// The top-level names that the code of a module names, and where.
fn edges(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in found_at(code, "crate::") {
        found.extend(heads(&code[at + "crate::".len()..]).map(|name| (at, name)));
    }
    for at in found_at(code, "super::").filter(|at| !code[..*at].ends_with("super::")) {
        let mut behind = &code[at..];
        let mut up = 0;
        while let Some(next) = behind.strip_prefix("super::") {
            behind = next;
            up += 1;
        }
        if up >= depth {
            found.extend(heads(behind).map(|name| (at, name)));
        }
    }
    found
}

/// The first names of a path: one, or those of a group `{a, b::c, d::{e}}`.
fn heads(path: &str) -> impl Iterator<Item = String> {
    let mut names = Vec::new();
    if path.starts_with('{') {
        let mut depth = 0;
        let mut fresh = false;
        for (at, next) in path.char_indices() {
            match next {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if fresh && is_word(next) {
                names.push(word(&path[at..]).to_owned());
            }
            fresh = depth == 1 && (matches!(next, '{' | ',') || fresh && next.is_whitespace());
        }
    } else {
        names.push(word(path).to_owned());
    }
    names.into_iter()
}

/// The table of `src/lib.rs`: the modules in their order, each with those that it may use.
fn page() -> Vec<(String, BTreeSet<String>)> {
    let text = std::fs::read_to_string(places::package("src/lib.rs")).unwrap();
    let mut rows: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in text.lines() {
        let Some(row) = line.strip_prefix("//! | [`") else { continue };
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let [name, _, uses] = cells.as_slice() else { panic!("expected three cells: `{line}`") };
        let uses: BTreeSet<String> = match *uses {
            "all" => rows.iter().map(|(above, _)| above.clone()).collect(),
            uses => uses.split('`').skip(1).step_by(2).map(str::to_owned).collect(),
        };
        rows.push((name.trim_end_matches("`]").to_owned(), uses));
    }
    rows
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_module_uses_only_what_the_page_lets_it_use() {
    let page: BTreeMap<String, BTreeSet<String>> = page().into_iter().collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources() {
        let Some(allowed) = page.get(source.top()) else {
            assert!(source.module.is_empty(), "{}: `src/lib.rs` has no row for its module", source.path);
            continue;
        };
        for (at, name) in edges(&source.code, source.module.len()) {
            seen += 1;
            if page.contains_key(&name) && name != source.top() && !allowed.contains(&name) {
                let place = source.place(at);
                let top = source.top();
                wrong.push(format!("{place}: `{top}` uses `{name}`; `src/lib.rs` lets it use {allowed:?}"));
            }
        }
    }
    assert!(seen > 20, "only {seen} paths were found");
    assert_none(&wrong);
}

#[test]
fn the_page_has_a_row_for_each_module_and_lets_it_use_only_those_above() {
    let lib = std::fs::read_to_string(places::package("src/lib.rs")).unwrap();
    let declared: BTreeSet<String> =
        found_at(&bare(&lib), "mod ").map(|at| word(&bare(&lib)[at + 4..]).to_owned()).collect();
    let page = page();
    let rows: BTreeSet<String> = page.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!((rows.len(), &rows), (page.len(), &declared));
    let mut above = BTreeSet::new();
    for (name, uses) in &page {
        assert!(uses.is_subset(&above), "`{name}` uses {uses:?}; above it are only {above:?}");
        above.insert(name.clone());
    }
}

#[test]
fn the_program_is_only_a_call_of_cli() {
    let main = std::fs::read_to_string(places::package("src/main.rs")).unwrap();
    let code = bare(&main);
    let called: BTreeSet<&str> =
        found_at(&code, "backtrail::").map(|at| word(&code[at + "backtrail::".len()..])).collect();
    assert_eq!(called, BTreeSet::from(["cli"]));
}

#[test]
fn only_the_lake_and_the_queries_speak_to_the_engine() {
    let mut named = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in sources() {
        for engine in ["datafusion", "deltalake"] {
            for at in found_at(&source.code, engine) {
                let top = source.top();
                if ENGINE.contains(&top) {
                    named.insert(top.to_owned());
                } else if !(HANDS_ON.contains(&top) && source.code[at..].starts_with(SESSION)) {
                    wrong.push(format!("{}: `{}`", source.place(at), word(&source.code[at..])));
                }
            }
        }
    }
    assert_none(&wrong);
    assert_eq!(named, ENGINE.map(str::to_owned).into());
}

#[test]
fn only_cli_prints_and_reads_the_environment() {
    let mut wrong = Vec::new();
    let mut printing = 0;
    for source in sources() {
        for name in ["println!", "print!", "eprintln!", "eprint!", "dbg!", "env::"] {
            for at in found_at(&source.code, name) {
                printing += 1;
                if source.top() != PRINTER {
                    wrong.push(format!("{}: `{name}`", source.place(at)));
                }
            }
        }
    }
    assert_none(&wrong);
    assert!(printing > 0);
}

#[test]
fn one_file_lets_the_aws_sdk_read_the_environment_and_one_folder_asks_s3() {
    let mut wrong = Vec::new();
    let mut named = BTreeSet::new();
    for source in sources() {
        for (name, allowed) in [("aws_config", &[CONFIGURES][..]), ("aws_sdk_s3", &[CONFIGURES, ASKS_S3])] {
            for at in found_at(&source.code, name) {
                if allowed.iter().any(|path| source.path.starts_with(path)) {
                    named.insert(name);
                } else {
                    wrong.push(format!("{}: `{name}`", source.place(at)));
                }
            }
        }
    }
    assert_none(&wrong);
    assert_eq!(named.len(), 2);
}

#[test]
fn every_file_says_what_it_is_and_can_be_read_in_one_go() {
    let mut wrong = Vec::new();
    for (path, text) in ["src", "tests", "benches"].into_iter().flat_map(files) {
        if !text.starts_with("//! ") {
            wrong.push(format!("{path}:1: expected the file to begin with `//!` and what it is"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{path}: expected at most {LINES_MAX} lines, found {lines}"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn paths_are_found_however_they_are_written() {
    let code = bare(
        "use crate::{aws, lake::{Column, Kind}, self_made};\nuse super::super::query;\n\
         use super::commit;\n// crate::report\nlet text = \"crate::cli\"; let quote = '\"'; f::<'static>(crate::archive::list);",
    );
    let mut names = String::new();
    for (_, name) in edges(&code, 2) {
        write!(names, "{name} ").unwrap();
    }
    assert_eq!(names, "aws lake self_made archive query ");
}

#[test]
fn tests_inside_of_a_module_are_no_part_of_it() {
    let code = "#[cfg(test)]\npub(crate) mod golden;\nfn a() { crate::aws::b() }\n#[cfg(test)]\n#[expect(x)]\nmod tests { fn c() { crate::cli::d() } }\nfn e() {}\n";
    assert_eq!(test_modules(code), ["golden"]);
    assert_eq!(without_tests(code), "\n\nfn a() { crate::aws::b() }\n\n\n\nfn e() {}\n");
}
