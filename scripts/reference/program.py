"""The program, asked: help texts taken apart, lists and results as JSON."""

import dataclasses
import json
import os
import re
import subprocess


class ProgramError(Exception):
    """A command of the reference did not end well; the message is the program's."""


@dataclasses.dataclass
class Flag:
    name: str  # "--output DATA.h5"
    text: str
    common: bool  # a flag of every command


@dataclasses.dataclass
class Key:
    name: str
    default: str
    expected: str  # words or range; "" for free text
    text: str


@dataclasses.dataclass
class Help:
    """What `COMMAND --help` says."""

    command: str
    summary: str
    usage: str
    flags: list
    keys: list
    examples: list
    rest: str  # what follows the examples

    def own_flags(self):
        return [flag for flag in self.flags if not flag.common]


class Program:
    def __init__(self, binary):
        self.binary = str(binary)

    def run(self, *arguments, folder=None):
        environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, check=False, cwd=folder,
                              env=environment)
        if done.returncode != 0:
            raise ProgramError(f"scorefield {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *arguments, folder=None):
        return json.loads(self.run(*arguments, "--json", "--quiet", "--threads", "1", folder=folder))

    def commands(self):
        """(name, summary) of every command, in the order of the overview."""
        overview = self.run("--help").split("Commands:\n")[1].split("\n\n")[0]
        return [tuple(line.split(maxsplit=1)) for line in overview.splitlines()]

    def help(self, *words):
        return parse_help(words[0], self.run(*words, "--help"))


FLAG = re.compile(r"  (--\S+(?: \S+)?) {2,}(.*)")
KEY = re.compile(r"  ([a-z0-9_]+(?:\.[a-z0-9_]+)+) = (.*)")


def parse_help(command, text):
    summary = text.split("\n", 1)[0].split(": ", 1)[1]
    usage = re.search(r"^Usage: (.*)$", text, re.MULTILINE).group(1)
    body, _, tail = text.partition("\nExamples:\n")
    examples, _, rest = tail.partition("\n\n")
    flags, keys, common = [], [], False
    lines = body.splitlines()
    for number, line in enumerate(lines):
        common = common or line.startswith("Flags of every command")
        if match := FLAG.match(line):
            flags.append(Flag(match.group(1), match.group(2).strip(), common))
        elif match := KEY.match(line):
            default, _, expected = match.group(2).partition("   (")
            keys.append(Key(match.group(1), default, expected.rstrip().removesuffix(")"), lines[number + 1].strip()))
    return Help(command, summary, usage, flags, keys, [line.strip() for line in examples.splitlines() if line.strip()], rest)
