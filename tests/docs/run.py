"""run.py ROOT PAGE...: every command that the pages show, run; every line that they show, found again.

A fence of the kind `console` is a transcript: a line with `$ ` is a command, what follows it is what one sees (both
streams). It is found again if some line of the real output is the same but for numbers, spaces, and what stands for an
ellipsis. A fence of the kind `sh` is a list of commands. A command ends well, unless a comment says ` # exit N` or ` # exit N or M`. The
commands of one page are run in order by one shell, in a folder that looks like the root of the repository.

Some are run in another way: scenarios in virtual time, because there are many and each takes a minute; `watch` and
`--follow` for a moment; ./demo and ./check, which call this, not at all. A fence of any other kind is not looked at, but a
`rehome` command in the text itself has to exist, with its options.

Exit 0: all is true; 1: something is not, each with page and line; 2: the pages show nothing."""
import os
import re
import subprocess
import sys

MARK = "@@@ "
COMMAND_S = 120
INLINE = re.compile(r"`(?:\./)?rehome ([a-z]+)((?: [^`]*)?)`")


def shape(line):
    """A line without what differs from run to run; the parts between ellipses."""
    line = re.sub(r"[0-9a-f]{16}", "#", line)
    line = re.sub(r"[0-9]+([.:][0-9]+)*", "#", line)
    return [" ".join(part.split()) for part in line.split("…")]


def like(parts, line):
    """Whether the parts stand in the line, in order, nothing before the first or after the last."""
    line = shape(line)[0]
    if not line.startswith(parts[0]) or not line.endswith(parts[-1]):
        return False
    at = 0
    for part in parts:
        at = line.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


class Step:
    """A command of a page, how it has to end, and what it has to print."""

    def __init__(self, page, number, text):
        self.page, self.number, self.shown = page, number, []
        command, _, comment = text.partition(" # ")
        self.command = command.strip()
        wanted = re.match(r"\s*exit (\d+(?: or \d+)*)", comment)
        self.exits = wanted[1].split(" or ") if wanted else ["0"]
        self.printed, self.ended = [], None

    def to_run(self):
        """The command as it is run here."""
        command = self.command
        if re.match(r"\./(demo|check)\b", command):
            return "true"
        if "scenario run" in command:
            command = command.replace("scenario run", "sim --seeds 1 --scenario")
            return re.sub(r" --here\b", "", command)
        if re.match(r"\./rehome watch\b", command):
            return f"printf q | TERM=xterm script -qec '{command}' /dev/null >/dev/null"
        if "--follow" in command:
            return f"timeout --preserve-status -s INT 2 {command} >/dev/null || [ $? = 130 ]"
        return command

    def complaints(self):
        """What is not as the page says."""
        if self.ended is None:
            yield "was never reached"
            return
        if self.ended not in self.exits:
            yield f"ends with {self.ended}, not {' or '.join(self.exits)}: {' / '.join(self.printed[-3:])}"
        if self.to_run() != self.command:
            return  # what it prints then is another matter
        for number, line in self.shown:
            parts = shape(line)
            if any(parts) and not any(like(parts, real) for real in self.printed):
                yield f"line {number} is not what it prints: {line.strip()}"


def read(page):
    """The steps of a page, and the commands that its sentences name."""
    steps, named, kind = [], [], None
    with open(page, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            fence = re.match(r"\s*```(\w*)", line)
            if fence:
                kind = fence[1] or "plain" if kind is None else None
            elif kind is None:
                named += [(number, word, rest) for word, rest in INLINE.findall(line)]
            elif kind == "console" and line.startswith("$ "):
                steps.append(Step(page, number, line[2:]))
            elif kind == "console" and steps:
                steps[-1].shown.append((number, line))
            elif kind == "sh" and line.strip() and not line.startswith("#"):
                steps.append(Step(page, number, line))
    return steps, named


def play(root, steps):
    """Run the steps of a page."""
    if not steps:
        return
    script = "".join(
        f"echo; echo '{MARK}{i}'; ( exit ${{status:-0}} ); {step.to_run()}\nstatus=$?\necho; echo '{MARK}{i} '$status\n"
        for i, step in enumerate(steps))
    done = subprocess.run(["bash", "-c", script], cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=COMMAND_S * len(steps), check=False)
    now = None
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            words = line[len(MARK):].split()
            now = steps[int(words[0])]
            now.ended = words[1] if len(words) > 1 else now.ended
        elif now is not None:
            now.printed.append(line)


def unknown(root, named):
    """Commands and options in sentences that do not exist."""
    for number, word, rest in named:
        done = subprocess.run(["./rehome", word, "--help"], cwd=root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield number, f"there is no `rehome {word}`"
            continue
        for option in re.findall(r"--[a-z-]+", rest):
            if not re.search(rf"{option}\b", done.stdout):
                yield number, f"`rehome {word}` has no {option}"


def main(root, pages):
    """Look at all pages."""
    seen, wrong = 0, 0
    for page in pages:
        steps, named = read(page)
        seen += len(steps) + len(named)
        play(root, steps)
        found = [(step.number, f"{step.command}: {text}") for step in steps for text in step.complaints()]
        found += unknown(root, named)
        wrong += len(found)
        for number, text in sorted(found):
            print(f"{os.path.relpath(page)}:{number}: {text}")
        print(f"{os.path.relpath(page)}: {len(steps)} commands, {len(named)} in sentences, {len(found)} findings")
    sys.exit(1 if wrong else 0 if seen else 2)


main(sys.argv[1], sys.argv[2:])
