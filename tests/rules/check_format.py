"""Every C++ source is what clang-format of the pinned release makes of it. The release comes from PyPI: scripts/setup
--tests installs it into .venv. Else it is looked for in $SCOREFIELD_CLANG_FORMAT and on the path; where there is none,
the test is skipped."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tree import CODE, ROOT, fail_with, paths

RELEASE = "18.1.8"  # scripts/setup reads it here
SKIPPED = 77


def clang_format():
    wanted = [
        os.environ.get("SCOREFIELD_CLANG_FORMAT"),
        ROOT / ".venv" / "bin" / "clang-format",
        shutil.which("clang-format"),
        shutil.which("clang-format-18"),
    ]
    for program in wanted:
        if not program or not os.access(program, os.X_OK):
            continue
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        if f" {RELEASE}" in said:
            return program
    return None


def differences(program, files):
    done = subprocess.run(
        [program, "--dry-run", "--Werror", *files], capture_output=True, text=True, check=False, cwd=ROOT
    )
    lines = done.stderr.splitlines()
    found = sorted({line.split(":")[0] for line in lines if "clang-format-violations" in line})
    return found if found or done.returncode == 0 else lines[:5]


def check():
    program = clang_format()
    if program is None:
        print(f"no clang-format {RELEASE} here: scripts/setup --tests installs it")
        sys.exit(SKIPPED)
    files = paths(*CODE)
    with ThreadPoolExecutor(2) as workers:
        batches = [files[i : i + 40] for i in range(0, len(files), 40)]
        found = [file for batch in workers.map(lambda batch: differences(program, batch), batches) for file in batch]
    fail_with(found, f"clang-format -i, release {RELEASE}, settles it.")


check()
