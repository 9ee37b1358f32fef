"""The documents against the program: links, command lines, the generated reference, quoted messages, the example.

usage: test_documents.py PATH_OF_SCOREFIELD
"""

import fnmatch
import functools
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from documents import ROOT, SOURCE_FOLDERS, Page, markdown_files, source_literals

sys.path.insert(0, str(ROOT / "scripts"))

from reference.program import Program  # noqa: E402

BINARY = None  # set below, from the command line
GENERATED = "docs/reference/"
FILE = re.compile(r".*\.(h5|[hc]pp|toml|py|pt)$")
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_.]*:?$|.*[|…]|.*\.\.\.$")  # PROBLEM, DATA.h5, gas|smc


def pages():
    return [Page(path) for path in markdown_files()]


class Known:
    """What the program knows: commands, their flags and keys, names of lists. Each help text is asked for once."""

    def __init__(self):
        self.program = Program(BINARY)
        self.commands = {name for name, _ in self.program.commands()}

    @functools.lru_cache(maxsize=None)
    def names(self, kind):
        return {entry["name"] for entry in self.program.json("list", kind)}

    @functools.lru_cache(maxsize=None)
    def help(self, *words):
        return self.program.help(*words)

    @functools.lru_cache(maxsize=None)
    def script_help(self, *words):
        done = subprocess.run([ROOT / words[0], *words[1:], "--help"], capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    @functools.lru_cache(maxsize=None)
    def all_keys(self):
        keys = {key.name: key for name in self.commands for key in self.help(name).keys}
        for problem in self.names("problems"):
            keys.update({key.name: key for key in self.help("generate", problem).keys})
        return keys

    def key_groups(self):
        return {name.split(".")[0] for name in self.all_keys()}

    def error_in(self, words):
        """What is wrong with a command line; None: nothing."""
        name = words[0].removeprefix("build/")
        return self.error_in_script(words) if name.startswith("scripts/") else self.error_in_command(words[1:])

    def error_in_script(self, words):
        script = ROOT / words[0]
        if not script.is_file():
            return f"there is no {words[0]}"
        kind = [word for word in words[1:2] if words[0] == "scripts/plot" and not word.startswith("-")]
        text = self.script_help(words[0], *kind)
        unknown = [word for word in words[1:] if word.startswith("--") and word.split("=")[0] not in text]
        return f"{words[0]} does not know {', '.join(unknown)}" if unknown or (kind and not text) else None

    def error_in_command(self, words):
        if not words or words[0] in ("--version", "--help") or PLACEHOLDER.match(words[0]):
            return None
        command = words[0]
        if command not in self.commands:
            return f"'{command}' is not a command"
        known = self.help(command)
        takes_value = {flag.name.split()[0]: " " in flag.name for flag in known.flags}
        positional, rest = [], list(words[1:])
        while rest:
            word = rest.pop(0)
            if not word.startswith("--"):
                positional.append(word)
                continue
            flag, _, value = word.partition("=")
            if flag not in takes_value:
                return f"'{command}' has no flag {flag}"
            if takes_value[flag] and not value:
                value = rest.pop(0) if rest else "VALUE"
            if error := self.error_in_value(command, flag, value, positional):
                return error
        return self.error_in_positional(command, positional)

    def error_in_value(self, command, flag, value, positional):
        if PLACEHOLDER.match(value):
            return None
        if flag == "--preset" and value not in self.names("presets"):
            return f"there is no preset '{value}'"
        if flag == "--method" and value != "auto" and value not in self.names("methods"):
            return f"there is no method '{value}'"
        if flag == "--set":
            key, _, setting = value.partition("=")
            problem = [word for word in positional[:1] if command == "generate" and word in self.names("problems")]
            keys = {entry.name: entry for entry in self.help(command, *problem).keys}
            if command == "generate" and not problem:
                keys = self.all_keys()
            return None if PLACEHOLDER.match(key) else self.error_in_setting(keys, key, setting)
        return None

    @staticmethod
    def error_in_setting(keys, key, setting):
        if key not in keys:
            return f"there is no option key '{key}'"
        words = keys[key].expected.split(" | ")
        if len(words) > 1 and setting and not PLACEHOLDER.match(setting) and setting.strip("'\"") not in words:
            return f"'{key}' does not take '{setting}'"
        return None

    def error_in_positional(self, command, positional):
        lists = {"generate": "problems", "sample": "targets", "compare": "experiments"}
        for word in positional[:1]:
            if command == "list" and not set(word.split("|")) <= set(self.help("list").usage.split()[2].split("|")):
                return f"there is no list '{word}'"
            if command in lists and not PLACEHOLDER.match(word) and "." not in word and word not in self.names(lists[command]):
                return f"'{word}' is not among the {lists[command]}"
        return None


@functools.lru_cache(maxsize=None)
def known_words():
    return Known()


class Links(unittest.TestCase):
    def test_relative_links_and_anchors_exist(self):
        broken = []
        for page in pages():
            for number, target in page.links():
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                path = (page.path.parent / name).resolve() if name else page.path
                if not path.exists() or (anchor and anchor not in Page(path).anchors()):
                    broken.append(f"{page.name}:{number}: {target}")
        self.assertFalse(broken, "\n" + "\n".join(broken))

    def test_source_files_in_the_text_exist(self):
        sources = {"/" + path.relative_to(ROOT).as_posix() for folder in SOURCE_FOLDERS
                   for path in (ROOT / folder).glob("**/*.[chp]*")}
        gone = []
        for page in pages():
            for number, text in page.spans():
                is_file = re.fullmatch(r"[a-z][\w/]*\.([ch]pp|\*)", text) and not page.name.startswith(GENERATED)
                if is_file and text[:-2] not in known_words().key_groups() and not fnmatch.filter(sources, "*/" + text):
                    gone.append(f"{page.name}:{number}: {text}")
        self.assertFalse(gone, "\n" + "\n".join(gone))

    def test_no_picture_is_large(self):
        large = [path.name for path in (ROOT / "docs" / "pictures").iterdir() if path.stat().st_size > 300_000]
        self.assertEqual(large, [])


class CommandLines(unittest.TestCase):
    def test_every_command_line_names_what_exists(self):
        known, wrong, seen = known_words(), [], 0
        for page in pages():
            for number, words in page.command_lines():
                seen += 1
                if error := known.error_in(words):
                    wrong.append(f"{page.name}:{number}: {error}")
        self.assertFalse(wrong, "\n" + "\n".join(wrong))
        self.assertGreater(seen, 100)

    def test_wrong_command_lines_are_found(self):
        known = known_words()
        for line, words in (("scorefield trian data.h5", "not a command"),
                            ("scorefield train data.h5 --steeps 3", "no flag"),
                            ("scorefield train data.h5 --set loss.nmae=dice", "no option key"),
                            ("scorefield train data.h5 --set loss.name=disc", "does not take"),
                            ("scorefield train data.h5 --preset deom", "no preset"),
                            ("scorefield generate two-streem", "problems"),
                            ("scorefield sample banana --method mpn", "no method"),
                            ("scripts/dmeo", "there is no"), ("scripts/demo --quik", "does not know")):
            self.assertIn(words, known.error_in(line.split()) or "", line)

    def test_every_option_key_in_the_text_exists(self):
        keys = known_words().all_keys()
        prefixes = known_words().key_groups()
        wrong = []
        for page in pages():
            for number, text in page.spans():
                match = re.fullmatch(r"([a-z_0-9]+\.[a-z_0-9]+)(?:\s*=\s*(\S+))?", text)
                if not match or match.group(1).split(".")[0] not in prefixes or FILE.match(match.group(1)):
                    continue
                if error := Known.error_in_setting(keys, match.group(1), match.group(2) or ""):
                    wrong.append(f"{page.name}:{number}: {error}")
        self.assertFalse(wrong, "\n" + "\n".join(wrong))


class Reference(unittest.TestCase):
    def test_the_committed_pages_are_what_the_program_says(self):
        done = subprocess.run([sys.executable, ROOT / "scripts" / "make_reference", BINARY, "--check"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Messages(unittest.TestCase):
    def test_quoted_messages_are_in_the_sources(self):
        literals, missing, seen = source_literals(), [], 0
        for number, line in Page(ROOT / "docs" / "troubleshooting.md").prose:
            match = re.match(r"\| `([^`]+)` \|", line)
            for piece in match.group(1).split("…") if match else []:
                seen += 1
                if piece.strip() and piece.strip(" ") not in literals:
                    missing.append(f"{number}: {piece}")
        self.assertFalse(missing, "\n" + "\n".join(missing))
        self.assertGreater(seen, 40)


class Style(unittest.TestCase):
    def test_numbers_have_a_leading_zero(self):
        wrong = [f"{page.name}:{number}: {line.strip()[:100]}" for page in pages() for number, line in page.prose
                 if re.search(r"(?:^|[\s(\[|*~=-])\.\d", re.sub(r"`[^`]*`", "", line))]
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_prose_fits_into_120_columns(self):
        wrong = [f"{page.name}:{number}" for page in pages()
                 if re.match(r"[A-Z]+\.md|docs/", page.name) and not page.name.startswith(GENERATED)
                 for number, line in page.prose if len(line) > 120 and not line.startswith(("|", "![", "    ", "["))]
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def test_one_version(self):
        version = re.search(r"project\(scorefield VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertIn(f"\nversion: {version}\n", (ROOT / "CITATION.cff").read_text())
        dated = re.findall(r"^## \[([\d.]+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
        self.assertEqual(dated[0], version)


class OwnArrays(unittest.TestCase):
    """The example of docs/getting-started.md, as a reader types it, with two seconds of training."""

    def test_arrays_become_a_judged_prediction(self):
        text = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
        section = text.split("## Your own arrays")[1].split("\n## ")[0]
        script, commands = re.findall(r"```python\n(.*?)```\s*```\n(.*?)```", section, re.DOTALL)[0]
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "make_runs.py").write_text(script, encoding="utf-8")
            subprocess.run([sys.executable, "make_runs.py"], cwd=folder, check=True)
            for line in commands.strip().splitlines():
                words = line.replace("--time-limit 20s", "--time-limit 2s").split()
                self.assertEqual(words[0], "scorefield")
                done = subprocess.run([BINARY, *words[1:], "--quiet"], cwd=folder, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, f"{line}\n{done.stderr}")
        self.assertIn("moments", done.stdout.lower())
        self.assertIn("floor", done.stdout)
        self.assertNotIn("warning", done.stdout)


if __name__ == "__main__":
    BINARY = str(pathlib.Path(sys.argv.pop()).resolve())
    unittest.main()
