#!/usr/bin/env python3
"""Writes the story `leaked-key`: its log objects, `expected.json` and the tables in README.md.

    python3 make.py            writes what differs
    python3 make.py --check    writes nothing, exit code 1 if anything differs

`plot.py` tells what happens; every fact in `expected.json` is written down there beside the call that makes it true, or
is counted here over the calls of the plot. Nothing is read back from the program under test.
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
from plot import DELIVERIES, MULTI_MEMBER, SUBJECT, WHO_MADE, plot

DENIED = ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation")
THROTTLED = ("ThrottlingException", "Client.RequestLimitExceeded")


def outcome(record):
    """`ok`, `denied`, `throttled` or `failed`."""
    code = record.get("errorCode")
    if code is None:
        return "ok"
    return "denied" if code in DENIED else "throttled" if code in THROTTLED else "failed"


def minute(time):
    """`2026-03-10T22:58:31Z` as the `20260310T2258Z` of object keys."""
    return time[0:4] + time[5:7] + time[8:13] + time[14:16] + "Z"


def place(calls):
    """Puts every call into the first object delivered after it, second deliveries and late ones where they say."""
    objects = {(account, region, at): [] for account, region, at in DELIVERIES}
    deliveries = 0
    for call in calls:
        made = call.record
        account, region = made["recipientAccountId"], made["awsRegion"]
        at = call.delivered or min(
            slot
            for a, r, slot in DELIVERIES
            if (a, r) == (account, region) and slot > minute(made["eventTime"])
        )
        for slot in (at, *call.again):
            objects[(account, region, slot)].append(made)
            deliveries += 1
    empty = [slot for slot, records in objects.items() if not records]
    assert not empty, f"objects without records: {empty}"
    return objects, deliveries


def pack(slot, records):
    """The gzip object of a delivery. Records come in no order; one object has two gzip members."""
    order = random.Random("/".join(slot))
    records = sorted(records, key=lambda record: (record["eventTime"], record["eventID"]))
    for index in range(len(records) - 1, 0, -1):
        other = int(order.random() * (index + 1))
        records[index], records[other] = records[other], records[index]
    content = ct.dump({"Records": records})
    if slot == MULTI_MEMBER:
        middle = len(content) // 2
        return ct.gz(content[:middle]) + ct.gz(content[middle:])
    return ct.gz(content)


def counted(values):
    """Counts by value, most first, ties by name."""
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def of_key(key, records):
    """What one access key did."""
    records = sorted(records, key=lambda record: (record["eventTime"], record["eventID"]))
    identity = records[0]["userIdentity"]
    outcomes = Counter(outcome(record) for record in records)
    return {
        "arn": identity["arn"],
        "account": identity["accountId"],
        "kind": "long-term" if key.startswith("AKIA") else "temporary",
        "made_by": WHO_MADE[key],
        "calls": len(records),
        **{name: outcomes[name] for name in ("ok", "denied", "failed", "throttled")},
        "writes": sum(not record["readOnly"] for record in records),
        "first": records[0]["eventTime"],
        "last": records[-1]["eventTime"],
        "addresses": counted(record["sourceIPAddress"] for record in records),
        "regions": counted(record["awsRegion"] for record in records),
        "services": counted(record["eventSource"].split(".")[0] for record in records),
        "names": counted(record["eventName"] for record in records),
    }


def led_to(key):
    """Every key that another one led to, through whatever it made; in order of id."""
    found = {key}
    while True:
        more = {one for one, made in WHO_MADE.items() if (made["by"] or made["through"]) in found} - found
        if not more:
            return sorted(found - {key})
        found |= more


def facts(calls, objects, deliveries):
    """Everything of `expected.json`."""
    records = [call.record for call in calls]
    keys = {}
    for record in records:
        key = record["userIdentity"].get("accessKeyId")
        if key:
            keys.setdefault(key, []).append(record)
    missing = sorted(set(keys) ^ set(WHO_MADE))
    assert not missing, f"keys that are used but not told of, or told of but never used: {missing}"
    pairs = {}
    for record in records:
        if "sharedEventID" in record and record["eventName"] == "AssumeRole":
            pairs.setdefault(record["sharedEventID"], []).append(record)
    return {
        "subject": SUBJECT,
        "tally": {
            "objects": len(objects),
            "read": deliveries,
            "kept": len(records),
            "duplicate": deliveries - len(records),
            "refused": 0,
        },
        "first": min(record["eventTime"] for record in records),
        "last": max(record["eventTime"] for record in records),
        "accounts": counted(record["recipientAccountId"] for record in records),
        "regions": counted(record["awsRegion"] for record in records),
        "days": dict(sorted(Counter(record["eventTime"][:10] for record in records).items())),
        "types": counted(record["eventType"] for record in records),
        "categories": counted(record["eventCategory"] for record in records),
        "outcomes": counted(outcome(record) for record in records),
        "keys": {key: of_key(key, used) for key, used in sorted(keys.items())},
        "led_to": {SUBJECT: led_to(SUBJECT)},
        "mismatches": plot.mismatches,
        "denied": [
            {
                "at": call.record["eventTime"],
                "event_id": call.record["eventID"],
                "event_name": call.record["eventName"],
                "key": call.record["userIdentity"].get("accessKeyId"),
                **call.denial,
            }
            for call in calls
            if outcome(call.record) == "denied"
        ],
        "made": plot.made(),
        "openings": plot.openings(),
        "logging": plot.told("logging"),
        "sensitive": plot.told("sensitive"),
        "cross_account": [
            {"shared_event_id": shared, "event_ids": sorted(record["eventID"] for record in both)}
            for shared, both in sorted(pairs.items())
            if len(both) == 2
        ],
        "unseen": plot.unseen,
    }


def table(rows):
    """A Markdown table."""
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in body]
    return "\n".join(lines)


def short(time):
    """`2026-03-10T22:58:31Z` as `03-10 22:58:31`."""
    return time[5:10] + " " + time[11:19] if time else "never"


def tables(told):
    """The part of README.md that is counted."""
    tally = told["tally"]
    parts = [
        f"{tally['objects']} objects, {tally['read']} records read: {tally['kept']} kept, {tally['duplicate']} "
        f"duplicates, {tally['refused']} refused. {short(told['first'])} to {short(told['last'])}. "
        + ", ".join(f"{count} in {account}" for account, count in told["accounts"].items())
        + "; "
        + ", ".join(f"{count} in {region}" for region, count in told["regions"].items())
        + "; "
        + ", ".join(f"{count} {category}" for category, count in told["categories"].items())
        + "; "
        + ", ".join(f"{count} {name}" for name, count in told["outcomes"].items())
        + ".",
        "### Keys\n\n"
        + table(
            [("key", "whose", "made by", "calls", "ok", "denied", "failed", "throttled", "first", "last", "from")]
            + [
                (
                    f"`{key}`",
                    used["arn"].split(":", 5)[5].replace("|", "\\|"),
                    used["made_by"]["how"],
                    *(used[name] for name in ("calls", "ok", "denied", "failed", "throttled")),
                    short(used["first"]),
                    short(used["last"]),
                    ", ".join(f"{address} ({count})" for address, count in used["addresses"].items()),
                )
                for key, used in told["keys"].items()
            ]
        ),
        "### Denied, with AWS's own words\n\n"
        + table(
            [("at", "call", "action AWS names", "effect", "layer", "encoded", "worked later")]
            + [
                (
                    short(one["at"]),
                    one["event_name"],
                    one["action"] or "–",
                    one["effect"] or "not said",
                    one["layer"] or "not said",
                    "yes" if one["encoded"] else "–",
                    short(one["worked_later"]) if one["worked_later"] else "–",
                )
                for one in told["denied"]
            ]
        ),
        "### Made and gone\n\n"
        + table(
            [("what", "made", "by", "gone", "first used")]
            + [
                (
                    f"{one['kind']} {one['id']}",
                    short(one["at"]) if one["at"] else "not in the log",
                    f"`{one['by']}`" if one["by"] else "–",
                    short(one["gone"]) if one["gone"] else "**left**",
                    short(one["used"]),
                )
                for one in told["made"]
            ]
        ),
        "### Opened to outsiders\n\n"
        + table(
            [("what", "to", "from", "until", "closed by")]
            + [
                (
                    f"{one['kind']} {one['id']}",
                    one["to"],
                    short(one["from"]),
                    short(one["until"]) if one["until"] else "**still open**",
                    f"`{one['closed_by']}`" if one["closed_by"] else "–",
                )
                for one in told["openings"]
            ]
        ),
        "### Logging and detection\n\n"
        + table(
            [("at", "call", "what", "outcome")]
            + [(short(one["at"]), one["event_name"], one["what"], one["outcome"]) for one in told["logging"]]
        ),
        "### Not visible here\n\n" + "\n".join(f"- {line}" for line in told["unseen"]),
    ]
    return "\n\n".join(parts)


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: make.py [--check]")
    calls = sorted(plot.calls, key=lambda call: (call.record["eventTime"], call.record["eventID"]))
    ids = Counter(ct.dump(call.record) for call in calls)
    assert max(ids.values()) == 1, f"records told twice: {[name for name, count in ids.items() if count > 1]}"
    objects, deliveries = place(calls)
    told = facts(calls, objects, deliveries)
    files = {ct.object_key(*slot): pack(slot, records) for slot, records in objects.items()}
    files["expected.json"] = json.dumps(told, indent=1, ensure_ascii=True).encode() + b"\n"
    readme = (HERE / "README.md").read_text()
    begin, end = "<!-- counted by make.py: begin -->", "<!-- counted by make.py: end -->"
    block = f"{begin}\n\n{tables(told)}\n\n{end}"
    files["README.md"] = re.sub(f"(?s){begin}.*{end}", lambda _: block, readme).encode()
    wrong = ct.write(HERE, files, check, owned="AWSLogs")
    for name in wrong:
        print(("differs: " if check else "wrote: ") + name)
    sys.exit(1 if check and wrong else 0)


if __name__ == "__main__":
    main()
