//! The same rows as on one machine for statements that nobody thought of: they are made by chance, out of what the engine has.

use std::fmt::Write as _;
use std::path::Path;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use backtrail::cluster::Cluster as Client;
use backtrail::lake::{Lake, Session};

use super::processes::{Cluster, lake};
use crate::places;

/// So many statements are asked.
const STATEMENTS: u64 = 120;

/// Numbers by chance that are the same every time (xorshift).
struct Chance(u64);

impl Chance {
    fn of(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % end as u64).unwrap()
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn is(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What the columns of every relation here mean: two texts, a number and a time.
const COLUMNS: [&str; 4] = ["t", "u", "n", "w"];

/// A relation of [`COLUMNS`], as SQL.
fn relation(chance: &mut Chance, depth: usize) -> String {
    if depth == 0 {
        return base(chance);
    }
    let below = |chance: &mut Chance| relation(chance, depth - 1);
    match chance.below(10) {
        0 | 1 => joined(chance, depth),
        2 | 3 => grouped(chance, depth),
        4 => {
            let (how, a, b) =
                (chance.one(&["union all", "union", "intersect", "except"]), below(chance), below(chance));
            format!("(select * from {a} a {how} select * from {b} b)")
        }
        5 => {
            let a = below(chance);
            let order = chance.one(&["w, n, t, u", "n desc, t, u desc, w", "u, t, w desc, n"]);
            let (limit, offset) = (chance.below(300), chance.below(20));
            format!("(select * from {a} a order by {order} limit {limit} offset {offset})")
        }
        6 => {
            let a = below(chance);
            let by = chance.one(&["t", "u", "t, u"]);
            let what = chance.one(&["row_number()", "count(*)", "max(n)", "sum(n)"]);
            format!("(select t, u, {what} over (partition by {by} order by w, n, t, u) as n, w from {a} a)")
        }
        7 => {
            format!("(select distinct t, u, n % 5 as n, date_trunc('hour', w) as w from {} a)", below(chance))
        }
        8 => {
            let (a, b) = (below(chance), below(chance));
            let not = if chance.is(50) { "not " } else { "" };
            match chance.below(3) {
                0 => format!("(select * from {a} a where t {not}in (select t from {b} b where n < 40))"),
                1 => format!(
                    "(select * from {a} a where {not}exists (select 1 from {b} b where b.u = a.u and b.n > a.n))"
                ),
                _ => format!(
                    "(select * from {a} a where {not}(n > (select coalesce(min(n), 0) from {b} b) and {}))",
                    test(chance)
                ),
            }
        }
        _ => format!("(select * from {} a where {})", below(chance), test(chance)),
    }
}

/// Events, or objects.
fn base(chance: &mut Chance) -> String {
    if chance.is(10) {
        return "(select outcome as t, object as u, cast(kept as bigint) as n, modified as w from objects)"
            .to_owned();
    }
    let t = chance.one(&["event_name", "event_source", "access_key_id", "account", "error_code"]);
    let u = chance.one(&[
        "event_id",
        "identity_arn",
        "aws_region",
        "service(event_source)",
        "issued_access_key_id",
    ]);
    let n = chance.one(&["record_index", "char_length(event_name)", "record_index % 3"]);
    let w = chance.one(&["event_time", "session_created", "date_trunc('day', event_time)"]);
    let when = chance.one(&[
        "true",
        "read_only",
        "error_code is null",
        "event_name like 'A%'",
        "event_date < date '2026-03-10'",
        "identity_type = 'AssumedRole'",
        "event_name = 'Nothing'",
    ]);
    format!("(select {t} as t, {u} as u, cast({n} as bigint) as n, {w} as w from events where {when})")
}

fn test(chance: &mut Chance) -> String {
    let one = |chance: &mut Chance| {
        chance
            .one(&[
                "n % 2 = 0",
                "t is not null",
                "u like '%a%'",
                "n < 30",
                "w < '2026-03-12T00:00:00Z'",
                "t > 'G'",
                "t = u",
            ])
            .to_owned()
    };
    let (first, second) = (one(chance), one(chance));
    match chance.below(4) {
        0 => format!("({first} or {second})"),
        1 => format!("({first} and {second})"),
        2 => format!("not ({first})"),
        _ => first,
    }
}

fn joined(chance: &mut Chance, depth: usize) -> String {
    let how = chance.one(&["join", "left join", "right join", "full join"]);
    // What meets by few values is kept small.
    let (a, b) = (relation(chance, depth - 1), relation(chance, depth - 1));
    let few = |relation: String, chance: &mut Chance| {
        let limit = 20 + chance.below(180);
        format!("(select * from {relation} x order by t, u, n, w limit {limit})")
    };
    let (a, b) = if chance.is(60) { (few(a, chance), few(b, chance)) } else { (a, few(b, chance)) };
    let on = chance.one(&[
        "a.t = b.t",
        "a.u = b.u",
        "a.t = b.t and a.u = b.u",
        "a.n = b.n and a.t = b.t",
        "a.w = b.w",
    ]);
    let and = chance.one(&["", "", " and a.n <= b.n", " and a.w < b.w", " and (a.u <> b.u or b.n % 2 = 0)"]);
    let n = chance.one(&["a.n", "b.n", "coalesce(a.n, b.n, -1)"]);
    format!(
        "(select a.t as t, b.u as u, {n} as n, coalesce(a.w, b.w) as w from {a} a {how} {b} b on {on}{and})"
    )
}

fn grouped(chance: &mut Chance, depth: usize) -> String {
    let a = relation(chance, depth - 1);
    let what = chance.one(&[
        "count(*)",
        "sum(n)",
        "max(n)",
        "count(distinct u)",
        "count(u)",
        "min(n) filter (where n > 3)",
    ]);
    let having = chance.one(&["", "", " having count(*) > 1", " having min(n) < 10"]);
    match chance.below(3) {
        0 => format!("(select t, max(u) as u, {what} as n, min(w) as w from {a} a group by t{having})"),
        1 => format!("(select t, u, {what} as n, max(w) as w from {a} a group by t, u{having})"),
        _ => format!("(select max(t) as t, min(u) as u, {what} as n, max(w) as w from {a} a{having})"),
    }
}

/// A statement. Its rows have no order, but for those that a limit takes: these are ordered by all columns.
fn statement(chance: &mut Chance) -> String {
    let depth = 1 + chance.below(4);
    let relation = relation(chance, depth);
    match chance.below(4) {
        0 => format!(
            "select count(*) as c, sum(n) as s, count(distinct t) as d, max(w) as m from {relation} z"
        ),
        1 => format!("select t, count(*) as c, min(u) as u, sum(n) as s from {relation} z group by t"),
        2 => format!("select * from {relation} z order by {} limit 50", COLUMNS.join(", ")),
        _ => format!("select * from {relation} z"),
    }
}

/// The rows of a statement as lines, in order; an error as its first line.
async fn lines(session: &Session, statement: &str) -> Result<Vec<String>, String> {
    let failed = |error: datafusion::error::DataFusionError| error.to_string();
    let batches = session.sql(statement).await.map_err(failed)?.collect().await.map_err(failed)?;
    let options = FormatOptions::default().with_null("NULL");
    let mut lines = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> =
            batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let mut line = String::new();
            for column in &columns {
                write!(line, "{}|", column.value(row)).unwrap();
            }
            lines.push(line);
        }
    }
    lines.sort();
    Ok(lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_made_by_chance_answer_the_same_on_a_cluster() {
    let cluster = Cluster::start(2);
    let sources = ["testdata/stories/leaked-key/AWSLogs", "testdata/lineage/cases"].map(places::package);
    let lake = Lake::open(Path::new(&lake(cluster.folder.path(), &sources))).await.unwrap();
    let mut here = lake.session().unwrap();
    backtrail::query::register_functions(&mut here).unwrap();
    let client = Client::connect(&cluster.address.parse().unwrap()).await.unwrap();
    let there = client.session(&lake, &here, None, |_| {});
    let (mut with_rows, mut wrong) = (0, Vec::new());
    for seed in 0..STATEMENTS {
        let statement = statement(&mut Chance::of(seed));
        let expected = lines(&here, &statement).await;
        let expected = expected.unwrap_or_else(|error| panic!("{seed}: {statement}\n{error}"));
        with_rows += usize::from(expected.len() > 1);
        let found = lines(&there, &statement).await;
        if found.as_ref() != Ok(&expected) {
            let found = found.map(|lines| lines.len());
            wrong.push(format!("{seed}: {statement}\n  {} rows, {found:?}", expected.len()));
        }
    }
    assert!(wrong.is_empty(), "{} of {STATEMENTS} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(with_rows > 40, "only {with_rows} have rows to differ in");
}
