"""scripts/sample_python: densities in Python files, through the real binary.

usage: test_python_density.py PATH_OF_SCOREFIELD
"""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = None  # set below, from the command line

NUMPY = """import numpy as np
dimension = 2
print("a model may print")
centre, scale = np.array([1.0, -2.0]), np.array([0.5, 2.0])
def log_density(x):
    return -0.5 * (((x - centre) / scale) ** 2).sum(axis=1)
def score(x):
    return -(x - centre) / scale**2
"""
TORCH = """import torch
dimension = 2
def log_density(x):
    return -0.5 * ((x - torch.tensor([1.0, -2.0])) ** 2 / torch.tensor([0.25, 4.0])).sum(1)
"""
JAX = TORCH.replace("import torch", "import jax.numpy as jnp").replace("torch.tensor", "jnp.array")


class PythonDensity(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def sample(self, text, *flags):
        (self.folder / "model.py").write_text(text, encoding="utf-8")
        return subprocess.run([sys.executable, "-B", ROOT / "scripts" / "sample_python", "model.py", "--output", "s.h5", "--quiet", *flags],
                              cwd=self.folder, capture_output=True, text=True, check=False,
                              env={**os.environ, "SCOREFIELD_BUILD": str(BINARY.parent)})

    def expect_gaussian(self, text):
        done = self.sample(text, "--particles", "400", "--set", "target.variables=v[2]")
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(self.folder / "s.h5") as file:
            v = file["variables/v"][()]
            np.testing.assert_allclose(v.mean(0), [1, -2], atol=0.1)
            np.testing.assert_allclose(v.std(0), [0.5, 2], rtol=0.1)

    def test_numpy_with_a_score(self):
        self.expect_gaussian(NUMPY)

    @unittest.skipUnless(importlib.util.find_spec("torch"), "PyTorch is not installed")
    def test_pytorch(self):
        self.expect_gaussian(TORCH)

    @unittest.skipUnless(importlib.util.find_spec("jax"), "JAX is not installed")
    def test_jax(self):
        self.expect_gaussian(JAX)

    def test_mistakes_are_said_in_the_models_words(self):
        for text, words in ((NUMPY.replace("dimension = 2", "d = 2"), "a whole number `dimension`"),
                            (NUMPY.replace("def score", "def slope"), "has no function score"),
                            ("raise OSError('no data')", "no data"),
                            (NUMPY.replace("-(x - centre)", "(x - centre)"), "score is not the gradient of log p"),
                            (NUMPY.replace("    return -(x", "    raise KeyError('missing')\n    return -(x"), "KeyError: 'missing'"),
                            (NUMPY.replace(".sum(axis=1)", ""), "has shape [4, 2] for x [4, 2], expected [4]"),
                            (NUMPY + "import os\ndef score(x): os._exit(3)\n", "its process has ended")):
            done = self.sample(text, "--particles", "10")
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(words, done.stderr)
            self.assertFalse((self.folder / "s.h5").exists(), words)
        done = subprocess.run([ROOT / "scripts" / "sample_python", "none.py"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.py: no such file", done.stderr)


if __name__ == "__main__":
    BINARY = pathlib.Path(sys.argv.pop()).resolve()
    unittest.main()
