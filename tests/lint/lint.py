"""What the lints share: the tables, the files of a tree, and how a finding is told."""
import fnmatch
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = {"build", ".git", "planted", "node_modules"}


def rows(name):
    """The rows of a table: words of each line, without comments and empty lines."""
    with open(os.path.join(HERE, name), encoding="utf-8") as table:
        for line in table:
            words = line.split("#")[0].split()
            if words:
                yield words


def files(root, *suffixes):
    """Paths below `root` with one of the suffixes, relative to it and sorted."""
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in SKIPPED and not name.startswith("build-")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(suffixes)]
    return sorted(found)


class Floors:
    """floors.txt: which folder a path belongs to, and what that folder may include."""

    def __init__(self):
        self.table = [(words[0], int(words[1]), words[2]) for words in rows("floors.txt")]

    def folder(self, path):
        """The folder of the table that holds `path`, or None. Each role is a folder of its own."""
        for pattern, _, _ in self.table:
            depth = pattern.count("/") + 1
            parts = path.split("/")
            head = "/".join(parts[:depth])
            if len(parts) > depth and fnmatch.fnmatch(head, pattern):
                return head
        return None

    def floor(self, folder):
        return next(floor for pattern, floor, _ in self.table if fnmatch.fnmatch(folder, pattern))

    def highest(self, folder):
        """The highest floor that `folder` may include besides itself."""
        floor, limit = next((f, m) for pattern, f, m in self.table if fnmatch.fnmatch(folder, pattern))
        return floor - 1 if limit == "-" else int(limit)


class Findings:
    """Collects findings, then ends the program: 0 clean, 1 found something, 2 saw nothing to look at."""

    def __init__(self):
        self.seen = 0
        self.found = 0

    def add(self, path, line, text):
        self.found += 1
        print(f"{path}:{line}: {text}" if line else f"{path}: {text}")

    def end(self, what):
        if self.seen == 0:
            print(f"saw no {what}: a gate that looks at nothing proves nothing")
            sys.exit(2)
        print(f"{self.seen} {what}, {self.found} findings")
        sys.exit(1 if self.found else 0)
