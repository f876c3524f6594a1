#!/usr/bin/env python3
"""Writes `uncalled.tsv`, the actions that no call is known of: AWS's SDKs have no operation of their name, and no table here
says that another call asks for them.

Such an action is a permission that something else asks for (`es:ESHttpGet`, `kafka-cluster:Connect`), or a call of a console
or of a service that is gone. Whether CloudTrail logs it nobody documents; a log that has an event of it shows it.

The operations come from the package `botocore` (PyPI, Apache License 2.0, Copyright Amazon.com, Inc.), pinned here by version
and by the hash of the archive; the actions from `catalog.bin`. Run it by hand after `generate.py`, with `pip` on the path:

    python3 uncalled.py                 download the pinned archive and write `uncalled.tsv`
    python3 uncalled.py --from DIR      take the archive from DIR instead
    python3 uncalled.py --check         write nothing; exit 1 if `uncalled.tsv` is not what would be written
"""

import argparse
import collections
import gzip
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile
import zlib

BOTOCORE = {
    "name": "botocore",
    "version": "1.44.8",
    "archive": "botocore-1.44.8-py3-none-any.whl",
    "sha256": "76342a76c338701db80dcb8afe1c9bd079283d6fffbb9d881442abb02a215043",
}
# Calls of API Gateway ask for the method of HTTP that they are made by.
METHODS = {("apigateway", method) for method in ("DELETE", "GET", "PATCH", "POST", "PUT")}
HERE = pathlib.Path(__file__).parent
FILE = HERE / "uncalled.tsv"
HEAD = """\
# Actions that no call is known of, by service: written by `uncalled.py`, which says what they are.
#
# A line: service, names of actions, parted by a tab and by spaces.

"""


def rows(name):
    """The fields of each line of a table."""
    for line in (HERE / name).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


def actions():
    """Service and name of every action."""
    body = zlib.decompress((HERE / "catalog.bin").read_bytes().split(b"\n\n", 1)[1]).decode()
    service = None
    for line in body.splitlines():
        fields = line.split("\t")
        if fields[0] == "s":
            service = fields[1]
        elif fields[0] == "a":
            yield service, fields[1]


def operations(wheel):
    """By each name of a service the names of its operations, in lower case."""
    found = collections.defaultdict(set)
    with zipfile.ZipFile(wheel) as archive:
        for path in archive.namelist():
            parts = path.split("/")
            if parts[:2] != ["botocore", "data"] or not parts[-1].startswith("service-2.json"):
                continue
            content = archive.read(path)
            model = json.loads(gzip.decompress(content) if path.endswith(".gz") else content)
            kinds = model["metadata"]
            for name in {kinds.get("signingName"), kinds.get("endpointPrefix"), parts[2]} - {None}:
                found[name.lower()] |= {operation.lower() for operation in model["operations"]}
    return found


def build(wheel):
    """The text of the table."""
    known = operations(wheel)
    names = collections.defaultdict(set)
    for source, prefixes in (fields[:2] for fields in rows("sources.tsv")):
        for prefix in prefixes.split():
            names[prefix] |= {source, source.split(".")[0], source.split(".")[-1]}
    asked = set()
    for fields in rows("events.tsv"):
        asked |= {action.split("?")[0].lower() for action in fields[2].split()}
    found = collections.defaultdict(list)
    for service, name in actions():
        if (service, name) in METHODS:
            continue
        calls = set().union(*(known.get(other, set()) for other in names[service] | {service}))
        if name.lower() not in calls and f"{service}:{name}".lower() not in asked:
            found[service].append(name)
    return HEAD + "".join(f"{service}\t{' '.join(sorted(found[service]))}\n" for service in sorted(found))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="folder", type=pathlib.Path, help="a folder that holds the archive")
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or pathlib.Path(scratch)
        if arguments.folder is None:
            wanted = f"{BOTOCORE['name']}=={BOTOCORE['version']}"
            subprocess.run(["pip", "download", "--quiet", "--no-deps", wanted], cwd=folder, check=True)
        wheel = folder / BOTOCORE["archive"]
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != BOTOCORE["sha256"]:
            sys.exit(f"{wheel.name} is not the pinned archive")
        content = build(wheel)
    if arguments.check:
        sys.exit(0 if FILE.read_text() == content else f"{FILE} differs from what the pinned package gives")
    FILE.write_text(content)


if __name__ == "__main__":
    main()
