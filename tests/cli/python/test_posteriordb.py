"""scripts/posteriordb: its verdicts, a made-up collection, and, where the package stanli is installed, a whole suite.

usage: test_posteriordb.py PATH_OF_SCOREFIELD
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = None  # set below, from the command line
SEED = 5

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

from posterior_suite.collection import CollectionError, read_collection  # noqa: E402
from posterior_suite.comparison import compare, element_columns  # noqa: E402
from posterior_suite.table import write_table  # noqa: E402

MODEL = """data { vector[2] centre; }
parameters { vector[2] x; real u; }
transformed parameters { real s = exp(u); }
model { x ~ normal(centre, 2); u ~ normal(0, 0.5); }
"""


def draws(random, shift=0.0):
    """Chains of exact draws of MODEL with centre (1, 3)."""
    chains = []
    for _ in range(4):
        x = random.normal((1 + shift, 3), 2, size=(2500, 2))
        chains.append({"x[1]": list(x[:, 0]), "x[2]": list(x[:, 1]), "s": list(np.exp(random.normal(0, 0.5, 2500)))})
    return chains


def pack(path, name, content):
    path.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path / f"{name}.json.zip", "w") as archive:
        archive.writestr(f"{name}.json", json.dumps(content))


def make_collection(root):
    """Two posteriors of one model, the reference of the second beside the truth; one without its draws, one without any."""
    base = root / "posterior_database"
    (base / "posteriors").mkdir(parents=True)
    (base / "models" / "stan").mkdir(parents=True)
    (base / "models" / "stan" / "m.stan").write_text(MODEL, encoding="utf-8")
    pack(base / "data" / "data", "d", {"centre": [1, 3]})
    random = np.random.default_rng(SEED)
    reference = base / "reference_posteriors" / "draws" / "draws"
    pack(reference, "right", draws(random))
    pack(reference, "wrong", draws(random, shift=1))
    for name, draws_of in (("right", "right"), ("wrong", "wrong"), ("gone", "gone"), ("unknown", None)):
        (base / "posteriors" / f"{name}.json").write_text(
            json.dumps({"name": name, "model_name": "m", "data_name": "d", "reference_posterior_name": draws_of}), encoding="utf-8")


class Verdict(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(SEED)
        self.reference = {"a": self.random.normal(5, 3, size=(10, 1000)), "b": self.random.normal(0, 1e-3, size=(10, 1000))}
        self.exact = {"a": self.random.normal(5, 3, 4000), "b": self.random.normal(0, 1e-3, 4000)}

    def test_limits_are_in_reference_deviations(self):
        self.assertTrue(compare(self.exact, self.reference)["accepted"])
        shifted = compare({**self.exact, "b": self.exact["b"] + 2e-4}, self.reference)
        self.assertFalse(shifted["accepted"])
        self.assertEqual(shifted["mean_worst"], "b")
        self.assertAlmostEqual(shifted["mean_error"], 0.2, delta=0.05)
        wide = compare({**self.exact, "a": 5 + 1.15 * (self.exact["a"] - 5)}, self.reference)
        self.assertFalse(wide["accepted"])
        self.assertEqual(wide["deviation_worst"], "a")

    def test_what_is_not_a_number_is_not_accepted(self):
        broken = self.exact["a"].copy()
        broken[7] = np.nan
        self.assertFalse(compare({**self.exact, "a": broken}, self.reference)["accepted"])

    def test_weights_count(self):
        twice = {name: np.concatenate([values, values + 100]) for name, values in self.exact.items()}
        weights = np.repeat([1.0, 0.0], 4000)
        self.assertTrue(compare(twice, self.reference, weights)["accepted"])

    def test_elements_have_the_collections_names(self):
        columns = element_columns({"w": np.arange(12.0).reshape(2, 2, 3), "mu": np.zeros(2)})
        self.assertEqual(list(columns), ["w[1,1]", "w[1,2]", "w[1,3]", "w[2,1]", "w[2,2]", "w[2,3]", "mu"])
        np.testing.assert_array_equal(columns["w[2,3]"], [5, 11])


class Suite(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        make_collection(self.folder / "db")

    def test_posteriors_without_draws_are_left_out(self):
        found, left_out = read_collection(self.folder / "db")
        self.assertEqual([posterior.name for posterior in found], ["right", "wrong"])
        self.assertEqual([name for name, _ in left_out], ["gone"])
        self.assertEqual(found[0].reference()["x[2]"].shape, (4, 2500))
        with self.assertRaisesRegex(CollectionError, "whose name holds absent"):
            read_collection(self.folder / "db", ["absent"])
        with self.assertRaisesRegex(CollectionError, "no checkout of posteriordb"):
            read_collection(self.folder)

    def test_the_table_counts(self):
        right = {"posterior": "a", "accepted": True, "trusted": True, "failed_checks": [], "dimension": 2, "method": "gas",
                 "mean_error": 0.01, "deviation_error": 0.02, "gradients": 1000, "seconds": 2.0,
                 "nuts": {"gradients": 4000, "seconds": 1.0, "accepted": True}}
        wrong = {**right, "posterior": "b", "accepted": False, "nuts": None}
        alarm = {**right, "posterior": "c", "trusted": False, "failed_checks": ["stein"], "gradients": 5000}
        write_table(self.folder, [right, wrong, alarm, {"posterior": "d", "accepted": False, "trusted": False, "error": "no"}])
        table = (self.folder / "table.md").read_text(encoding="utf-8")
        self.assertIn("2 of 4 accepted; wrong and trusted: 1; right and not trusted: 1; 6 s; at most NUTS's gradients on 1 of 2", table)
        self.assertIn("no (stein)", table)
        self.assertIn("| 1,000 | 4,000 | 0.25 |", table)

    @unittest.skipUnless(importlib.util.find_spec("stanli"), "the package stanli is not installed")
    def test_a_suite_goes_on_where_it_stopped_and_finds_what_is_wrong(self):
        command = [sys.executable, ROOT / "scripts" / "posteriordb", "db", "--output", "out", "--binary", BINARY, "--nuts"]
        done = subprocess.run([*command, "--only", "right"], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 of 1 accepted", done.stdout)
        made = (self.folder / "out" / "right.h5").stat().st_mtime_ns
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertIn("1 of 2 accepted", done.stdout)
        self.assertEqual((self.folder / "out" / "right.h5").stat().st_mtime_ns, made)
        results = {result["posterior"]: result for result in json.loads((self.folder / "out" / "results.json").read_text())}
        self.assertAlmostEqual(results["wrong"]["mean_error"], 0.5, delta=0.1)
        self.assertEqual(results["wrong"]["mean_worst"], "x[1]")
        self.assertTrue(results["right"]["nuts"]["accepted"])
        self.assertGreater(results["right"]["nuts"]["gradients"], 8000)


if __name__ == "__main__":
    BINARY = pathlib.Path(sys.argv.pop()).resolve()
    unittest.main()
