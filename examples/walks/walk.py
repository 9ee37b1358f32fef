"""What the walks share: their arguments, the commands that they run and print, and what came out."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Walk:
    """Runs commands of the program in a folder and shows them as a user would type them."""

    def __init__(self, description):
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--scorefield", default=ROOT / "build/scorefield", type=pathlib.Path, help="the program")
        parser.add_argument("--output", type=pathlib.Path, help="folder for all files; a temporary one without it")
        parser.add_argument("--small", action="store_true", help="a minute's test that everything works, not how well")
        parser.add_argument("--threads", default="0", help="of the program; 0: all")
        self.options = parser.parse_args()
        self.program = self.options.scorefield.resolve()
        self.small = self.options.small
        self._temporary = None if self.options.output else tempfile.TemporaryDirectory(prefix="scorefield-walk-")
        self.folder = self.options.output or pathlib.Path(self._temporary.name)
        self.folder.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments):
        """One command of the program; its answer goes to the terminal."""
        words = [str(word) for word in arguments]
        print("\n$ scorefield " + " ".join(_quoted(word) for word in words), flush=True)
        threads = [] if self.options.threads == "0" else ["--threads", self.options.threads]
        self._run([str(self.program), *words, "--quiet", *threads])

    def script(self, name, *arguments):
        """A script of scripts/."""
        print(f"\n$ scripts/{name} " + " ".join(str(word) for word in arguments), flush=True)
        self._run([sys.executable, str(ROOT / "scripts" / name), *map(str, arguments)])

    def _run(self, command):
        done = subprocess.run(command, cwd=self.folder, check=False)
        if done.returncode != 0:
            sys.exit(f"{command[0]} ended with exit code {done.returncode}")

    def print_errors(self, where):
        """Model, nearest run and mixture in what they are compared by; the means, as in mean_errors()."""
        mean = self.mean_errors()
        print(f"\nat {where}, which was not trained on:")
        for title, key in (("electric energy", "electric_energy_error"), ("phase space, sliced W2", "sliced_w2"),
                           ("phase space, total variation", "total_variation")):
            stem = key.removesuffix("_error")
            print(f"{title}: model {mean[key]:.3f}, nearest run {mean[stem + '_nearest']:.3f}, "
                  f"mixture {mean[stem + '_mixture']:.3f}")
        return mean

    def mean_errors(self):
        """The means over mu of evaluation.json."""
        return json.loads((self.folder / "evaluation.json").read_text(encoding="utf-8"))["mean"]


def _quoted(word):
    return f"'{word}'" if any(letter in word for letter in "{}%*()") else word
