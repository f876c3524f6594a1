"""Reads a lake with DuckDB and Polars and compares their answers with backtrail's own and with the story's.

    python tests/interop/read_lake.py target/debug/backtrail

The same SQL goes to all three. The lake is made from `testdata/stories/leaked-key` in a temporary folder, in many small
commits. Needs the packages of `requirements.txt`; exits with 1 when any answer differs.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

import deltalake
import duckdb
import polars

PACKAGE = pathlib.Path(__file__).resolve().parents[2]
STORY = PACKAGE / "testdata" / "stories" / "leaked-key"

# Each of these goes to every engine. Filters on columns with statistics or Bloom filters are among them: an engine that
# trusts a wrong one skips rows.
QUESTIONS = {
    "every value of every row": "select * from events",
    "rows and ids": "select count(*) as n, count(distinct event_id) as ids, count(distinct fingerprint) as prints from events",
    "rows by day": "select event_date, count(*) as n from events group by event_date",
    "rows by account and region": "select account, aws_region, count(*) as n from events group by account, aws_region",
    "rows by service and action": "select event_source, event_name, count(*) as n from events group by event_source, event_name",
    "first and last": "select min(event_time) as first, max(event_time) as last, max(session_created) as created from events",
    "booleans": "select read_only, management_event, mfa_authenticated, count(*) as n from events"
    " group by read_only, management_event, mfa_authenticated",
    "one key": "select event_time, event_id, error_code from events where access_key_id = '{subject}'",
    "one account": "select event_time, event_id from events where account = '444455556666'",
    "one day": "select event_time, event_id from events where event_date = DATE '2026-03-10'",
    "one event": "select event_time, event_name from events where event_id = '{event}'",
    "text as JSON": "select event_id, request_parameters from events where request_parameters is not null",
    "the ledger": "select sum(read) as read, sum(kept) as kept, sum(duplicate) as duplicate, sum(refused) as refused,"
    " count(*) as objects from objects",
    "no refusals": "select count(*) as n from refusals",
}


def micros(moment: datetime.datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


class Duckdb:
    """DuckDB over the Parquet files that the Delta log names, or over whatever lies in the folder."""

    def __init__(self, lake: pathlib.Path, plain: bool = False):
        self.name = "DuckDB, plain folder" if plain else "DuckDB"
        self.connection = duckdb.connect()
        self.connection.sql("SET TimeZone = 'UTC'")
        for table in ["events"] if plain else ["events", "objects", "refusals"]:
            files = [str(lake / table / "*" / "*.parquet")] if plain else active(lake, table)
            if files:
                relation = self.connection.read_parquet(files, hive_partitioning=True)
            else:
                relation = self.connection.sql("select * from (values (0)) where false")
            relation.create_view(table)

    def ask(self, sql: str):
        relation = self.connection.sql(sql)
        columns = []
        for name, kind in zip(relation.columns, relation.types):
            kind = str(kind)
            if kind == "TIMESTAMP WITH TIME ZONE":
                columns.append(f'epoch_us("{name}") as "{name}"')
            elif kind == "DATE":
                columns.append(f'cast("{name}" as varchar) as "{name}"')
            elif kind == "HUGEINT":
                columns.append(f'cast("{name}" as bigint) as "{name}"')
            else:
                columns.append(f'"{name}"')
        return relation.columns, relation.project(", ".join(columns)).fetchall()


class Polars:
    """Polars over the Delta table, or over whatever lies in the folder."""

    def __init__(self, lake: pathlib.Path, plain: bool = False):
        self.name = "Polars, plain folder" if plain else "Polars"
        self.context = polars.SQLContext()
        if plain:
            frame = polars.scan_parquet(str(lake / "events" / "*" / "*.parquet"), hive_partitioning=True)
            self.context.register("events", frame)
        else:
            for table in ["events", "objects", "refusals"]:
                self.context.register(table, polars.scan_delta(str(lake / table)))

    def ask(self, sql: str):
        frame = self.context.execute(sql, eager=True)
        for name, kind in frame.schema.items():
            if isinstance(kind, polars.Datetime):
                assert kind.time_zone == "UTC", f"{name} is {kind}"
                frame = frame.with_columns(polars.col(name).dt.timestamp("us"))
            elif kind == polars.Date:
                frame = frame.with_columns(polars.col(name).dt.to_string("%Y-%m-%d"))
        return frame.columns, frame.rows()


class Backtrail:
    """The program itself."""

    name = "backtrail"

    def __init__(self, lake: pathlib.Path, binary: pathlib.Path):
        self.lake = lake
        self.binary = binary

    def ask(self, sql: str):
        answer = run(self.binary, "sql", sql, "--lake", self.lake, "--format", "json")
        columns = [column["name"] for column in answer["columns"]]
        moments = {column["name"] for column in answer["columns"] if column["type"] == "timestamp"}

        def value(row, name):
            if name in moments and row[name] is not None:
                return micros(datetime.datetime.fromisoformat(row[name]))
            return row[name]

        return columns, [tuple(value(row, name) for name in columns) for row in answer["rows"]]


def run(binary, *arguments):
    """What the program says in JSON."""
    command = [str(argument) for argument in (binary, *arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def active(lake: pathlib.Path, table: str):
    """The data files that the Delta log names."""
    return deltalake.DeltaTable(str(lake / table)).file_uris()


def rows(engine, sql: str):
    """An answer with its columns and rows in an order that no engine chooses."""
    columns, found = engine.ask(sql)
    order = sorted(range(len(columns)), key=lambda place: columns[place])
    named = [tuple(row[place] for place in order) for row in found]
    named.sort(key=lambda row: [(value is None, str(type(value)), value if value is not None else 0) for value in row])
    return [columns[place] for place in order], named


def first_difference(expected, got):
    """What the first difference is, in words; empty if there is none."""
    if expected[0] != got[0]:
        return f"columns {expected[0]}, got {got[0]}"
    if len(expected[1]) != len(got[1]):
        return f"{len(expected[1])} rows, got {len(got[1])}"
    for left, right in zip(expected[1], got[1]):
        for name, one, other in zip(expected[0], left, right):
            # `True == 1` in Python, and not here.
            if type(one) is not type(other) or one != other:
                return f"`{name}` {one!r}, got {other!r}"
    return ""


class Checks:
    """Counts what holds and says what does not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def same(self, what: str, expected, got):
        difference = first_difference(expected, got)
        self.that(what, not difference, f"expected {difference}")

    def that(self, what: str, holds: bool, why: str = ""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}: {why}")


