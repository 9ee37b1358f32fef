"""The files of the source tree, for the tests of rules."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = (".cpp", ".hpp", ".inl", ".cu", ".cuh")


def paths(*suffixes):
    """Files with one of the suffixes, relative to the root; those that git ignores and build folders left out."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:  # an unpacked archive
        names = [
            os.path.relpath(os.path.join(folder, name), ROOT) for folder, _, files in os.walk(ROOT) for name in files
        ]
        names = [name for name in names if not re.match(r"(build|\.)", name)]
    return sorted(name for name in names if name.endswith(suffixes) and (ROOT / name).is_file())


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def fail_with(problems, advice):
    """Prints what is wrong and ends the test."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} found. {advice}")
    raise SystemExit(bool(problems))
