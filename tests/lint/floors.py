"""floors ROOT: every #include goes to its own folder or to a lower floor, and to system headers it may have."""
import fnmatch
import os
import re
import sys

import lint

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def may_have(header, folder, floor):
    """Whether `folder` may include the system header."""
    listed = False
    for words in lint.rows("headers.txt"):
        patterns = [word for word in words if word.endswith((".h", "/*"))]
        if any(fnmatch.fnmatch(header, pattern) for pattern in patterns):
            listed = True
            if any(fnmatch.fnmatch(folder, owner) for owner in words if owner not in patterns):
                return True
    return not listed and floor >= 5


def judge(root, floors, path, quoted, system):
    """What is wrong with one include, or None."""
    folder = floors.folder(path)
    floor = floors.floor(folder)
    if system:
        return None if may_have(system, folder, floor) else f"<{system}> is not for {folder}"
    if quoted.endswith(".pb-c.h"):
        codec = folder == "proto" and path.endswith(".c")
        return None if codec or folder == "tests" else f'"{quoted}" is for the codec files of proto'
    if not os.path.exists(os.path.join(root, quoted)):
        return f'"{quoted}" is not a path from the root of the repository'
    target = floors.folder(quoted)
    if target is None:
        return f'"{quoted}" is on no floor (tests/lint/floors.txt)'
    if target != folder and floors.floor(target) > floors.highest(folder):
        return f'"{quoted}" is not below {folder}'
    return None


def main(root):
    floors = lint.Floors()
    findings = lint.Findings()
    for path in lint.files(root, ".c", ".h"):
        findings.seen += 1
        if floors.folder(path) is None:
            findings.add(path, 1, "is on no floor (tests/lint/floors.txt)")
            continue
        with open(os.path.join(root, path), encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                include = INCLUDE.match(line)
                wrong = include and judge(root, floors, path, include[1], include[2])
                if wrong:
                    findings.add(path, number, wrong)
    findings.end("files")


main(sys.argv[1])
