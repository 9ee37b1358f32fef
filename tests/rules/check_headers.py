"""Every header compiles alone: a source that includes nothing else is valid. Usage:
check_headers.py plain|torch INCLUDE_FOLDERS COMPILER...   (folders apart by ':'; torch: headers that need LibTorch)
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from tree import ROOT, fail_with, paths, text_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', re.MULTILINE)
LIBTORCH = re.compile(r"(torch|ATen|c10)/")
OUTSIDE = ("tests/cli/consumer", "examples/")  # built against the installed package


def needs_torch(header, known):
    """Whether the header includes one of LibTorch's, itself or through others of the tree."""
    if header not in known:
        known[header] = False
        known[header] = any(
            LIBTORCH.match(other) or ((ROOT / other).is_file() and needs_torch(other, known))
            for other in INCLUDE.findall(text_of(header))
        )
    return known[header]


def check(group, folders, compiler):
    known = {}
    headers = [
        header
        for header in paths(".hpp", ".cuh")
        if not header.startswith(OUTSIDE)
        and not header.endswith(".cuh")
        and needs_torch(header, known) == (group == "torch")
    ]
    # Named again, the compiler's own folder would come before what its headers include next.
    named = [folder for folder in folders.split(":") if folder not in ("", "/usr/include")]
    includes = [f"-I{ROOT}"] + [part for folder in named for part in ("-isystem", folder)]

    with tempfile.TemporaryDirectory() as folder:

        def errors(header):
            source = f"{folder}/{re.sub('[^a-z0-9_]', '_', header)}.cpp"
            with open(source, "w", encoding="utf-8") as file:
                file.write(f'#include "{header}"\n')
            done = subprocess.run(
                [*compiler, *includes, "-O0", "-fsyntax-only", source],
                capture_output=True,
                text=True,
                check=False,
                cwd=ROOT,
            )
            return [] if done.returncode == 0 else [header, done.stderr[:2000]]

        with ThreadPoolExecutor(2) as workers:
            problems = [line for lines in workers.map(errors, headers) for line in lines]
    print(f"{len(headers)} headers")
    fail_with(problems, "Include what the header uses.")


check(sys.argv[1], sys.argv[2], sys.argv[3:])
