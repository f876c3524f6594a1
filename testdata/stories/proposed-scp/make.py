#!/usr/bin/env python3
"""Writes the story `proposed-scp`: its log objects, the snapshot `iam/`, the proposals, and `expected.json`.

    python3 make.py            writes what differs
    python3 make.py --check    writes nothing, exit code 1 if anything differs

`workloads.py`, `people.py` and `others.py` tell what happens, and beside each call what AWS's rules make of it today; `policies.py`
holds the policies.
Nothing is read back from the program under test.
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
import policies
from plot import plot

# What the story must hold at least once: facts that the plot ties to its calls.
FACTS = """
same-allowed same-denied:identity same-denied:identity-explicit same-denied:boundary same-denied:boundary-explicit
same-denied:session same-denied:scp-ou same-denied:scp-account same-denied:scp-account-implicit same-denied:rcp
same-denied:resource same-denied:resource-kms same-denied:resource-cross-account same-denied:trust same-denied:vpc-endpoint
now-denied:identity now-denied:boundary now-denied:session now-denied:scp now-denied:scp-ou now-denied:scp-account now-denied:rcp
now-denied:resource now-denied:resource-explicit now-denied:resource-cross-account now-denied:trust now-denied:vpc-endpoint
now-allowed:identity now-allowed:boundary now-allowed:session now-allowed:scp now-allowed:rcp now-allowed:resource now-allowed:trust
now-allowed:vpc-endpoint undetermined source-arn object-tag missing-resource-policy missing-endpoint-policy missing-tags
missing-account missing-issuance missing-issuance:denied deleted-principal not-a-request console caller-identity session-token
service-event insight failed:throttled failed:other failed:now-denied dry-run pass-role:allowed pass-role:now-denied
pass-role:denied run-instances propagation propagation:later no-tag-session no-mfa no-external-id external-id assume-role:caller encoded
no-reason enriched session-tags transitive-tags forwarded:called-via forwarded:via-service forwarded:absent group not-action
policy-variable long-term-key mfa mfa-in-call federated-user session-policy service-linked-role root management-account endpoint
cross-account two-requests other-half global-service scp-breaks trust-breaks boundary-opens bucket-may-break trust:federated source-ip anonymous
""".split()
LAYERS = {"identity", "boundary", "session", "scp", "rcp", "resource", "trust", "vpc-endpoint", "rule"}
VERDICTS = {"same", "now-denied", "now-allowed", "undetermined", "not-a-request"}


def told(call):
    """The expectation of one event."""
    expected = call.expected
    requests = []
    for action, resource, *how in expected.requests:
        requests.append({"action": action, "resource": resource, "derived": how == ["derived"], "certain": how != ["maybe"]})
    statement = expected.statement and {"policy": expected.statement[0], "sid": expected.statement[1]}
    made = {
        "event_id": call.id, "at": call.record["eventTime"], "event_name": call.record.get("eventName"), "then": call.then,
        "verdict": expected.verdict, "requests": requests, "layer": expected.layer,
        "statement": statement,
        "needs": expected.needs, "facts": list(expected.facts), "why": expected.why,
    }
    if expected.also:
        made["or_verdict"] = expected.also
    return made


def of_fact(calls, fact):
    return [call.id for call in calls if fact in call.expected.facts]


def expectations(calls):
    """Everything of `expected.json`."""
    proposals = {
        "proposed-scp": {
            "broken": of_fact(calls, "scp-breaks"), "may_break": [], "opened": [],
            "why": "only the CI role's pushes to the registry in us-east-1 are outside of the EU and of no exempt service",
        },
        "proposed-trust": {
            "broken": of_fact(calls, "trust-breaks"), "may_break": [], "opened": [],
            "why": "long-term keys carry no aws:MultiFactorAuthPresent and a session token without MFA says false; Bool true needs the key",
        },
        "proposed-boundary": {
            "broken": [], "may_break": [], "opened": of_fact(calls, "boundary-opens"),
            "why": "with Lambda in the boundary again the contractor's calls are allowed",
        },
        "proposed-bucket": {
            "broken": [], "may_break": of_fact(calls, "bucket-may-break"), "opened": [],
            "why": "the reads would depend on tags of objects, which no log has",
        },
    }
    counts = Counter(call.expected.verdict for call in calls)
    return {"events": [told(call) for call in calls], "verdicts": dict(sorted(counts.items())), "proposals": proposals}


def check(calls):
    """What must hold of the story itself."""
    ids = Counter(call.id for call in calls)
    assert max(ids.values()) == 1, [name for name, count in ids.items() if count > 1]
    seen = {fact for call in calls for fact in call.expected.facts}
    assert not set(FACTS) - seen, sorted(set(FACTS) - seen)
    assert not seen - set(FACTS), sorted(seen - set(FACTS))
    known = policies.statements()
    for call in calls:
        expected, record = call.expected, call.record
        assert expected.verdict in VERDICTS, call.id
        assert expected.layer in LAYERS or expected.verdict == "not-a-request", (call.id, expected.layer)
        assert bool(expected.needs) == (expected.verdict == "undetermined"), expected.why
        assert bool(expected.requests) != (expected.verdict == "not-a-request"), expected.why
        if expected.verdict == "now-allowed":
            assert call.then == "denied" and "errorMessage" in record
        if expected.verdict == "now-denied":
            assert call.then != "denied"
        if expected.statement:
            assert expected.statement in known, expected.statement
    keys(calls)


def keys(calls):
    """Each session's key is the one that its issuing record answered with, in the second that its creationDate names."""
    issued = {}
    for call in sorted(calls, key=lambda call: call.record["eventTime"]):
        credentials = (call.record.get("responseElements") or {}).get("credentials") or {}
        if credentials:
            issued.setdefault(credentials["accessKeyId"], call.record["eventTime"])
    used, without = 0, []
    for call in calls:
        identity = call.record.get("userIdentity", {})
        key, created = identity.get("accessKeyId"), identity.get("sessionContext", {}).get("attributes", {}).get("creationDate")
        if created:
            assert created <= call.record["eventTime"], call.id
        if key in issued:
            assert issued[key] == created, (call.id, issued[key], created)
            used += 1
        elif key and identity.get("type") in ("AssumedRole", "FederatedUser"):
            without.append(call)
    assert used > 100, used
    assert without and all({"missing-issuance", "missing-issuance:denied"} & set(call.expected.facts) for call in without), len(without)