def engines_agree(checks: Checks, when: str, engines, story):
    """Every engine gives the answer of the first."""
    event = story["keys"][story["subject"]]["event"]
    for what, sql in QUESTIONS.items():
        sql = sql.format(subject=story["subject"], event=event)
        first, *others = engines
        expected = rows(first, sql)
        checks.that(f"{when}: {what}", bool(expected[1]), f"{first.name} gives no row")
        for other in others:
            checks.same(f"{when}: {what}: {other.name} beside {first.name}", expected, rows(other, sql))


def story_is_told(checks: Checks, engine, story):
    """An engine's answers are what the story's own expected values say."""

    def counts(column: str):
        _, found = rows(engine, f"select {column} as a, count(*) as b from events group by {column}")
        return {key: count for key, count in found if key is not None}

    for what, column in [
        ("accounts", "account"),
        ("regions", "aws_region"),
        ("days", "event_date"),
        ("types", "event_type"),
        ("categories", "event_category"),
    ]:
        got = counts(column)
        checks.that(f"{engine.name}: {what}", got == story[what], f"expected {story[what]}, got {got}")
    keys = counts("access_key_id")
    for key, told in story["keys"].items():
        checks.that(f"{engine.name}: {key}", keys.get(key) == told["calls"], f"expected {told['calls']}, got {keys.get(key)}")
    _, [times] = rows(engine, "select min(event_time) as a, max(event_time) as b from events")
    told = tuple(micros(datetime.datetime.fromisoformat(story[name])) for name in ["first", "last"])
    checks.that(f"{engine.name}: first and last", times == told, f"expected {told}, got {times}")
    ledger = dict(zip(*flat(rows(engine, QUESTIONS["the ledger"]))))
    checks.that(f"{engine.name}: tally", ledger == story["tally"], f"expected {story['tally']}, got {ledger}")


def flat(answer):
    columns, [row] = answer
    return columns, row


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", type=pathlib.Path, help="the backtrail program")
    binary = arguments.parse_args().binary.resolve()
    story = json.loads((STORY / "expected.json").read_text())
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        lake = pathlib.Path(folder) / "lake"
        tally = run(binary, "ingest", STORY / "AWSLogs", "--lake", lake, "--batch-bytes", 6000, "--format", "json")
        checks.that("tally", tally["kept"] == story["tally"]["kept"], f"got {tally}")

        own = Backtrail(lake, binary)
        story["keys"][story["subject"]]["event"] = own.ask(
            f"select min(event_id) as id from events where access_key_id = '{story['subject']}'"
        )[1][0][0]
        for engine in [own, Duckdb(lake), Polars(lake)]:
            story_is_told(checks, engine, story)
        engines_agree(checks, "after ingest", [own, Duckdb(lake), Polars(lake)], story)

        # Right after an ingest every file in the folder is one of the table.
        listed = {str(path) for path in (lake / "events").glob("*/*.parquet")}
        named = {str(pathlib.Path(path)) for path in active(lake, "events")}
        checks.that("the folder holds the table's files", listed == named and len(named) > 5, f"{listed ^ named}")
        everything = rows(own, "select * from events")
        for engine in [Duckdb(lake, plain=True), Polars(lake, plain=True)]:
            checks.same(f"{engine.name}: every value of every row", everything, rows(engine, "select * from events"))

        run(binary, "compact", "--lake", lake, "--format", "json")
        fewer = active(lake, "events")
        checks.that("compaction leaves fewer files", len(fewer) < len(named), f"{len(fewer)}")
        engines_agree(checks, "after compaction", [own, Duckdb(lake), Polars(lake)], story)
        checks.same("compaction changes no value", everything, rows(own, "select * from events"))
    print(f"interop: {checks.passed} passed, {checks.failed} failed")
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    main()
