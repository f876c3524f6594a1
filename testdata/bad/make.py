#!/usr/bin/env python3
"""Writes `inputs/` (what ingest may meet), `expected.json` (what it shall count) and the table in README.md.

    python3 make.py            writes what differs
    python3 make.py --check    writes nothing, exit code 1 if anything differs
"""

import json
import pathlib
import re
import sys
import zlib

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

import cloudtrail as ct

ACCOUNT, REGION = "111122223333", "eu-west-1"
RECORDS, SET_ASIDE, REFUSED = "records", "set-aside", "refused"

FILES = {}
EXPECTED = {}
MEANINGS = {}


def add(name, raw, meaning, outcome, kept=0, duplicate=0, refused=0):
    """A file, what it is, and what is counted. Whatever is refused is one: a record, or the rest of an object."""
    assert name not in FILES
    FILES["inputs/" + name] = raw
    EXPECTED[name] = {
        "read": kept + duplicate + refused,
        "kept": kept,
        "duplicate": duplicate,
        "refused": refused,
        "outcome": outcome,
    }
    MEANINGS[name] = meaning


def event(seed, number, **changes):
    """A good record; no two files share one. A change to `...` takes a member out."""
    user = ct.iam_user(ACCOUNT, "dana", 0, ct.unique_id("AKIA", ACCOUNT, 0))
    time = f"2026-03-09T10:{number:02d}:00Z"
    made = ct.record(
        time, user, "ec2:DescribeInstances", REGION, "198.51.100.17", "aws-cli/2.22.35", {"instancesSet": {}, "filterSet": {}},
        eventID=ct.uuid_of("bad", seed, number),
    ) | changes
    return {name: value for name, value in made.items() if value is not ...}


def events(seed, count):
    return [event(seed, number) for number in range(count)]


def wrapped(records):
    return ct.dump({"Records": records})


def as_text(record):
    return ct.dump(record).decode()


