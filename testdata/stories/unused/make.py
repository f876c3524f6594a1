#!/usr/bin/env python3
"""Writes the story `unused`: its log objects, the snapshot `iam/`, and `expected.json`.

    python3 make.py            writes what differs
    python3 make.py --check    writes nothing, exit code 1 if anything differs

`plot.py` tells what happens, `policies.py` holds the snapshot, `expectations.py` what should be said of both. Nothing is read back
from the program under test.
"""

import pathlib
import random
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))
sys.dont_write_bytecode = True

import json
import re
from collections import Counter

import cloudtrail as ct
import expectations
import policies
from plot import plot


def place(calls, again):
    """Every call into the object of its account, region and day; what is delivered twice into another object as well."""
    objects = {}
    for record, late in [(call.record, False) for call in calls] + [(record, True) for record in again]:
        slot = (record["recipientAccountId"], record["awsRegion"], f"{record['eventTime'][:10].replace('-', '')}T{'2350' if late else '2355'}Z")
        objects.setdefault(slot, []).append(record)
    return objects


def pack(slot, records):
    """The gzip object of a delivery, its records in no order."""
    order = random.Random("/".join(slot))
    records = sorted(records, key=lambda record: (record["eventTime"], record["eventID"]))
    for index in range(len(records) - 1, 0, -1):
        other = int(order.random() * (index + 1))
        records[index], records[other] = records[other], records[index]
    return ct.gz(ct.dump({"Records": records}))


def counted(calls, told):
    """The block of README.md that is counted."""
    accounts = Counter(call.record["recipientAccountId"] for call in calls)
    lines = [f"{len(calls)} events, " + ", ".join(f"{count} in {name}" for name, count in sorted(accounts.items()))
             + f"; {len(plot.again)} of them are delivered twice; {sum(not call.inside for call in calls)} are outside of the window.", "",
             "| principal | used requests | denied | failed | origins |", "|---|---|---|---|---|"]
    for one in told["principals"]:
        behind = ", ".join(f"{label} {count}" for label, count in one["origins"].items()) or "–"
        cells = [sum(one[part].values()) or "–" for part in ("used", "denied", "failed")]
        lines.append(f"| `{one['principal']}` | {cells[0]} | {cells[1]} | {cells[2]} | {behind} |")
    kinds = Counter(one["kind"] for one in told["findings"])
    lines += ["", "Findings: " + ", ".join(f"`{kind}` {count}" for kind, count in sorted(kinds.items())) + "."]
    return "\n".join(lines)


def main():
    check_only = sys.argv[1:] == ["--check"]
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: make.py [--check]")
    calls = sorted(plot.calls, key=lambda call: (call.record["eventTime"], call.record["eventID"]))
    assert len({call.record["eventID"] for call in calls}) == len(calls)
    expectations.check(calls)
    told = expectations.expectations(calls)
    files = {ct.object_key(*slot): pack(slot, records) for slot, records in place(calls, plot.again).items()} | policies.files()
    wrong = []
    for owned in ("AWSLogs", "iam"):
        wrong += ct.write(HERE, {name: raw for name, raw in files.items() if name.startswith(f"{owned}/")}, check_only, owned)
    begin, end = "<!-- counted by make.py: begin -->", "<!-- counted by make.py: end -->"
    block = f"{begin}\n\n{counted(calls, told)}\n\n{end}"
    readme = re.sub(f"(?s){begin}.*{end}", lambda _: block, (HERE / "README.md").read_text())
    last = {"expected.json": json.dumps(told, indent=1).encode() + b"\n", "README.md": readme.encode()}
    wrong += ct.write(HERE, last, check_only, "no-such-folder")
    for name in wrong:
        print(("differs: " if check_only else "wrote: ") + name)
    print(f"{len(calls)} events, {sum(len(raw) for name, raw in files.items() if name.startswith('AWSLogs'))} bytes of logs, "
          f"{len(told['findings'])} findings")
    sys.exit(1 if check_only and wrong else 0)


if __name__ == "__main__":
    main()