def place(calls):
    """Every call into the object of its account, region and day; objects of different days come after midnight."""
    objects = {}
    for call in calls:
        record = call.record
        day, hour = record["eventTime"][:10].replace("-", ""), record["eventTime"][11:13]
        half = "1205" if hour < "12" else "2355"
        slot = (record["recipientAccountId"], record["awsRegion"], f"{day}T{half}Z", call.kind)
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


def counted(calls):
    """The block of README.md that is counted."""
    verdicts = Counter((call.then, call.expected.verdict) for call in calls)
    facts = Counter(fact for call in calls for fact in call.expected.facts)
    accounts = Counter(call.record["recipientAccountId"] for call in calls)
    lines = [
        f"{len(calls)} events, " + ", ".join(f"{count} in {name}" for name, count in sorted(accounts.items())) + ".", "",
        "| then | verdict | events |", "|---|---|---|",
        *(f"| {then} | {verdict} | {count} |" for (then, verdict), count in sorted(verdicts.items())), "",
        "Facts: " + ", ".join(f"`{fact}` {facts[fact]}" for fact in sorted(FACTS)) + ".",
    ]
    return "\n".join(lines)


def main():
    check_only = sys.argv[1:] == ["--check"]
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: make.py [--check]")
    calls = sorted(plot.calls, key=lambda call: (call.record["eventTime"], call.id))
    check(calls)
    files = {ct.object_key(*slot): pack(slot, records) for slot, records in place(calls).items()}
    files |= policies.files()
    files["expected.json"] = json.dumps(expectations(calls), indent=1, ensure_ascii=True).encode() + b"\n"
    for name, raw in files.items():
        if name.endswith(".json"):
            json.loads(raw)
    wrong = []
    for owned in ("AWSLogs", "iam", "proposed-scp", "proposed-trust", "proposed-boundary", "proposed-bucket"):
        part = {name: raw for name, raw in files.items() if name.startswith(f"{owned}/")}
        wrong += ct.write(HERE, part, check_only, owned)
    begin, end = "<!-- counted by make.py: begin -->", "<!-- counted by make.py: end -->"
    readme = (HERE / "README.md").read_text()
    block = f"{begin}\n\n{counted(calls)}\n\n{end}"
    told_files = {"expected.json": files["expected.json"], "README.md": re.sub(f"(?s){begin}.*{end}", lambda _: block, readme).encode()}
    wrong += ct.write(HERE, told_files, check_only, "no-such-folder")
    for name in wrong:
        print(("differs: " if check_only else "wrote: ") + name)
    print(f"{len(calls)} events: " + ", ".join(f"{count} {name}" for name, count in expectations(calls)["verdicts"].items()))
    sys.exit(1 if check_only and wrong else 0)


if __name__ == "__main__":
    main()