def cut_member(whole, rest):
    """A gzip member that gives all of `whole`, then some of `rest`, and ends."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(whole) + packer.flush(zlib.Z_FULL_FLUSH) + packer.compress(rest) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + body


def cut_off():
    """Objects that end too early."""
    three, fourth = wrapped(events("cut", 3))[:-2] + b",", ct.dump(event("cut", 3))[:400]
    add("cut-off.json.gz", cut_member(three, fourth), "gzip that ends in the middle of the fourth record", RECORDS, kept=3, refused=1)
    three = wrapped(events("cut-plain", 3))[:-2] + b","
    add("cut-off.json", three + ct.dump(event("cut-plain", 3))[:400], "plain JSON that ends in the middle of the fourth record", RECORDS, kept=3, refused=1)
    whole = wrapped(events("cut-between", 3))
    add("cut-off-between-records.json", whole[:-2], "plain JSON that ends behind the third record, its list and object not closed", RECORDS, kept=3, refused=1)
    add("cut-off-in-first.json.gz", cut_member(b'{"Records":[', ct.dump(event("cut-first", 0))[:400]), "gzip that ends in the middle of the first record", REFUSED, refused=1)
    whole, second = wrapped(events("cut-second", 2)), wrapped([event("cut-second", 2)])
    add("cut-off-second-member.json.gz", ct.gz(whole) + cut_member(second[:100], second[100:300]), "a whole gzip member of two records, then one that is cut off", RECORDS, kept=2, refused=1)
    add("cut-off-header.json.gz", b"\x1f\x8b\x08\x00\x00", "half a gzip header", REFUSED, refused=1)
    good = bytearray(ct.gz(wrapped(events("crc", 2))))
    good[-8] ^= 0xFF
    add("bad-checksum.json.gz", bytes(good), "gzip whose checksum is wrong; its two records can be read", RECORDS, kept=2, refused=1)
    add("after-end.json.gz", ct.gz(wrapped(events("after", 2))) + b"these bytes are no gzip member", "two records, then bytes behind the end of the gzip", RECORDS, kept=2, refused=1)
    add("after-end.json", wrapped(events("after-plain", 2)) + b"\n and this is no JSON", "two records, then text behind the end of the JSON", RECORDS, kept=2, refused=1)


def nothing_to_read():
    """No records, for many reasons."""
    add("empty.json.gz", b"", "no bytes", REFUSED, refused=1)
    add("empty-member.json.gz", ct.gz(b""), "gzip over no bytes", REFUSED, refused=1)
    add("blank.json", b" \r\n\t\n", "white space only", REFUSED, refused=1)
    add("plain-text.json", b"NoSuchKey: the object was moved\nask the platform team\n", "text", REFUSED, refused=1)
    add("web-page.json", b"<!DOCTYPE html><html><body>Access Denied</body></html>\n", "a web page, as a proxy or an expired link saves it", REFUSED, refused=1)
    add("noise.json.gz", ct.digest("noise") * 4, "bytes of no format", REFUSED, refused=1)
    add("other.json", b'{"hello":"world"}\n', "JSON without records, of no kind that is known", REFUSED, refused=1)
    add("number.json", b"42\n", "JSON that is a number", REFUSED, refused=1)
    add("records-no-list.json", b'{"Records":{"eventName":"DescribeInstances"}}', "`Records` is no list", REFUSED, refused=1)
    add("no-records.json.gz", ct.gz(b'{"Records":[]}'), "an object of no records", RECORDS)


def neighbours():
    """Bad records beside good ones."""
    good = events("neighbours", 2)
    add("not-objects.json", wrapped([1, good[0], "text", None, good[1], ["list"], True]), "five values that are no objects, two records among them", RECORDS, kept=2, refused=5)
    times = [
        event("time", 0, eventTime="yesterday"), event("time", 1), event("time", 2, eventTime="2026-13-45T10:00:00Z"),
        event("time", 3, eventTime=1773183511), event("time", 4, eventTime=...), event("time", 5, eventTime=None),
        event("time", 6, eventTime="2026-03-09T11:00:00+01:00"), event("time", 7, eventTime="2026-03-09T10:00:00.250Z"), event("time", 8, eventTime=""),
    ]
    add("bad-time.json", wrapped(times), "`eventTime` that is a word, no date, a number, absent, null, empty; and three good ones, one with an offset, one with a fraction", RECORDS, kept=3, refused=6)
    broken = ct.dump(events("utf8", 3)[1]).replace(b"aws-cli", b"aws\xff\xfecli")
    three = events("utf8", 3)
    add("bad-utf8.json", b'{"Records":[' + b",".join([ct.dump(three[0]), broken, ct.dump(three[2])]) + b"]}", "bytes that are no UTF-8 inside a string of the second of three records", RECORDS, kept=2, refused=1)
    first, inner, last = (as_text(event("twice", number)) for number in range(3))
    inner = inner.replace('"instancesSet":{}', '"instancesSet":{},"instancesSet":{"items":[]}')
    last = last.replace('"eventName":"DescribeInstances"', '"eventName":"DescribeInstances","eventName":"TerminateInstances"')
    add("duplicate-keys.json", f'{{"Records":[{first},{inner},{last}]}}'.encode(), "a member twice: inside requestParameters (kept as it is), and `eventName` twice (nobody can say which is true)", RECORDS, kept=2, refused=1)
    lines = [as_text(event("lines", number)) for number in range(3)]
    lines[1] = lines[1].replace('"eventVersion":', '"eventVersion"')
    add("bad-line.ndjson", "\n".join(lines).encode(), "three lines, the second is no JSON", RECORDS, kept=2, refused=1)
    middle = as_text(event("syntax", 1)).replace('"readOnly":true', '"readOnly":True')
    add("bad-literal.json", f'{{"Records":[{as_text(event("syntax", 0))},{middle},{as_text(event("syntax", 2))}]}}'.encode(), "the second of three records holds `True`, as Python prints it", RECORDS, kept=2, refused=1)
    add("no-event.json", wrapped([{}, event("no-event", 0)]), "an object without members, and a record", RECORDS, kept=1, refused=1)


def odd_but_good():
    """Nothing here is refused."""
    role = ct.Role(ACCOUNT, "deploy", 0).session("old", ct.unique_id("ASIA", ACCOUNT, 0), "20260309T095501Z")
    nobody = {"type": "IAMUser", "principalId": ct.unique_id("AIDA", ACCOUNT, 0), "accountId": ACCOUNT, "accessKeyId": "", "userName": "dana"}
    odd = [
        event("odd", 0, requestParameters="null"), event("odd", 1, requestParameters=["a", 1]), event("odd", 2, userIdentity=nobody),
        event("odd", 3, userIdentity=role), event("odd", 4, readOnly="true", sessionCredentialFromConsole="true"), event("odd", 5, sourceIPAddress="ec2.amazonaws.com"),
        event("odd", 6, eventID=...), event("odd", 7, userIdentity=None), event("odd", 8, eventVersion="9.99", futureMember={"a": [1.5, None]}),
        event("odd", 9, eventName=17), event("odd", 10, userAgent="\u001b[2J\u202e\u0000"), event("odd", 11, recipientAccountId=...), event("odd", 12, userIdentity={"type": ""}),
    ]
    text = wrapped(odd).decode().replace('"eventSource"', '"\\u0065ventSource"', 1)
    add("odd.json", text.encode(), "odd, yet readable: `requestParameters` as text or list, empty key, old date form, `readOnly` as text, no `eventID`, no identity, a member's name written with an escape, unknown members, `eventName` a number, control characters", RECORDS, kept=len(odd))
    surrogate = as_text(event("surrogate", 0)).replace("aws-cli/2.22.35", "aws-cli \\ud83d").replace('"filterSet":{}', '"filterSet":{"\\udc00":"\\ud800"}')
    add("lone-surrogate.json", f'{{"Records":[{surrogate},{as_text(event("surrogate", 1))}]}}'.encode(), "half a surrogate pair, escaped, in a text and in a name", RECORDS, kept=2)
    deep = as_text(event("deep", 0)).replace('"filterSet":{}', '"filterSet":' + "[" * 2500 + '{"a":' * 2500 + "1" + "}" * 2500 + "]" * 2500)
    add("deep.json", f'{{"Records":[{deep},{as_text(event("deep", 1))}]}}'.encode(), "5,000 levels in requestParameters", RECORDS, kept=2)
    numbers = as_text(event("numbers", 0)).replace('"filterSet":{}', '"filterSet":[-0,1E400,0.1000,123456789012345678901234567890]')
    add("numbers.json", f'{{"Records":[{numbers}]}}'.encode(), "numbers that no 64 bits hold as they are written", RECORDS, kept=1)
    big = event("big", 0, requestParameters={"text": "x" * 300_000})
    add("big-record.json.gz", ct.gz(wrapped([big, event("big", 1)])), "one record of 300 kB beside a small one", RECORDS, kept=2)
    same = event("same", 0)
    turned = dict(reversed(same.items()))
    escaped = as_text(turned).replace("aws-cli/2.22.35", "\\u0061ws-cli\\/2.22.35")
    other = same | {"addendum": {"reason": "UPDATED_DATA"}}
    add("duplicates.json", f'{{"Records":[{as_text(same)}, {escaped} ,{as_text(same)},{as_text(other)}]}}'.encode(), "one record three times, once with its members turned round and a letter escaped; and once more with other content under the same `eventID`, which is another event", RECORDS, kept=2, duplicate=2)


def envelopes():
    """Records in the wrappers that people hold."""
    add("pretty.json", json.dumps({"Records": events("pretty", 2)}, indent=2).encode(), "printed with white space", RECORDS, kept=2)
    add("records-last.json", ct.dump({"note": {"Records": [1]}, "Records": events("last", 2)}), "`Records` behind another member that holds one, too", RECORDS, kept=2)
    add("one-record.json", ct.dump(event("one", 0)), "a single record without wrapper", RECORDS, kept=1)
    add("array.json", ct.dump(events("array", 2)), "a bare list", RECORDS, kept=2)
    lines = [as_text(one) for one in events("ndjson", 3)]
    add("lines.ndjson", (lines[0] + "\n\n" + lines[1] + "\r\n" + lines[2]).encode(), "one record a line, with a blank line, a CR and no newline at the end", RECORDS, kept=3)
    add("lines.json.gz", ct.gz("".join(as_text(one) + "\n" for one in events("ndjson-gz", 3)).encode()), "the same, gzip", RECORDS, kept=3)
    add("wrapped-lines.json", b"\n".join(wrapped([one]) for one in events("wrapped-lines", 2)), "one `Records` object a line", RECORDS, kept=2)
    add("concatenated.json", b"".join(ct.dump(one) for one in events("concat", 3)), "records one behind the other, `}{`, as Firehose writes them", RECORDS, kept=3)
    add("concatenated-objects.json", wrapped(events("concat-1", 2)) + wrapped(events("concat-2", 1)), "`Records` objects one behind the other", RECORDS, kept=3)
    half = wrapped(events("members", 3))
    add("two-members.json.gz", ct.gz(half[:777]) + ct.gz(half[777:]), "two gzip members that together are one object", RECORDS, kept=3)
    add("two-objects.json.gz", ct.gz(wrapped(events("objects-1", 2))) + ct.gz(wrapped(events("objects-2", 2))), "two gzip members that each are an object", RECORDS, kept=4)
    add("bom.json", b"\xef\xbb\xbf" + wrapped(events("bom", 2)), "a byte-order mark before the object", RECORDS, kept=2)
    add("plain.json.gz", wrapped(events("plain", 2)), "plain JSON under the name of a gzip", RECORDS, kept=2)
    add("gzip.json", ct.gz(wrapped(events("gzip", 2))), "gzip under the name of plain JSON", RECORDS, kept=2)
    add("no-extension", ct.gz(wrapped(events("name", 2))), "a name that says nothing", RECORDS, kept=2)

    def looked_up(record):
        return {"EventId": record["eventID"], "EventName": record["eventName"], "ReadOnly": "true", "AccessKeyId": record["userIdentity"]["accessKeyId"],
                "EventTime": "2026-03-09T11:00:00+01:00", "EventSource": record["eventSource"], "Username": "dana", "Resources": [], "CloudTrailEvent": as_text(record)}

    add("lookup-events.json", json.dumps({"Events": [looked_up(one) for one in events("lookup", 2)], "NextToken": "EXAMPLE"}, indent=4).encode(), "`aws cloudtrail lookup-events`: the record is a JSON text", RECORDS, kept=2)
    broken = looked_up(event("lookup-bad", 1))
    broken["CloudTrailEvent"] = broken["CloudTrailEvent"][:300]
    without = {name: value for name, value in looked_up(event("lookup-bad", 2)).items() if name != "CloudTrailEvent"}
    add("lookup-events-bad.json", ct.dump({"Events": [looked_up(event("lookup-bad", 0)), broken, without]}), "the same; the second text is cut off, the third event has none", RECORDS, kept=1, refused=2)

    def bridged(record):
        return {"version": "0", "id": ct.uuid_of("bridge", record["eventID"]), "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "account": ACCOUNT,
                "time": record["eventTime"], "region": REGION, "resources": [], "detail": record}

    add("eventbridge.json", ct.dump(bridged(event("bridge", 0))), "one EventBridge envelope", RECORDS, kept=1)
    add("eventbridge-list.json", ct.dump([bridged(one) for one in events("bridges", 3)]), "a list of them", RECORDS, kept=3)
    add("eventbridge-lines.ndjson", b"\n".join(ct.dump(bridged(one)) for one in events("bridge-lines", 2)), "one a line", RECORDS, kept=2)
    other = bridged(event("bridge-other", 0)) | {"detail-type": "EC2 Instance State-change Notification", "detail": {"instance-id": "i-0123456789abcdef0", "state": "running"}}
    add("eventbridge-other.json", ct.dump(other), "an EventBridge event that is not CloudTrail's", SET_ASIDE)

    def message(kind, records):
        logged = [{"id": f"{number:056d}", "timestamp": 1773050400000 + number, "message": as_text(record)} for number, record in enumerate(records)]
        return {"messageType": kind, "owner": ACCOUNT, "logGroup": "aws-cloudtrail-logs", "logStream": f"{ACCOUNT}_CloudTrail_{REGION}",
                "subscriptionFilters": ["all"], "logEvents": logged}

    add("cloudwatch-logs.json.gz", ct.gz(ct.dump(message("DATA_MESSAGE", events("cwl", 2)))), "a CloudWatch Logs subscription message", RECORDS, kept=2)
    add("cloudwatch-logs-concatenated.gz", ct.gz(ct.dump(message("DATA_MESSAGE", events("cwl-1", 2)))) + ct.gz(ct.dump(message("DATA_MESSAGE", events("cwl-2", 1)))), "two of them, a gzip member each, as Firehose writes them", RECORDS, kept=3)
    control = message("CONTROL_MESSAGE", []) | {"logEvents": [{"id": "", "timestamp": 1773050400000, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}
    add("cloudwatch-logs-control.json.gz", ct.gz(ct.dump(control)), "the control message that CloudWatch Logs sends first", SET_ASIDE)
    elk = [event("elk", number, eventTime=...) | {"@timestamp": f"2026-03-09T10:{number:02d}:00.000Z", "@version": "1", "tags": ["cloudtrail"]} for number in range(2)]
    add("elk.json", b"\n".join(ct.dump(one) for one in elk), "exported from ELK: `@timestamp` and no `eventTime`", RECORDS, kept=2)
    insight = {"eventVersion": "1.08", "eventTime": "2026-03-09T10:00:00Z", "awsRegion": REGION, "eventID": ct.uuid_of("insight"), "eventType": "AwsCloudTrailInsight",
               "recipientAccountId": ACCOUNT, "sharedEventID": ct.uuid_of("insight-pair"), "insightDetails": {"state": "Start", "eventSource": "ssm.amazonaws.com", "eventName": "UpdateInstanceInformation",
               "insightType": "ApiCallRateInsight", "insightContext": {"statistics": {"baseline": {"average": 85.4}, "insight": {"average": 664}}}}, "eventCategory": "Insight"}
    add("insight.json.gz", ct.gz(wrapped([insight])), "an Insights record: no `eventName`, no identity", RECORDS, kept=1)


def neighbours_in_the_bucket():
    """What stands beside log objects and is no log."""
    digest = {"awsAccountId": ACCOUNT, "digestStartTime": "2026-03-09T09:10:00Z", "digestEndTime": "2026-03-09T10:10:00Z", "digestS3Bucket": "example-trail-logs",
              "digestS3Object": ct.object_key(ACCOUNT, REGION, "20260309T1010Z", "CloudTrail-Digest"), "digestPublicKeyFingerprint": "0123456789abcdef0123456789abcdef",
              "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": "2026-03-09T10:02:00Z", "oldestEventTime": "2026-03-09T09:55:00Z",
              "previousDigestS3Bucket": None, "previousDigestS3Object": None, "previousDigestHashValue": None, "previousDigestHashAlgorithm": None, "previousDigestSignature": None,
              "logFiles": [{"s3Bucket": "example-trail-logs", "s3Object": ct.object_key(ACCOUNT, REGION, "20260309T1005Z"), "hashValue": ct.digest("digest").hex(), "hashAlgorithm": "SHA-256",
                            "newestEventTime": "2026-03-09T10:02:00Z", "oldestEventTime": "2026-03-09T09:55:00Z"}]}
    add("digest.json.gz", ct.gz(ct.dump(digest)), "a digest file", SET_ASIDE)
    item = {"configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-03-09T10:00:00.000Z", "configurationItemStatus": "OK", "configurationStateId": 1773050400000,
            "awsAccountId": ACCOUNT, "resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-0123456789abcdef0", "awsRegion": REGION, "configuration": {"groupName": "web"}, "relationships": [], "tags": {}}
    add("config-snapshot.json.gz", ct.gz(ct.dump({"fileVersion": "1.0", "configSnapshotId": ct.uuid_of("snapshot"), "configurationItems": [item]})), "an AWS Config snapshot", SET_ASIDE)
    add("config-history.json.gz", ct.gz(ct.dump({"fileVersion": "1.0", "configurationItems": [item]})), "an AWS Config history", SET_ASIDE)
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-03-09T10:00:00.000Z", "Bucket": "example-trail-logs", "RequestId": "EXAMPLE0123456789", "HostId": "EXAMPLE="}
    add("s3-test-event.json", ct.dump(test), "the test message of an S3 event notification", SET_ASIDE)
    told = {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": "2026-03-09T10:05:00.000Z", "eventName": "ObjectCreated:Put", "userIdentity": {"principalId": "AWS:EXAMPLE"},
            "requestParameters": {"sourceIPAddress": "192.0.2.10"}, "responseElements": {"x-amz-request-id": "EXAMPLE0123456789"},
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "new-log", "bucket": {"name": "example-trail-logs", "arn": "arn:aws:s3:::example-trail-logs"}, "object": {"key": ct.object_key(ACCOUNT, REGION, "20260309T1005Z"), "size": 4096}}}
    add("s3-notification.json", wrapped([told]), "an S3 event notification: it has `Records`, `eventTime` and `eventName`, yet it is no CloudTrail", SET_ASIDE)
    add("sns-notification.json", ct.dump({"s3Bucket": "example-trail-logs", "s3ObjectKey": [ct.object_key(ACCOUNT, REGION, "20260309T1005Z")]}), "CloudTrail's own notice of a new object", SET_ASIDE)
    ocsf = {"metadata": {"product": {"name": "CloudTrail", "vendor_name": "AWS", "version": "1.08"}, "version": "1.1.0", "uid": ct.uuid_of("ocsf")}, "time": 1773050400000, "class_name": "API Activity", "class_uid": 6003,
            "category_uid": 6, "cloud": {"provider": "AWS", "region": REGION}, "api": {"operation": "DescribeInstances", "service": {"name": "ec2.amazonaws.com"}}, "actor": {"user": {"name": "dana", "type": "IAMUser"}},
            "src_endpoint": {"ip": "198.51.100.17"}, "severity_id": 1, "status_id": 1}
    add("ocsf.json", ct.dump(ocsf), "Security Lake's OCSF: CloudTrail's events in another shape, which is set aside by name", SET_ASIDE)


def table():
    """The files as Markdown."""
    lines = ["| file | is | read | kept | duplicate | refused | outcome |", "|---|---|---|---|---|---|---|"]
    for name, meaning in sorted(MEANINGS.items()):
        counts = EXPECTED[name]
        cells = [f"`{name}`", meaning, *(str(counts[one]) for one in ("read", "kept", "duplicate", "refused", "outcome"))]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: make.py [--check]")
    for make in (cut_off, nothing_to_read, neighbours, odd_but_good, envelopes, neighbours_in_the_bucket):
        make()
    FILES["expected.json"] = json.dumps(dict(sorted(EXPECTED.items())), indent=1).encode() + b"\n"
    begin, end = "<!-- made by make.py: begin -->", "<!-- made by make.py: end -->"
    block = f"{begin}\n\n{table()}\n\n{end}"
    FILES["README.md"] = re.sub(f"(?s){begin}.*{end}", lambda _: block, (HERE / "README.md").read_text()).encode()
    wrong = ct.write(HERE, FILES, check, owned="inputs")
    for name in wrong:
        print(("differs: " if check else "wrote: ") + name)
    sys.exit(1 if check and wrong else 0)


if __name__ == "__main__":
    main()
