"""cmake ROOT: each library says the floor of its folder, and sources are named one by one."""
import os
import re
import sys

import lint

LIBRARY = re.compile(r"^\s*rehome_library\(\s*(\S+)(?:\s+FLOOR\s+(\d+))?")


def main(root):
    floors = lint.Floors()
    findings = lint.Findings()
    for path in lint.files(root, "CMakeLists.txt", ".cmake"):
        findings.seen += 1
        with open(os.path.join(root, path), encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                code = line.split("#")[0]
                if re.search(r"\bGLOB(_RECURSE)?\b", code):
                    findings.add(path, number, "name the sources, no GLOB")
                library = LIBRARY.match(code)
                folder = library and floors.folder(path)
                if library and folder is None:
                    findings.add(path, number, f"{library[1]} is on no floor (tests/lint/floors.txt)")
                elif library and library[2] != str(floors.floor(folder)):
                    findings.add(path, number, f"{library[1]} is on floor {floors.floor(folder)}")
    findings.end("files")


main(sys.argv[1])
