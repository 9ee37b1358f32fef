"""The version stands in CMakeLists.txt; what names it for readers says the same. Usage: check_version.py VERSION"""

import re
import sys

from tree import fail_with, text_of

PLACES = {
    "CITATION.cff": r"^version: (\S+)$",
    "CHANGELOG.md": r"^## \[(\d[^\]]*)\]",  # the newest release, below what is not released yet
}


def check(version):
    problems = []
    for path, pattern in PLACES.items():
        found = re.search(pattern, text_of(path), re.MULTILINE)
        if not found or found[1] != version:
            problems.append(f"{path} says {found[1] if found else 'nothing'}, CMakeLists.txt {version}")
    fail_with(problems, "A release changes the version in CMakeLists.txt and in these.")


check(sys.argv[1])
