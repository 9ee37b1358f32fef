"""Markdown taken apart: links, anchors, the command lines that it shows, the messages that it quotes."""

import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
SOURCE_FOLDERS = ("apps", "benchmarks", "core", "data", "examples", "models", "solvers", "tests", "training")
COMMAND = re.compile(r"^(?:build/)?(scorefield|scripts/[\w]+)(?:\s|$)")


def markdown_files():
    """Every Markdown file of the project, whether git knows it yet or not."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, text=True,
                            capture_output=True, check=False)
    names = listed.stdout.split()
    if listed.returncode != 0:  # not a clone
        found = [path.relative_to(ROOT) for path in ROOT.glob("**/*.md")]
        names = [str(path) for path in found if not path.parts[0].startswith((".", "build"))]
    return [ROOT / name for name in sorted(names) if (ROOT / name).exists()]


class Page:
    def __init__(self, path):
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.lines = path.read_text(encoding="utf-8").splitlines()
        self.code, self.prose = [], []  # (line number, text)
        fenced = False
        for number, line in enumerate(self.lines, 1):
            if line.startswith("```"):
                fenced = not fenced
            else:
                (self.code if fenced else self.prose).append((number, line))

    def spans(self):
        """(line number, text) of everything between single back quotes."""
        for number, line in self.prose:
            for text in re.findall(r"`([^`]+)`", line.replace("\\|", "|")):
                yield number, text

    def links(self):
        for number, line in self.prose:
            if line.startswith("    "):  # an equation
                continue
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                yield number, target

    def anchors(self):
        """The anchors of headings, as GitHub makes them."""
        titles = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", line.lstrip("#").strip()) for _, line in self.prose
                  if re.match(r"#+ ", line)]
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

    def command_lines(self):
        """(line number, words) of every command shown, comments left out."""
        shown = [(number, line.strip()) for number, line in self.code] + list(self.spans())
        for number, text in shown:
            for part in text.split("&&"):
                if COMMAND.match(part.strip()):
                    yield number, shlex.split(part, comments=True)


def source_literals():
    """All text in quotes of the sources and scripts, pieces that the compiler joins joined."""
    text = ""
    for pattern in ("**/*.cpp", "**/*.hpp"):
        for folder in ("apps", "core", "data", "models", "solvers", "training"):
            for path in sorted((ROOT / folder).glob(pattern)):
                text += path.read_text(encoding="utf-8") + "\n"
    text = re.sub(r'"\s*\n\s*"', "", text)
    scripts = "\n".join((ROOT / "scripts" / name).read_text(encoding="utf-8") for name in ("setup", "demo", "test"))
    return text.replace('\\"', '"') + scripts
