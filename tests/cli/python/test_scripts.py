"""scripts/demo end to end in its quick form, and what scripts/test and scripts/setup say without building anything.

usage: test_scripts.py PATH_OF_SCOREFIELD
"""

import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = None  # set below, from the command line


def run(script, *arguments, folder=ROOT):
    return subprocess.run([ROOT / "scripts" / script, *arguments], capture_output=True, text=True, check=False, cwd=folder)


class Usage(unittest.TestCase):
    def test_help_and_unknown_options(self):
        for script in ("setup", "test", "demo", "plot", "stan_model"):
            done = run(script, "--help")
            self.assertEqual(done.returncode, 0, script)
            self.assertIn(f"usage: scripts/{script}", done.stdout)
        for script in ("setup", "demo"):
            done = run(script, "--frobnicate")
            self.assertEqual(done.returncode, 2, script)
            self.assertIn("--frobnicate", done.stderr)
        done = run("test", "--device", "tpu")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cpu or cuda", done.stderr)


class StanModel(unittest.TestCase):
    """scripts/stan_model with the package stanli, which is no part of the set-up: scripts/setup --tests does not install it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_other_outputs_are_refused(self):
        done = run("stan_model", "m.stan", "--output", "m.h5", folder=self.folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("ends in .so" if importlib.util.find_spec("stanli") else "pip install stanli", done.stderr)

    @unittest.skipUnless(importlib.util.find_spec("stanli"), "the package stanli is not installed")
    def test_a_stan_file_becomes_a_target(self):
        (self.folder / "m.stan").write_text("""data { int n; vector[n] centre; }
parameters { vector<lower=0>[n] a; real b; }
transformed parameters { real s = sum(a); }
model { target += normal_lpdf(log(a) | centre, 0.5) - sum(log(a)) + normal_lpdf(b | 2, 3); }
""", encoding="utf-8")
        (self.folder / "d.json").write_text('{"n": 2, "centre": [0, 1]}', encoding="utf-8")
        done = run("stan_model", "m.stan", folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        command = [BINARY, "sample", "m.so", "--data", "d.json", "--output", "s.h5", "--particles", "400", "--quiet"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(self.folder / "s.h5") as file:
            a, s = file["variables/a"][()], file["variables/s"][()]
            self.assertEqual(list(file["samples"].attrs["names"]), ["a[1]", "a[2]", "b"])
            numpy.testing.assert_allclose(a.sum(1), s)
            numpy.testing.assert_allclose(numpy.log(a).mean(0), [0, 1], atol=0.1)
            numpy.testing.assert_allclose(numpy.log(a).std(0), 0.5, atol=0.05)
            self.assertAlmostEqual(file["variables/b"][()].mean(), 2, delta=0.5)
        (self.folder / "m.stan").write_text("parameters { real a }", encoding="utf-8")
        done = run("stan_model", "m.stan", folder=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("m.stan: ", done.stderr)


class Summary(unittest.TestCase):
    """scripts/test on a build folder with one test of each outcome."""

    CASES = """
add_test(passes /bin/true)
add_test(fails /bin/false)
add_test(skips /bin/sh -c "exit 77")
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
add_test(needs_device /bin/true)
set_tests_properties(needs_device PROPERTIES LABELS cuda)
"""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "scripts").mkdir()
        (self.folder / "build").mkdir()
        shutil.copy(ROOT / "scripts" / "test", self.folder / "scripts")
        (self.folder / "build" / "CTestTestfile.cmake").write_text(self.CASES, encoding="utf-8")

    def run_test(self, *arguments):
        done = subprocess.run([self.folder / "scripts" / "test", "--no-setup", *arguments], capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stdout.strip().splitlines()[-1]

    def test_last_line_and_exit_code(self):
        code, line = self.run_test()
        self.assertEqual(line, "1 passed, 1 failed")
        self.assertNotEqual(code, 0)
        self.assertEqual(self.run_test("-R", "^passes$"), (0, "1 passed, 0 failed"))
        self.assertEqual(self.run_test("--device", "cuda"), (0, "1 passed, 0 failed"))
        self.assertEqual(self.run_test("-R", "no such test"), (1, "0 passed, 0 failed"))


class Demo(unittest.TestCase):
    PICTURES = {f"{name}.png" for name in ("overview", "phase_space", "energy", "energy_log", "errors", "distances")}

    def run_demo(self, folder, *arguments):
        """The files that it leaves and its evaluation."""
        output = pathlib.Path(folder) / "demo"
        done = run("demo", "--quick", "--binary", BINARY, "--output", output, *arguments, folder=folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        evaluation = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
        self.assertEqual([entry["mu"] for entry in evaluation["per_mu"]], [[1.25], [1.55]])
        for key in ("electric_energy_error", "electric_energy_floor", "electric_energy_nearest",
                    "electric_energy_interpolated", "sinkhorn", "sliced_w2"):
            self.assertIn(key, evaluation["mean"])
        self.assertLess(evaluation["mean"]["electric_energy_floor"], evaluation["mean"]["electric_energy_nearest"])
        return output, evaluation["mean"]

    def assert_files(self, output, pictures):
        self.assertEqual({path.name for path in output.iterdir()},
                         {"train.h5", "test.h5", "model.h5", "rollout.h5", "evaluation.json", "report.html",
                          "commands.txt", "phase_space.gif"} | pictures)
        page = (output / "report.html").read_text(encoding="utf-8")
        self.assertEqual(page.count("data:image/"), len(pictures) + 1)

    def test_quick_demo_leaves_everything_and_works_from_any_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            output, mean = self.run_demo(folder)
            self.assert_files(output, self.PICTURES)
            self.assertLess(mean["electric_energy_error"], mean["electric_energy_nearest"])
            with h5py.File(output / "model.h5") as model:
                self.assertIn("force", model["model"])

    def test_a_network_is_trained_on_demand(self):
        with tempfile.TemporaryDirectory() as folder:
            output, _ = self.run_demo(folder, "--field", "potential", "--time-limit", "3s")
            self.assert_files(output, self.PICTURES | {"loss.png"})
            with h5py.File(output / "model.h5") as model:
                self.assertEqual(model.attrs["format"], "scorefield/model")
                for name in ("step", "loss", "validation_loss", "seconds", "learning_rate"):
                    self.assertEqual(model["history"][name].ndim, 1)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
