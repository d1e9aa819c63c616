"""fsm.py ROOT [--fix]: the state tables of the code, as the diagrams of docs/fsm.

A page says `<!-- table: FILE -->` before a mermaid fence; the fence has to hold the transitions of the table `moves` of
that file, in its order. --fix writes them there. Exit 0: all pages are as the code is; 1: not, each with page and line;
2: no page has a table."""
import glob
import os
import re
import sys

FENCE = re.compile(r"<!-- table: (\S+) -->\n```mermaid\n(.*?)```\n", re.S)


def of_inputs(text):
    """[STATE] = { [INPUT] = TO(STATE) }: one arrow for each."""
    for state, inputs in re.findall(r"\[STATION_(\w+)\]\s*=\s*\{(.*?)\}", text, re.S):
        for name, to in re.findall(r"\[INPUT_(\w+)\]\s*=\s*TO\((\w+)\)", inputs):
            yield state, to, name.lower().replace("_", " ")


def of_masks(text, defines):
    """[STATE] = BIT(STATE) | ...: one arrow for each."""
    for state, mask in re.findall(r"\[LEG_(\w+)\]\s*=\s*([^,]*),", text):
        for name, body in defines:
            mask = mask.replace(name, body)
        for to in re.findall(r"BIT\((\w+)\)", mask):
            yield state, to, ""


def diagram(path):
    """The table of a file as a mermaid state diagram."""
    with open(path, encoding="utf-8") as source:
        text = source.read()
    table = re.search(r"\bmoves\[.*?\]\s*=\s*\{(.*?)\n\};", text, re.S)
    arrows = []
    if table:
        defines = re.findall(r"#define (ESTABLISHED)\s+(.*)", text)
        arrows = list(of_inputs(table[1])) or list(of_masks(table[1], defines))
    lines = [f"    {a.lower()} --> {b.lower()}{': ' + why if why else ''}" for a, b, why in arrows if why or a != b]
    return "stateDiagram-v2\n" + "\n".join(lines) + "\n" if lines else None


def main(root, fix):
    """Compare, or fix, all pages."""
    seen, wrong = 0, 0
    for page in sorted(glob.glob(os.path.join(root, "docs", "fsm", "*.md"))):
        with open(page, encoding="utf-8") as source:
            old = source.read()
        new = old
        for found in FENCE.finditer(old):
            seen += 1
            wanted = diagram(os.path.join(root, found[1]))
            line = old.count("\n", 0, found.start()) + 1
            if wanted is None:
                wrong += 1
                print(f"{page}:{line}: {found[1]} holds no table")
            elif found[2] != wanted:
                wrong += 0 if fix else 1
                new = new.replace(found[0], f"<!-- table: {found[1]} -->\n```mermaid\n{wanted}```\n")
                print(f"{page}:{line}: the diagram is not the table of {found[1]}")
        if fix and new != old:
            with open(page, "w", encoding="utf-8") as source:
                source.write(new)
    print(f"{seen} tables, {wrong} findings")
    sys.exit(1 if wrong else 0 if seen else 2)


main(sys.argv[1], "--fix" in sys.argv)
