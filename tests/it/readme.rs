//! README's lists are what the code gives: the lake's columns, the named queries, the commands.
//!
//! Each list stands between `<!-- name -->` and `<!-- /name -->`. `BACKTRAIL_UPDATE_GOLDEN=1 cargo test readme` writes them
//! anew.

use std::fmt::Write as _;
use std::process::Command;

use backtrail::inquiry::VERDICT_COLUMNS;
use backtrail::lake::{Column, Kind, OBJECT_COLUMNS, REFUSAL_COLUMNS, SmallColumn, Source};
use backtrail::query::{Catalog, ParamDefault, lineage};

use crate::places;

#[test]
fn readme_lists_are_what_the_code_gives() {
    let path = places::package("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let mut expected = readme.clone();
    for (name, list) in
        [("commands", commands()), ("queries", queries()), ("columns", columns()), ("views", views())]
    {
        assert!(list.lines().count() > 3, "the list of {name} is empty");
        expected = put(&expected, name, &list);
    }
    if std::env::var_os("BACKTRAIL_UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    for (line, (got, expected)) in readme.lines().zip(expected.lines()).enumerate() {
        let hint = "hint: `BACKTRAIL_UPDATE_GOLDEN=1 cargo test readme` writes the lists anew";
        assert_eq!(got, expected, "README.md:{}\n{hint}", line + 1);
    }
    assert_eq!(readme, expected);
}

/// The text with `list` between the marks of `name`.
fn put(text: &str, name: &str, list: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) =
        text.split_once(&open).unwrap_or_else(|| panic!("README.md has no `{}`", open.trim()));
    let (_, after) = rest.split_once(&close).unwrap_or_else(|| panic!("README.md has no `{close}`"));
    format!("{before}{open}\n{list}\n{close}{after}")
}

/// The lines of a Markdown table.
fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for row in rows {
        let cells = row.map(|cell| cell.replace('|', "\\|"));
        writeln!(text, "| {} |", cells.join(" | ")).unwrap();
    }
    text
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn columns() -> String {
    let events = Column::ALL.iter().map(|column| {
        let kind = typed(column.kind(), column.nullable());
        [code(column.name()), kind, origin(column.source()), column.meaning().to_owned()]
    });
    let events = table(["column", "type", "from", "meaning"], events);
    let [objects, refusals, verdicts] = [OBJECT_COLUMNS, REFUSAL_COLUMNS, VERDICT_COLUMNS].map(small);
    format!(
        "`events`, one row a record:\n\n{events}\n`objects`, the ledger, one row each time an object was read, and one for an object that was found archived:\n\n{objects}\n\
         `refusals`, one row for everything that was not read:\n\n{refusals}\n\
         `verdicts`, one row an event, in the file of `replay --save` (`sql --verdicts`):\n\n{verdicts}"
    )
}

/// The views of lineage, with the columns that `events` does not have.
fn views() -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let described = runtime.block_on(lineage::describe()).unwrap();
    let mut text = String::new();
    let mut told: Vec<(String, String)> = Vec::new();
    for view in described {
        writeln!(text, "`{}`: {}\n", view.name, view.what).unwrap();
        let of_events = |name: &str, meaning: &str| {
            Column::ALL.iter().any(|column| column.name() == name && column.meaning() == meaning)
        };
        let (own, known): (Vec<_>, Vec<_>) = view.columns.into_iter().partition(|(name, _, meaning)| {
            !of_events(name, meaning) && !told.contains(&(name.clone(), meaning.clone()))
        });
        told.extend(own.iter().map(|(name, _, meaning)| (name.clone(), meaning.clone())));
        if !own.is_empty() {
            let rows = own.iter().map(|(name, kind, meaning)| [code(name), kind.clone(), meaning.clone()]);
            writeln!(text, "{}", table(["column", "type", "meaning"], rows)).unwrap();
        }
        if !known.is_empty() && view.name != "calls" && view.name != "event_origins" {
            let names: Vec<String> = known.iter().map(|(name, ..)| code(name)).collect();
            writeln!(text, "As above or in `events`: {}.\n", names.join(", ")).unwrap();
        }
    }
    text.trim_end().to_owned() + "\n"
}

fn small(columns: &[SmallColumn]) -> String {
    let rows = columns
        .iter()
        .map(|(name, kind, nullable, meaning)| [code(name), typed(*kind, *nullable), (*meaning).to_owned()]);
    table(["column", "type", "meaning"], rows)
}

/// A type in SQL's words.
fn typed(kind: Kind, nullable: bool) -> String {
    let word = match kind {
        Kind::Date => "date",
        Kind::Timestamp => "timestamp",
        Kind::Text => "text",
        Kind::Json => "text (JSON)",
        Kind::Bool => "boolean",
        Kind::Int => "bigint",
    };
    if nullable { word.to_owned() } else { format!("{word}, never NULL") }
}

fn origin(source: Source) -> String {
    match source {
        Source::Derived(what) | Source::Evidence(what) => what.to_owned(),
        Source::Rest([]) => "the record".to_owned(),
        Source::Field(path) | Source::Rest(path) => code(&path.join(".")),
    }
}

fn queries() -> String {
    let catalog = Catalog::built_in().unwrap();
    let rows = catalog.list().map(|query| {
        let params: Vec<String> = query
            .params
            .iter()
            .map(|param| match &param.default {
                None => format!("**`{}`**", param.name),
                Some(ParamDefault::Absent) => code(&param.name),
                Some(default) => format!("`{}` ({})", param.name, default.words()),
            })
            .collect();
        [code(&query.name), query.answers.clone(), params.join(", ")]
    });
    table(["query", "answers", "parameters (required ones bold, defaults in brackets)"], rows)
}

/// What the program itself says of its commands; of those that have commands of their own, what these say.
fn commands() -> String {
    let mut rows = Vec::new();
    for [name, about] in listed(&help(&[])) {
        let own = help(&[&name]);
        let below = listed(&own);
        if below.is_empty() {
            rows.push([code(&usage(&own)), about]);
        }
        for [second, about] in below {
            rows.push([code(&usage(&help(&[&name, &second]))), about]);
        }
    }
    table(["command", "what it does"], rows)
}

/// The commands that a help lists, with what each does.
fn listed(help: &str) -> Vec<[String; 2]> {
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let mut rows: Vec<[String; 2]> = Vec::new();
    for line in listed.lines().take_while(|line| !line.is_empty()) {
        if let Some(entry) = line.strip_prefix("  ").filter(|entry| !entry.starts_with(' ')) {
            let (name, about) = entry.split_once(' ').unwrap_or((entry, ""));
            rows.push([name.to_owned(), about.trim().to_owned()]);
        } else {
            // A long line goes on in the next.
            let [_, about] = rows.last_mut().unwrap();
            *about = [about.as_str(), line.trim()].join(" ");
        }
    }
    rows.retain(|[name, _]| name != "help");
    rows
}

/// How a command is called.
fn usage(help: &str) -> String {
    help.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap().to_owned()
}

fn help(command: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    let output = program.args(command).arg("--help").env_remove("BACKTRAIL_LAKE").output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
