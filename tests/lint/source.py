"""source ROOT: what no other tool looks at: comments, sizes, guards, first lines."""
import os
import re
import sys

import lint

COLUMNS_MAX = 100
SOURCE_LINES_MAX = 800
SOURCE_LINES_GOOD = 500
HEADER_LINES_GOOD = 150
TOKEN = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*', re.S)


def slash_comments(text):
    """The lines that hold a // comment, strings and block comments left out."""
    for token in TOKEN.finditer(text):
        if token[0].startswith("//"):
            yield text.count("\n", 0, token.start()) + 1


def look(findings, path, text):
    lines = text.splitlines()
    for number in slash_comments(text):
        findings.add(path, number, "// is for scratch; write /* */")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            findings.add(path, number, f"longer than {COLUMNS_MAX} columns")
        if re.match(r"\s*typedef\s+(struct|enum|union)\b", line):
            findings.add(path, number, "no typedef of a struct, an enum or a union")
    header = path.endswith(".h")
    if not header and len(lines) > SOURCE_LINES_MAX:
        findings.add(path, 1, f"{len(lines)} lines, more than {SOURCE_LINES_MAX}: two modules")
    elif len(lines) > (HEADER_LINES_GOOD if header else SOURCE_LINES_GOOD):
        print(f"{path}:1: warning: {len(lines)} lines")
    if header:
        stem = os.path.basename(path)[:-2]
        guard = re.sub(r"[^A-Z0-9]", "_", path.upper())
        if not lines or not lines[0].startswith(f"/* {stem}: "):
            findings.add(path, 1, f"a header begins with `/* {stem}: ` and one sentence about it")
        if f"#ifndef {guard}" not in lines or f"#define {guard}" not in lines:
            findings.add(path, 1, f"the include guard is {guard}")


def main(root):
    findings = lint.Findings()
    for path in lint.files(root, ".c", ".h"):
        findings.seen += 1
        with open(os.path.join(root, path), encoding="utf-8") as source:
            look(findings, path, source.read())
    findings.end("files")


main(sys.argv[1])
