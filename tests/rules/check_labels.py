"""Every test has a label of the list, and every label has a test. Usage: check_labels.py CTEST BUILD_FOLDER"""

import json
import subprocess
import sys

from tree import fail_with

LABELS = {"unit", "physics", "failure", "cli", "install", "cuda", "slow"}


def labels_of(test):
    return {label for prop in test.get("properties", []) if prop["name"] == "LABELS" for label in prop["value"]}


def check(ctest, folder):
    listed = subprocess.run(
        [ctest, "--test-dir", folder, "--show-only=json-v1"], capture_output=True, text=True, check=True
    )
    tests = {test["name"]: labels_of(test) for test in json.loads(listed.stdout)["tests"]}
    problems = [
        f"test {name} has no label" for name, labels in tests.items() if not labels and not name.endswith("_NOT_BUILT")
    ]
    problems += [
        f"test {name} has the unknown label {label}" for name, labels in tests.items() for label in labels - LABELS
    ]
    problems += [f"no test has the label {label}" for label in sorted(LABELS - set().union(*tests.values()))]
    fail_with(problems, f"Labels: {' '.join(sorted(LABELS))}; they are given in tests/CMakeLists.txt.")


check(*sys.argv[1:])
