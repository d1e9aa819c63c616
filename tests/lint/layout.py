#!/usr/bin/env python3
"""layout.py ROOT: at the top there is what was agreed, and nothing else.

Looks at what is kept in git, or at the folder itself if none of it is. Exits 0 (clean), 1 (findings) or 2 (saw nothing)."""
import os
import subprocess
import sys

AGREED = {"CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "SECURITY.md", "Vagrantfile", "check",
          "cluster", "demo", "deploy", "docs", "node", "proto", "rehome", "tests"}


def entries(root):
    kept = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True, check=False).stdout.splitlines()
    return sorted({path.split("/")[0] for path in kept} or set(os.listdir(root)))


found = entries(sys.argv[1])
if not found:
    print("saw no files: a gate that looks at nothing proves nothing")
    sys.exit(2)
strays = [name for name in found if name not in AGREED and not name.startswith(".")]
for name in strays:
    print(f"{name}:1: not of the agreed layout: it belongs into a folder, or into .gitignore")
sys.exit(1 if strays else 0)
