"""scripts/plot and scripts/scorefield_io.py on synthetic files: every picture appears, with the right content and errors."""

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "scripts"), str(pathlib.Path(__file__).resolve().parent)]

import h5py  # noqa: E402
import synthetic_files  # noqa: E402
from plotting.cloud_report import moments  # noqa: E402
from plotting.command_line import main  # noqa: E402
from plotting.corner import chosen_columns  # noqa: E402
from plotting.evaluation import html_table  # noqa: E402
from plotting.metrics import read_metrics  # noqa: E402
from plotting.phase_space import PhaseSpace  # noqa: E402
from scorefield_io import FormatError, open_ensemble, open_model, open_samples  # noqa: E402


def plot(*arguments):
    """Runs scripts/plot in this process (starting Python and matplotlib anew takes seconds)."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as stop:
            code = stop.code
            if isinstance(code, str):
                code = 1
                errors.write(f"{stop.code}\n")
    return types.SimpleNamespace(returncode=code, stderr=errors.getvalue())


class WithDemoFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        synthetic_files.write_demo_folder(self.folder)


class Readers(WithDemoFolder):
    def test_ensemble(self):
        data = open_ensemble(self.folder / "test.h5")
        self.addCleanup(data.close)
        self.assertEqual(data.samples.shape, (3, 21, 400, 2))
        self.assertEqual(data.coordinates, ["x", "v"])
        self.assertEqual(data.mu_names, ["mu"])
        self.assertEqual(data.find_mu(1.35), 1)
        self.assertEqual(data.provenance.seed, 2)
        self.assertEqual(data.diagnostics["electric_energy"].shape, (3, 21))
        with self.assertRaisesRegex(FormatError, "no mu = 1.3; it has 1.25, 1.35, 1.45"):
            data.find_mu(1.3)

    def test_values_of_mu_in_si_units_differ(self):
        with h5py.File(self.folder / "test.h5", "r+") as file:
            file["mu"][...] = 1e-14 * file["mu"][()]
        data = open_ensemble(self.folder / "test.h5")
        self.addCleanup(data.close)
        self.assertEqual([data.find_mu(1e-14 * value) for value in (1.25, 1.35, 1.45)], [0, 1, 2])
        with self.assertRaisesRegex(FormatError, "no mu = 1.3e-14"):
            data.find_mu(1.3e-14)

    def test_frames_are_wrapped(self):
        with h5py.File(self.folder / "test.h5", "r+") as file:
            file["samples"][0, 0, 0, 0] = -1.0
        data = open_ensemble(self.folder / "test.h5")
        self.addCleanup(data.close)
        self.assertAlmostEqual(data.frame(0, 0)[0, 0], 49.0)

    def test_model(self):
        model = open_model(self.folder / "model.h5")
        self.assertEqual(model.arrays["w0"].shape, (3, 3))
        self.assertEqual(len(model.history["step"]), 100)

    def test_wrong_kind_version_and_file(self):
        with self.assertRaisesRegex(FormatError, "expected format scorefield/model, found scorefield/dataset"):
            open_model(self.folder / "test.h5")
        with h5py.File(self.folder / "test.h5", "r+") as file:
            file.attrs["format_version"] = 9
        with self.assertRaisesRegex(FormatError, "format version 9"):
            open_ensemble(self.folder / "test.h5")
        with self.assertRaisesRegex(FormatError, "no such file"):
            open_ensemble(self.folder / "absent.h5")
        with self.assertRaisesRegex(FormatError, "not a readable HDF5 file"):
            open_ensemble(self.folder / "evaluation.json")


class Density(WithDemoFolder):
    def test_integrates_to_the_share_of_particles_in_view(self):
        rollout, reference = open_ensemble(self.folder / "rollout.h5"), open_ensemble(self.folder / "test.h5")
        self.addCleanup(rollout.close)
        self.addCleanup(reference.close)
        phase_space = PhaseSpace(rollout, reference, 1.35)
        density = phase_space.density("truth", 0.0)
        area = np.prod([high - low for low, high in phase_space.ranges]) / np.prod(phase_space.bins)
        self.assertEqual(density.shape, (18, 24))
        points = reference.frame(1, 0)
        (_, _), (low, high) = phase_space.ranges
        inside = np.mean((points[:, 1] >= low) & (points[:, 1] <= high))
        self.assertGreater(inside, 0.99)
        self.assertAlmostEqual(density.sum() * area, inside, places=10)

    def test_counts_weights(self):
        with h5py.File(self.folder / "test.h5", "r+") as file:
            file["weights"] = np.where(file["samples"][..., 1] > 0, 3e8, 1e8)
        rollout, reference = open_ensemble(self.folder / "rollout.h5"), open_ensemble(self.folder / "test.h5")
        self.addCleanup(rollout.close)
        self.addCleanup(reference.close)
        phase_space = PhaseSpace(rollout, reference, 1.35)
        density = phase_space.density("truth", 0.0)
        area = np.prod([high - low for low, high in phase_space.ranges]) / np.prod(phase_space.bins)
        low, high = phase_space.ranges[1]
        middles = low + (high - low) * (np.arange(len(density)) + 0.5) / len(density)
        self.assertAlmostEqual(density[middles > 0].sum() * area, 0.75, delta=0.03)  # of two beams of equal number


class Table(unittest.TestCase):
    def test_rows_and_absent_metrics(self):
        evaluation = synthetic_files.evaluation([1.25, 1.35])
        evaluation["metrics"] = read_metrics(evaluation, "evaluation.json")
        table = html_table(evaluation)
        self.assertEqual(table.count("<tr"), 2 + 2 + 1)
        self.assertIn("<th>1.35</th><td>0.0500</td><td>0.0060</td><td>0.0200</td><td>0.0050</td><td>0.0300</td><td>0.1100</td>", table)
        self.assertIn("<tr class=mean>", table)
        for entry in (*evaluation["per_mu"], evaluation["mean"]):
            for key in [key for key in entry if key.startswith("sinkhorn")]:
                del entry[key]
        self.assertNotIn("Sinkhorn", html_table(evaluation))


class Pictures(WithDemoFolder):
    def check(self, *arguments, name):
        output = self.folder / name
        done = plot(*arguments, "--output", output)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        with Image.open(output) as image:
            grey = np.asarray(image.convert("L"), dtype=float)
        self.assertGreater(grey.std(), 5.0, "the picture is blank")

    def test_each_kind(self):
        evaluation, rollout, reference = (self.folder / name for name in ("evaluation.json", "rollout.h5", "test.h5"))
        self.check("energy", evaluation, name="a.png")
        self.check("energy", evaluation, "--log", name="b.png")
        self.check("errors", evaluation, name="c.png")
        self.check("distances", evaluation, name="d.png")
        self.check("loss", self.folder / "model.h5", name="e.png")
        self.check("phase-space", rollout, "--reference", reference, "--mu", "1.25", "--times", "0", "20", name="f.png")

    def test_comparison_draws_finished_cells_and_refuses_none(self):
        cells = [{"problem": "p", "method": method, "seed": seed, "status": "done",
                  "mean": {"sinkhorn": 0.1 + 0.1 * seed, "sinkhorn_floor": 0.01, "sinkhorn_nearest": 0.4}}
                 for method in ("dice", "cfm") for seed in (0, 1)]
        cells.append({"problem": "q", "method": "dice", "seed": 0, "status": "failed", "error": "why"})
        table = self.folder / "table.json"
        table.write_text(json.dumps({"metrics": synthetic_files.metrics(), "cells": cells}), encoding="utf-8")
        self.check("compare", table, name="table.png")
        table.write_text(json.dumps({"metrics": synthetic_files.metrics(), "cells": cells[-1:]}), encoding="utf-8")
        done = plot("compare", table, "--output", self.folder / "none.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no cell of the table has finished", done.stderr)

    def test_integrand_draws_lines_beside_the_closed_form(self):
        time = [0.0, 0.5, 1.0]
        cells = [{"problem": "oscillator", "method": method, "seed": 0, "status": "done", "mean": {"moments_error": 0.1},
                  "integrand": {"time": time, "exact": [1.0, -3.0, 2.0], "learned": [1.1, -2.8, error]}}
                 for method, error in (("simpson", 2.2), ("monte-carlo", 4.0))]
        table = self.folder / "table.json"
        table.write_text(json.dumps({"metrics": synthetic_files.metrics(), "cells": cells}), encoding="utf-8")
        self.check("integrand", table, name="integrand.png")
        del cells[0]["integrand"], cells[1]["integrand"]
        table.write_text(json.dumps({"metrics": synthetic_files.metrics(), "cells": cells}), encoding="utf-8")
        done = plot("integrand", table, "--output", self.folder / "none.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no finished cell holds 'integrand'", done.stderr)

    def test_animation_has_the_frames_asked_for(self):
        self.check("animation", self.folder / "rollout.h5", "--reference", self.folder / "test.h5", "--frames", "4",
                   name="a.gif")
        with Image.open(self.folder / "a.gif") as image:
            self.assertEqual(image.n_frames, 4)

    def test_corner(self):
        cloud, reference = self.folder / "samples.h5", self.folder / "reference.npy"
        synthetic_files.write_samples(cloud, dimension=3, frames=0)
        random = np.random.default_rng(3)
        np.save(reference, random.normal(size=(500, 3)))
        self.check("corner", cloud, "--reference", reference, name="c.png")
        self.check("corner", cloud, "--reference", cloud, "--coordinates", "x2", name="one.png")
        np.save(reference, np.zeros((5, 2)))
        for arguments, words in ((["--coordinates", "tau"], ["samples.h5", "no coordinate 'tau'", "x1, x2, x3"]),
                                 (["--reference", reference], ["2 coordinates", "has 3"])):
            done = plot("corner", cloud, *arguments, "--output", self.folder / "none.png")
            self.assertEqual(done.returncode, 1)
            for word in words:
                self.assertIn(word, done.stderr)
        self.assertFalse((self.folder / "none.png").exists())

    def test_corner_columns_are_chosen_by_variable(self):
        cloud = self.folder / "samples.h5"
        synthetic_files.write_samples(cloud, dimension=4, frames=0)
        with h5py.File(cloud, "r+") as file:
            file["samples"].attrs["names"] = ["mu", "w[1]", "w[2]", "wide"]
        samples = open_samples(cloud)
        self.assertEqual(chosen_columns(samples, ["w"]), [1, 2])
        self.assertEqual(chosen_columns(samples, ["w[2]", "mu"]), [2, 0])
        self.assertEqual(chosen_columns(samples, []), [0, 1, 2, 3])

    def test_cloud_report(self):
        cloud, page = self.folder / "samples.h5", self.folder / "cloud.html"
        synthetic_files.write_samples(cloud, dimension=2, weighted=True, frames=0)
        with h5py.File(cloud, "r+") as file:
            file["samples"].attrs["names"] = ["mu", "a<b"]
            file.attrs["notes"] = ["seen & noted"]
            file.attrs["trusted"] = 0
            file["checks/stein"] = [0.25, 0.5]
            x, weights = file["samples"][()], file["weights"][()]
        done = plot("cloud-report", cloud, "--output", page)
        self.assertEqual(done.returncode, 0, done.stderr)
        text = page.read_text(encoding="utf-8")
        for words in ("gaussian by mpm", "seen &amp; noted", "a&lt;b", "<th>trusted</th><td>0</td>", "<th>stein</th><td>0.25</td><td>0.5</td>"):
            self.assertIn(words, text)
        self.assertEqual(text.count("data:image/png;base64,"), 2)
        rows = {name: values for name, *values in moments(open_samples(cloud))}
        mean = weights @ x[:, 0]
        self.assertAlmostEqual(rows["mu"][0], mean)
        self.assertAlmostEqual(rows["mu"][1], np.sqrt(weights @ (x[:, 0] - mean) ** 2))
        self.assertAlmostEqual(weights[x[:, 0] <= rows["mu"][3]].sum(), 0.5, delta=weights.max())

    def test_samples(self):
        cloud = self.folder / "samples.h5"
        synthetic_files.write_samples(cloud)
        self.check("samples", cloud, name="g.png")
        self.check("samples", cloud, "--animation", name="g.gif")
        with Image.open(self.folder / "g.gif") as image:
            self.assertEqual(image.n_frames, 4)
        synthetic_files.write_samples(cloud, dimension=5, weighted=True, frames=0)
        self.check("samples", cloud, name="h.png")
        done = plot("samples", cloud, "--animation", "--output", self.folder / "none.gif")
        self.assertEqual(done.returncode, 1)
        self.assertIn("sample.frames", done.stderr)

    def test_report_is_self_contained(self):
        done = plot("report", self.folder, "--frames", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        self.assertEqual(page.count("data:image/png;base64,"), 7)
        self.assertEqual(page.count("data:image/gif;base64,"), 1)
        self.assertNotIn("http", page)
        self.assertIn("scorefield generate two-stream", page)
        self.assertIn("<td>0.0500</td>", page)
        self.assertIn("electric energy, relative L2: <b>cubic</b>", page)

    def test_report_of_files_with_other_names_and_without_energy(self):
        evaluation_path = self.folder / "evaluation.json"
        evaluation = json.loads(evaluation_path.read_text(encoding="utf-8"))
        for entry in (*evaluation["per_mu"], evaluation["mean"]):
            entry.pop("electric_energy", None)
        evaluation["reference"], evaluation["training"] = "somewhere/data.h5", "data.h5"
        evaluation_path.write_text(json.dumps(evaluation), encoding="utf-8")
        (self.folder / "test.h5").rename(self.folder / "data.h5")
        (self.folder / "train.h5").unlink()
        (self.folder / "model.h5").unlink()
        done = plot("report", self.folder, "--frames", "3")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        self.assertEqual(page.count("data:image/png;base64,"), 3)  # errors, distances, phase space
        (self.folder / "data.h5").unlink()
        done = plot("report", self.folder, "--frames", "3")
        self.assertEqual(done.returncode, 1)
        self.assertIn("data.h5: no such file", done.stderr)

    def test_bad_input_is_one_line_and_leaves_nothing(self):
        output = self.folder / "x.png"
        cases = [(("energy", self.folder / "absent.json"), "No such file"),
                 (("energy", self.folder / "commands.txt"), "not JSON"),
                 (("loss", self.folder / "test.h5"), "expected format scorefield/model"),
                 (("phase-space", self.folder / "rollout.h5", "--reference", self.folder / "test.h5", "--mu", "9"),
                  "has no mu = 9")]
        for arguments, words in cases:
            done = plot(*arguments, "--output", output)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertFalse(output.exists())

    def test_script_itself(self):
        command = [ROOT / "scripts" / "plot", "loss", self.folder / "model.h5", "--output", self.folder / "x.png"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.folder / "x.png").exists())

    def test_evaluation_without_a_table_of_metrics(self):
        evaluation = synthetic_files.evaluation([1.25])
        del evaluation["metrics"]
        (self.folder / "evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")
        done = plot("errors", self.folder / "evaluation.json", "--output", self.folder / "x.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no table of metrics", done.stderr)

    def test_evaluation_without_energy(self):
        evaluation = synthetic_files.evaluation([1.25])
        del evaluation["per_mu"][0]["electric_energy"]
        (self.folder / "evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")
        done = plot("energy", self.folder / "evaluation.json", "--output", self.folder / "x.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no electric energy", done.stderr)


if __name__ == "__main__":
    unittest.main()
