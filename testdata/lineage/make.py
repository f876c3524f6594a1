#!/usr/bin/env python3
"""Writes `cases/` (small logs), `expected.json` (what `backtrail trace` must say of them) and the table in README.md.

    python3 make.py            writes what differs
    python3 make.py --check    writes nothing, exit code 1 if anything differs

The cases are told in `chains.py`, `people.py`, `workloads.py`, `limits.py`, `told.py`, `unsaid.py`, `order.py` and `hands.py`, with what must come out beside them; nothing
is read back from the program under test.
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

import cloudtrail as ct
from telling import A, B, C, CASES

# Each tells its cases where it is imported, in this order.
import chains
import people
import workloads
import limits
import told
import unsaid
import order
import hands

KEY = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,}")
ACCOUNT = re.compile(r"(?<![0-9a-fA-F.:-])[0-9]{12}(?![0-9a-fA-F])")
ADDRESS = re.compile(r"(?:10\.9\.0|198\.51\.100|192\.0\.2|203\.0\.113)\.[0-9]{1,3}|AWS Internal|[a-z0-9.-]+\.amazonaws\.com")


def named_ids(expected):
    """Every event id that an expectation names."""
    if isinstance(expected, dict):
        own = [expected["event_id"]] if "event_id" in expected else []
        return own + [found for value in expected.values() for found in named_ids(value)]
    if isinstance(expected, list):
        return [found for value in expected for found in named_ids(value)]
    return []


def check(case):
    """A case is what it says: its ids are there and synthetic, a chain does not go forward in time."""
    text = json.dumps(case.records)
    ids = {made["eventID"]: made["eventTime"] for made in case.records}
    assert len(ids) == len(case.records) or case.name == "double-delivery", f"{case.name}: an event id twice"
    assert case.questions, f"{case.name}: nothing is asked"
    for question in case.questions:
        assert f'"{question["who"]}"' in text, f"{case.name}: {question['who']} is not in its records"
        strange = set(named_ids(question["expect"])) - set(ids)
        assert not strange, f"{case.name}: no record has the ids {strange}"
        links = question["expect"].get("links")
        if isinstance(links, list):
            times = [ids[link["event_id"]] for link in links]
            assert times == sorted(times, reverse=True), f"{case.name}: its links go forward in time"
    for found in KEY.findall(text):
        assert "EXAMPLE" in found, f"{case.name}: {found} does not say that it is synthetic"
    for found in ACCOUNT.findall(re.sub(r"EXAMPLE[A-Za-z0-9+/=]*", "", text)):
        assert found in (A, B, C), f"{case.name}: account {found}"
    for made in case.records:
        assert ADDRESS.fullmatch(made.get("sourceIPAddress", "AWS Internal")), f"{case.name}: {made['sourceIPAddress']}"


def written(records):
    """An object of records, one a line."""
    return b'{"Records":[\n' + b",\n".join(ct.dump(made) for made in records) + b"\n]}\n"


def asked(question):
    """A question as JSON, short enough to be read: a member of `expect` a line."""
    head = {name: value for name, value in question.items() if name != "expect"}
    lines = [f'"{name}":{json.dumps(value, ensure_ascii=False)}' for name, value in head.items()]
    inner = ",\n   ".join(f'"{name}":{json.dumps(value, ensure_ascii=False)}' for name, value in question["expect"].items())
    return " {" + ",\n  ".join([*lines, f'"expect":{{\n   {inner}}}']) + "}"


def table():
    """The table of README.md."""
    lines = ["| case | stands for | must come out |", "|---|---|---|"]
    lines += [f"| `{case.name}` | {case.row} | {case.outcome} |" for case in CASES]
    questions = sum(len(case.questions) for case in CASES)
    return f"{len(CASES)} cases, {questions} questions.\n\n" + "\n".join(lines)


def main():
    checking = sys.argv[1:] == ["--check"]
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: make.py [--check]")
    files = {}
    for case in CASES:
        check(case)
        if case.objects is None:
            files[f"cases/{case.name}.json"] = written(case.records)
        else:
            files |= {f"cases/{case.name}/{number}.json": written(records) for number, records in enumerate(case.objects, 1)}
    questions = [question for case in CASES for question in case.questions]
    files["expected.json"] = ("[\n" + ",\n".join(asked(question) for question in questions) + "\n]\n").encode()
    readme = (HERE / "README.md").read_text()
    begin, end = "<!-- made by make.py: begin -->", "<!-- made by make.py: end -->"
    block = f"{begin}\n\n{table()}\n\n{end}"
    files["README.md"] = re.sub(f"(?s){begin}.*{end}", lambda _: block, readme).encode()
    wrong = ct.write(HERE, files, checking, owned="cases")
    for name in wrong:
        print(("differs: " if checking else "wrote: ") + name)
    sys.exit(1 if checking and wrong else 0)


if __name__ == "__main__":
    main()
