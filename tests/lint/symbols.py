"""symbols BUILD: exported names begin with their module's name, none exists twice, and low floors call nothing foreign."""
import fnmatch
import os
import re
import subprocess
import sys

import lint

SYMBOL = re.compile(r"^[^:]*:([^:]+)\.c\.o:\s*[0-9a-f]*\s+([A-Za-z])\s+(\S+)$")


def stale(build, archive):
    """Whether an archive is left from a library that is no longer declared."""
    plan = os.path.join(build, "build.ninja")
    if not os.path.exists(plan):
        return False
    with open(plan, encoding="utf-8") as ninja:
        return f"build {archive}:" not in ninja.read()


def symbols(build):
    """(file, kind, name) of every global symbol in our archives; generated code is not ours."""
    for archive in lint.files(build, ".a"):
        name = os.path.basename(archive)
        if not name.startswith("librehome_") or name.endswith("_pb.a") or stale(build, archive):
            continue
        listing = subprocess.run(
            ["nm", "-A", "-g", os.path.join(build, archive)], check=True, capture_output=True, text=True
        )
        for line in listing.stdout.splitlines():
            match = SYMBOL.match(line)
            if match and not match[3].startswith("__odr_asan"):
                yield os.path.join(os.path.dirname(archive), match[1] + ".c"), match[2], match[3]


def granted(table, path, symbol):
    """Whether a row of the table names the file or its folder, and a pattern that fits the symbol."""
    owners = (path, os.path.dirname(path), "*")
    return any(words[0] in owners and any(fnmatch.fnmatch(symbol, p) for p in words[1:]) for words in table)


def main(build):
    floors = lint.Floors()
    findings = lint.Findings()
    reach = list(lint.rows("reach.txt"))
    prefixes = [words[:2] for words in lint.rows("prefixes.txt")]
    every = list(symbols(build))
    owners = {}
    for path, kind, name in every:
        if kind != "U":
            owners.setdefault(name, []).append(path)
    for path, kind, name in every:
        findings.seen += 1
        module = os.path.basename(path)[:-2]
        if kind != "U":
            if not name.startswith(module + "_") and not granted(prefixes, path, name):
                findings.add(path, 0, f"{name} does not begin with {module}_ (tests/lint/prefixes.txt)")
            if len(owners[name]) > 1 and owners[name][0] == path:
                findings.add(path, 0, f"{name} is also in {', '.join(owners[name][1:])}")
        elif name not in owners and not name.startswith("rehome__"):
            folder = floors.folder(path)
            if folder and floors.floor(folder) <= 4 and not granted(reach, path, name):
                findings.add(path, 0, f"{name} is foreign to floor {floors.floor(folder)} (tests/lint/reach.txt)")
    findings.end("symbols")


main(sys.argv[1])
