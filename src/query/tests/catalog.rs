//! Headers, parameters, folders of the user's.

use super::fixture::{TextAs, now, session};
use crate::query::{Catalog, Query, QueryError, bind, run};

const GOOD: &str = "\
-- title: Events
-- answers: How many events
--     are there?
-- param account text default none: Only this account.
-- param from timestamp default earliest: From.
-- param to timestamp default latest: To.
-- param most bigint default 10: At most.
-- column n bigint: How many.
-- reads: events
-- caveat: none
select count(*) as n
from events
where ($account is null or account = $account) and event_time >= $from and event_time < $to
having count(*) < $most
order by n
";

fn parse(text: &str) -> Result<Query, QueryError> {
    Query::parse("mine", "mine.sql", text)
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_header_is_read_whole_and_lines_go_on() {
    let query = parse(GOOD).unwrap();
    assert_eq!(query.answers, "How many events are there?");
    let params: Vec<_> = query.params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!(params, ["account", "from", "to", "most"]);
    assert_eq!(query.columns[0].meaning, "How many.");
}

#[test]
fn a_broken_header_is_refused_with_file_and_line() {
    let cases = [
        (GOOD.replace("-- title: Events\n", ""), "mine.sql:1: the header has no `title`"),
        (
            GOOD.replace("-- caveat: none", "-- caveat: none\n-- caveat: none"),
            "mine.sql:11: `caveat` is given twice",
        ),
        (GOOD.replace("bigint: How", "number: How"), "mine.sql:8: expected `text`, `timestamp`, `date`"),
        (GOOD.replace("-- reads: events", "-- reads events"), "mine.sql:9: expected `-- field: text`"),
        (GOOD.replace("-- reads:", "-- read:"), "mine.sql:9: expected one of `title`"),
        (GOOD.replace("default none:", "maybe:"), "mine.sql:4: parameter `account`: expected `required`"),
        (GOOD.replace("< $most", "< $least"), "mine.sql:14: the statement uses `$least`"),
        (GOOD.replace("< $most", "< 3"), "mine.sql:1: the header declares `most`"),
        (GOOD.replace("order by n", ""), "mine.sql:11: expected `order by`"),
        (GOOD.replace("order by n", "order by n; select 1"), "mine.sql:11: expected one statement, found 2"),
        (GOOD.replace("select count(*) as n", "delete"), "mine.sql:11: "),
        (GOOD.replace("-- title", "--     title"), "mine.sql:1: expected `-- title: …`"),
        (String::new(), "mine.sql:1: the header has no `title`"),
    ];
    for (text, expected) in cases {
        let message = parse(&text).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
    assert!(matches!(Query::parse("Mine", "Mine.sql", GOOD), Err(QueryError::File { .. })));
}

#[tokio::test]
async fn a_header_that_tells_other_columns_than_the_statement_is_refused() {
    let ctx = session(&[], TextAs::View);
    for (text, expected) in [
        (
            GOOD.replace("column n bigint", "column n text"),
            "the header declares column `n text`, the statement gives `n bigint`",
        ),
        (
            GOOD.replace("-- reads", "-- column m text: More.\n-- reads"),
            "the header declares 2 columns, the statement gives 1",
        ),
    ] {
        let query = parse(&text).unwrap();
        let error = run(&ctx, &query, &bind(&query, &[], now()).unwrap()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn an_unknown_query_lists_the_valid_names_the_closest_first() {
    let error = Catalog::built_in().unwrap().get("activity-of-keys").unwrap_err().to_string();
    assert!(
        error.starts_with("no query is named `activity-of-keys`, expected one of `activity-of-key`, "),
        "{error}"
    );
    assert!(error.contains("`top-talkers`") && error.contains("\nhint: "), "{error}");
}

#[test]
fn parameters_that_are_unknown_missing_twice_or_unreadable_are_refused() {
    let query = parse(GOOD).unwrap();
    let message = |given: &[(&str, &str)]| bind(&query, &pairs(given), now()).unwrap_err().to_string();
    assert_eq!(
        message(&[("acount", "1")]),
        "query `mine` takes no parameter `acount`; it takes `account`, `most`, `from`, `to`"
    );
    assert!(
        message(&[("most", "1"), ("most", "1")])
            .starts_with("parameter `most` of query `mine` is given twice")
    );
    assert_eq!(
        message(&[("most", "many")]),
        "parameter `most` of query `mine`: expected a whole number, found `many`"
    );
    assert!(message(&[("from", "yesterdayish")]).starts_with("parameter `from` of query `mine`: expected "));
    let window = message(&[("from", "2024-01-02T00:00:00Z"), ("to", "2024-01-02T00:00:00Z")]);
    assert!(
        window.starts_with("the time window of query `mine` is empty: `from` 2024-01-02T00:00:00Z"),
        "{window}"
    );
    let required = parse(&GOOD.replace("default none", "required")).unwrap();
    let missing = bind(&required, &[], now()).unwrap_err().to_string();
    assert!(missing.starts_with("query `mine` needs parameter `account` (Only this account.)"), "{missing}");
}

#[test]
fn a_folder_adds_its_queries_and_may_not_replace_one() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.sql"), GOOD).unwrap();
    std::fs::write(dir.path().join("notes.txt"), "not a query").unwrap();
    let mut catalog = Catalog::built_in().unwrap();
    catalog.add_dir(dir.path()).unwrap();
    assert_eq!(catalog.get("mine").unwrap().title, "Events");
    std::fs::write(dir.path().join("top-talkers.sql"), GOOD).unwrap();
    let error = Catalog::built_in().unwrap().add_dir(dir.path()).unwrap_err().to_string();
    assert!(error.contains("top-talkers.sql:1: a query `top-talkers` exists already"), "{error}");
    let missing = Catalog::built_in().unwrap().add_dir(&dir.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("none"), "{missing}");
}
