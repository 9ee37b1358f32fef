"""The files that the binary writes follow the contract and are readable with h5py alone.

usage: test_files.py PATH_OF_SCOREFIELD
"""

import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
import synthetic_files  # noqa: E402
from scorefield_io import frames, open_ensemble, open_samples  # noqa: E402

BINARY = None  # set below, from the command line
PARTICLES, FRAMES, SEED = 500, 5, 7


def generate(path, *more):
    command = [BINARY, "generate", "two-stream", "--output", path, "--mu", "1.2,1.4", "--particles", str(PARTICLES),
               "--frames", str(FRAMES), "--seed", str(SEED), "--set", "pic.simulated_particles=2000", "--quiet", *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Dataset(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = pathlib.Path(folder.name) / "data.h5"
        done = generate(cls.path)
        assert done.returncode == 0, done.stderr
        cls.file = h5py.File(cls.path, "r")
        cls.addClassCleanup(cls.file.close)

    def test_root_attributes(self):
        attributes = self.file.attrs
        self.assertEqual(attributes["format"], "scorefield/dataset")
        self.assertEqual(attributes["format_version"], 1)
        self.assertEqual(attributes["seed"], SEED)
        self.assertRegex(attributes["scorefield_version"], r"^\d+\.\d+\.\d+$")
        datetime.datetime.fromisoformat(attributes["created"].replace("Z", "+00:00"))
        self.assertIn("two-stream", attributes["config"])
        self.assertIn("simulated_particles = 2000", attributes["config"])

    def test_mu_and_time(self):
        np.testing.assert_allclose(self.file["mu"][()], [[1.2], [1.4]], rtol=0, atol=1e-12)
        self.assertEqual(self.file["mu"].dtype, np.float64)
        self.assertEqual(list(self.file["mu"].attrs["names"]), ["mu"])
        time = self.file["time"]
        self.assertEqual((time.shape, time.dtype), ((FRAMES,), np.float64))
        self.assertIsInstance(time.attrs["units"], str)
        np.testing.assert_allclose(np.diff(time[()]), time[1] - time[0], rtol=1e-9)

    def test_samples(self):
        samples = self.file["samples"]
        self.assertEqual(samples.shape, (2, FRAMES, PARTICLES, 2))
        self.assertEqual(samples.chunks[:2], (1, 1))
        self.assertEqual(samples.dtype, np.float32)
        self.assertEqual(list(samples.attrs["coordinates"]), ["x", "v"])
        self.assertEqual(len(samples.attrs["units"]), 2)
        self.assertEqual(samples.attrs["identity"], "trajectories")
        length, unbounded = samples.attrs["periods"]
        self.assertEqual(unbounded, 0)
        positions = samples[..., 0]
        self.assertGreaterEqual(positions.min(), 0)
        self.assertLess(positions.max(), length)

    def test_velocities_are_time_derivatives(self):
        """The first component of the derivative is the second coordinate, exactly: dx/dt = v."""
        velocities = self.file["velocities"]
        self.assertEqual(velocities.shape, self.file["samples"].shape)
        np.testing.assert_allclose(velocities[..., 0], self.file["samples"][..., 1], rtol=1e-6, atol=1e-6)

    def test_diagnostics(self):
        group = self.file["diagnostics"]
        steps = len(group["time"])
        self.assertGreater(steps, FRAMES)
        for name in ("electric_energy", "kinetic_energy", "momentum"):
            self.assertEqual(group[name].shape, (2, steps), name)
            self.assertTrue(np.isfinite(group[name][()]).all(), name)
        self.assertEqual(group["field_modes"].shape[:2], (2, steps))
        self.assertTrue((group["electric_energy"][()] >= 0).all())

    def test_project_reader(self):
        data = open_ensemble(self.path)
        self.addCleanup(data.close)
        self.assertEqual(data.frame(1, 2).shape, (PARTICLES, 2))
        self.assertEqual(data.find_mu(1.4), 1)
        every = list(frames(self.path))
        self.assertEqual(len(every), 2 * FRAMES)
        np.testing.assert_array_equal(every[FRAMES + 2].samples, self.file["samples"][1, 2])
        np.testing.assert_array_equal(every[FRAMES + 2].velocities, self.file["velocities"][1, 2])
        self.assertEqual((every[-1].mu, every[-1].time), (1.4, self.file["time"][-1]))
        self.assertIsNone(every[0].weights)

    def test_inspect_agrees(self):
        done = subprocess.run([BINARY, "inspect", self.path, "--json"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIsInstance(json.loads(done.stdout), dict)


class FramesThatDiffer(unittest.TestCase):
    """A dataset that another program wrote by the description of the layout."""

    def test_is_read(self):
        counts, times, mu_of = [2, 3, 1], [0.0, 1.0, 0.5], [0, 0, 1]
        start = np.concatenate([[0], np.cumsum(counts)])
        samples = np.arange(12, dtype=np.float32).reshape(6, 2)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "frames.h5"
            with h5py.File(path, "w") as file:
                file.attrs.update({"format": "scorefield/dataset", "format_version": 2, "layout": "frames", "seed": 0,
                                   "scorefield_version": "0.1.0", "config": "", "created": "2026-01-31T12:00:00Z"})
                file["mu"] = [[1.0], [2.0]]
                file["mu"].attrs["names"] = ["mu"]
                file["frame_start"], file["frame_mu"], file["frame_time"] = start, mu_of, times
                file["frame_time"].attrs["units"] = "s"
                file["samples"] = samples
                file["samples"].attrs.update({"coordinates": ["x", "v"], "units": ["m", "m/s"], "periods": [0.0, 0.0],
                                              "identity": "marginals"})
                file["weights"], file["id"] = np.ones(6), np.arange(6)
            for frame, count, first, time in zip(frames(path), counts, start, times):
                np.testing.assert_array_equal(frame.samples, samples[first:first + count])
                np.testing.assert_array_equal(frame.id, np.arange(first, first + count))
                self.assertEqual((len(frame.weights), frame.time, frame.velocities), (count, time, None))
            data = open_ensemble(path)
            self.addCleanup(data.close)
            np.testing.assert_array_equal(data.time, [0.0, 0.5, 1.0])
            np.testing.assert_array_equal(data.times(0), [0.0, 1.0])
            np.testing.assert_array_equal(data.frame(1, 0), samples[5:])
            self.assertEqual((data.particles(0, 1), data.nearest_frame(0.9, 0), data.nearest_frame(0.9, 1)), (3, 1, 0))
            np.testing.assert_array_equal(data.weights(0, 1), np.ones(3))
            done = subprocess.run([BINARY, "inspect", path], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("3 frames of 1 to 3 particles, marginals, with weights, ids", done.stdout)
            done = subprocess.run([BINARY, "train", path, "--output", path.with_name("model.h5")], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("1 frame of some mu", done.stderr)


class OtherPeoplesRuns(unittest.TestCase):
    """The chain on what another code writes: a file per time with as many macro-particles as there are then, in any order,
    with weights and ids, at times of its own for every run.

    Particles of N((.8, -.3), 1) with the weights of N(0, .6^2) follow dx/dt = mu + x/2, dy/dt = mu cos(mu t).
    """

    TIMES = {0.5: [0, 0.15, 0.35, 0.5, 0.7, 0.85, 1, 1.25, 1.4, 1.55, 1.75, 1.9, 2],
             1.0: [0, 0.2, 0.3, 0.5, 0.65, 0.8, 1, 1.15, 1.3, 1.5, 1.7, 1.85, 2],
             1.5: [0, 0.15, 0.3, 0.45, 0.65, 0.8, 0.95, 1.1, 1.25, 1.45, 1.6, 1.8, 2]}
    UNSEEN, UNSEEN_TIMES = 1.2, [0, 0.25, 0.5, 0.9, 1.25, 1.5, 2]

    def write_run(self, mu, times, seed, particles=1500):
        random = np.random.default_rng(seed)
        shift, target = np.array([0.8, -0.3]), 0.6
        start = random.normal(shift, 1, (particles, 2))
        weights = 1e7 * np.exp(((start - shift)**2 - (start / target)**2).sum(axis=1) / 2)
        for number, time in enumerate(times):
            growth = np.exp(time / 2)
            rows = random.permutation(np.flatnonzero(random.uniform(size=particles) < 0.95))
            np.savez(self.folder / f"run_{mu}_{number}.npz", x=start[rows, 0] * growth + 2 * mu * (growth - 1),
                     y=start[rows, 1] + np.sin(mu * time), weights=weights[rows], id=100 + rows, time=time)

    def run_program(self, *arguments):
        done = subprocess.run([BINARY, *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_chain(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for mu, times in self.TIMES.items():
            self.write_run(mu, times, seed=int(10 * mu))
        arrays = ["--set", "import.particles=all", "--set", "import.samples=x, y", "--set", "import.weights=weights", "--set", "import.id=id"]
        self.run_program("import", "run_{mu}_%T.npz", "--output", "train.h5", *arrays)
        for old in self.folder.glob("run_*"):
            old.unlink()
        self.write_run(self.UNSEEN, self.UNSEEN_TIMES, seed=77)
        self.run_program("import", "run_{mu}_%T.npz", "--output", "test.h5", *arrays)
        imported = json.loads(self.run_program("inspect", "train.h5", "--json"))
        self.assertEqual(imported["layout"], "frames")
        self.run_program("train", "train.h5", "--output", "model.h5", "--steps", "200", "--set", "loss.name=velocity", "--set",
                         "loss.velocities=differences", "--set", "model.width=24", "--set", "model.depth=2", "--set",
                         "batch.nodes=4", "--set", "batch.particles=128", "--set", "training.learning_rate=0.01")
        self.run_program("infer", "model.h5", "--mu", "1.2", "--initial", "test.h5", "--output", "rollout.h5")
        result = json.loads(self.run_program("evaluate", "rollout.h5", "--reference", "test.h5", "--training", "train.h5",
                                             "--json"))["per_mu"][0]
        rollout = open_ensemble(self.folder / "rollout.h5")
        self.addCleanup(rollout.close)
        known = {time for times in self.TIMES.values() for time in times}
        np.testing.assert_allclose(rollout.time, sorted(known | set(self.UNSEEN_TIMES)), err_msg="those of the test, too")
        weights, points = rollout.weights(0, rollout.nearest_frame(1.5)), rollout.frame(0, rollout.nearest_frame(1.5))
        mean = np.average(points, axis=0, weights=weights)
        growth = np.exp(0.75)
        self.assertLess(np.abs(mean - [2.4 * (growth - 1), np.sin(1.8)]).max(), 0.2)  # 0.8 growth = 1.7 off without
        self.assertLess(result["moments_error"], 0.1)
        np.testing.assert_allclose(result["time"], self.UNSEEN_TIMES, err_msg="times that both have")
        self.assertGreater(result["moments_nearest"], result["moments_error"])


class Import(unittest.TestCase):
    """What NumPy itself writes becomes a dataset."""

    def test_numpy_files(self):
        random = np.random.default_rng(SEED)
        samples = random.normal(size=(2, FRAMES, 30, 3)).astype(np.float32)
        time = np.linspace(0, 2, FRAMES)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            np.savez(folder / "runs.npz", samples=samples, velocities=-samples, time=time, mu=[0.5, 0.7])
            for m in (0, 1):
                np.save(folder / f"{m}.npy", samples[m])
            for arguments in (["runs.npz"], ["0.npy", "1.npy", "--mu", "0.5,0.7", "--set", "import.duration=2"]):
                done = subprocess.run([BINARY, "import", *arguments, "--output", "data.h5"], cwd=folder,
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                with h5py.File(folder / "data.h5") as file:  # in another order of the particles, the same for both arrays
                    got = file["samples"][()]
                    np.testing.assert_array_equal(np.sort(got, axis=2), np.sort(samples, axis=2))
                    if "velocities" in file:
                        np.testing.assert_array_equal(file["velocities"][()], -got)
                    np.testing.assert_array_equal(file["mu"][()], [[0.5], [0.7]])
                    np.testing.assert_allclose(file["time"][()], time)
                    self.assertEqual("velocities" in file, arguments == ["runs.npz"])
            np.savez_compressed(folder / "small.npz", samples=samples)
            done = subprocess.run([BINARY, "import", "small.npz", "--mu", "1,2", "--output", "new.h5"], cwd=folder,
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(folder / "new.h5") as file:
                np.testing.assert_array_equal(np.sort(file["samples"][()], axis=2), np.sort(samples, axis=2))


class Export(unittest.TestCase):
    """What NumPy and NetCDF readers see; arviz itself is not needed, its layout is HDF5 with dimension scales."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def export(self, name, output):
        return subprocess.run([BINARY, "export", name, "--output", output], cwd=self.folder, capture_output=True, text=True,
                              check=False)

    def netcdf(self, **what):
        synthetic_files.write_samples(self.folder / "samples.h5", **what)
        done = self.export("samples.h5", "out.nc")
        self.assertEqual(done.returncode, 0, done.stderr)
        file = h5py.File(self.folder / "out.nc", "r")
        self.addCleanup(file.close)
        return file

    def test_dimensions_and_values(self):
        file = self.netcdf()
        x = file["posterior/x"]
        self.assertEqual(x.shape, (1, 300, 2))
        self.assertEqual([x.dims[axis][0].name for axis in range(3)],
                         ["/posterior/chain", "/posterior/draw", "/posterior/coordinate"])
        for name in ("chain", "draw", "coordinate"):
            self.assertEqual(file[f"posterior/{name}"].attrs["CLASS"], b"DIMENSION_SCALE")
        cloud = open_samples(self.folder / "samples.h5")
        np.testing.assert_array_equal(x[0], cloud.positions)
        np.testing.assert_array_equal(file["sample_stats/lp"][0], cloud.log_prob)
        self.assertNotIn("weight", file["sample_stats"])
        self.assertEqual(file["posterior"].attrs["inference_library"], "scorefield")

    def test_weighted_particles_are_drawn_as_often_as_they_weigh(self):
        file = self.netcdf(weighted=True)
        cloud = open_samples(self.folder / "samples.h5")
        particle = file["sample_stats/particle"][0]
        copies = np.bincount(particle, minlength=300)
        self.assertLess(np.abs(copies - 300 * cloud.weights).max(), 1)
        np.testing.assert_array_equal(file["posterior/x"][0], cloud.positions[particle])
        np.testing.assert_array_equal(file["sample_stats/weight"][0], cloud.weights[particle])

    def test_numpy_reads_a_dataset(self):
        random = np.random.default_rng(SEED)
        np.savez(self.folder / "a.npz", samples=random.normal(size=(2, 3, 20, 2)), mu=[0.5, 0.7])
        subprocess.run([BINARY, "import", "a.npz", "--output", "a.h5"], cwd=self.folder, check=True, capture_output=True)
        done = self.export("a.h5", "b.npz")
        self.assertEqual(done.returncode, 0, done.stderr)
        with np.load(self.folder / "b.npz") as arrays, h5py.File(self.folder / "a.h5") as file:
            np.testing.assert_array_equal(arrays["samples"], file["samples"][()])
            np.testing.assert_array_equal(arrays["mu"], [[0.5], [0.7]])
            self.assertEqual(list(arrays["coordinates"]), ["x1", "x2"])

    def test_wrong_file_is_one_line(self):
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["x"] = [1.0]
        done = self.export("foreign.h5", "out.nc")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertFalse((self.folder / "out.nc").exists())


class Failure(unittest.TestCase):
    def test_nothing_is_left_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            done = generate(pathlib.Path(folder) / "data.h5", "--set", "pic.dt=-1")
            self.assertIn(done.returncode, (1, 2))
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertEqual(list(pathlib.Path(folder).iterdir()), [])


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
