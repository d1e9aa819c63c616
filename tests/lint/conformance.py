#!/usr/bin/env python3
"""conformance.py [--write] ROOT: docs/conformance.md, made of the checklist and of what the tests say of themselves.

A comment `conforms: 5, 23` on the line above a test shows these rows of the checklist (conformance.txt):

    /* conforms: 42 */                                  # conforms: 44
    static void test_pg_tcd__…(void **state)            @test "…" {

    /* conforms: 5 */                                   # conforms: 57
    {"S1-PHONES", "…", …},   (cluster/check)            name: …   (deploy/scenarios)

With --write the page is written, without it compared. A row is shown by at least one test, or says why it is not:
"simplified" rows have both, "left out" rows no test; both name an ADR.
"""
import os
import re
import sys

from lint import Findings, files

ROWS = "tests/lint/conformance.txt"
PAGE = "docs/conformance.md"
TAG = re.compile(r"^\s*(?:/\*|#)\s*conforms:\s*([0-9, ]+?)\s*(?:\*/)?\s*$")
SUBJECTS = [  # what may follow a tag: files, pattern, how it is called on the page
    (re.compile(r"^tests/unit/test_\w+\.c$"), re.compile(r"^static void (test_\w+__\w+)\(void \*\*"), "`{}`"),
    (re.compile(r"^tests/command/\w+\.bats$"), re.compile(r'^@test "(.+)" \{$'), "{file}: {}"),
    (re.compile(r"^cluster/check/\w+\.c$"), re.compile(r'^\s*\{"([A-Z0-9-]+)",'), "check {}"),
    (re.compile(r"^deploy/scenarios/[\w-]+\.yaml$"), re.compile(r"^name: ([\w-]+)$"), "scenario {}"),
]
HEAD = """# Conformance

What the field's design guide says of redundancy, row by row, and what shows it here. This page is made by
`tests/lint/conformance.py --write .` of [the checklist](../tests/lint/conformance.txt) and of the tests, and compared with
them by lint. A name in `code` is a unit test; a check (`rehome explain S1-PHONES`) is judged in every run of its scenario, on
real processes and in the simulation; the others are files of `tests/command`.

| # | behaviour | shown by |
|---|---|---|
"""


def read_rows(root, found):
    """number -> (line, behaviour, how, adr)"""
    rows = {}
    path = os.path.join(root, ROWS)
    if not os.path.exists(path):
        return rows
    with open(path, encoding="utf-8") as table:
        for at, line in enumerate(table, 1):
            if line.startswith("#") or not line.strip():
                continue
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) != 4 or not cells[0].isdigit() or int(cells[0]) in rows:
                found.add(ROWS, at, "not a row: number | behaviour | how | ADR, each number once")
                continue
            rows[int(cells[0])] = (at, *cells[1:])
    return rows


def read_tags(root, rows, found):
    """number -> names of what shows it"""
    shown = {number: [] for number in rows}
    for path in files(root, ".c", ".bats", ".yaml"):
        subject = next(((pattern, text) for where, pattern, text in SUBJECTS if where.match(path)), None)
        with open(os.path.join(root, path), encoding="utf-8") as source:
            lines = source.read().split("\n")
        for at, line in enumerate(lines, 1):
            tag = TAG.match(line)
            if not tag:
                continue
            name = subject[0].match(lines[at]) if subject and at < len(lines) else None
            if not name:
                found.add(path, at, "a tag without a test, a check or a scenario on the next line")
                continue
            if path.startswith("tests/unit/") and sum(name[1].split("__")[1] in line for line in lines) < 2:
                found.add(path, at, f"{name[1]} is in no list of tests")
            for number in map(int, re.findall(r"\d+", tag[1])):
                if number in shown:
                    shown[number].append(subject[1].format(name[1], file=os.path.basename(path)))
                else:
                    found.add(path, at, f"there is no row {number}")
    return shown


def adr_of(root, number):
    """The file of an ADR, or None."""
    folder = os.path.join(root, "docs/adr")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return next((name for name in sorted(names) if number and name.startswith(number + "-")), None)


def make_page(root, rows, shown, found):
    text = HEAD
    for number, (at, behaviour, how, adr) in sorted(rows.items()):
        simplified, left_out = how.startswith("simplified: "), how.startswith("left out: ")
        file = adr_of(root, adr)
        if how and not simplified and not left_out:
            found.add(ROWS, at, f"row {number} is neither simplified nor left out")
        if how and not file:
            found.add(ROWS, at, f"row {number} differs, and there is no ADR {adr or 'named'} that says why")
        if left_out and shown[number]:
            found.add(ROWS, at, f"row {number} is left out, and shown by {shown[number][0]}")
        if not left_out and not shown[number]:
            found.add(ROWS, at, f"nothing shows row {number}: {behaviour}")
        cells = [f"**{how.split(':')[0]}:**{how.split(':', 1)[1]} ([ADR {adr}](adr/{file}))"] if how else []
        text += f"| {number} | {behaviour} | {'<br>'.join(cells + shown[number])} |\n"
    return text


def main():
    write = "--write" in sys.argv
    root = [word for word in sys.argv[1:] if word != "--write"][0]
    found = Findings()
    rows = read_rows(root, found)
    shown = read_tags(root, rows, found)
    found.seen = len(rows)
    text = make_page(root, rows, shown, found)
    path = os.path.join(root, PAGE)
    if write:
        with open(path, "w", encoding="utf-8") as page:
            page.write(text)
    elif rows:
        committed = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        if committed != text:
            found.add(PAGE, 0, "is not what the tests say: run tests/lint/conformance.py --write .")
    found.end("rows of the checklist")


main()
