#!/usr/bin/env python3
"""Particles of another particle-in-cell code: arrays x [K, N] and v [K, N] and times t [K], a file per beam velocity, rows
sorted by species and cell, so that row i is another particle at every time and nothing says what becomes of one.

Runs at five velocities are imported with charge, density and box, from which the force of every snapshot follows; it is
interpolated to a velocity in between and moves that run's first frame, its waves held to those of the runs, interpolated
(infer.guide). The result is compared with the run itself: the electric energy of its particles, and their distribution in
phase space, beside the nearest run and the mixture of both neighbours.

usage: cell_ordered_pic.py [--output FOLDER] [--small]
"""

import sys

import numpy as np

from plasma import LENGTH, sorted_by_cell, two_streams
from walk import Walk

TRAINING = (0.014, 0.016, 0.018, 0.020, 0.022)
HELD_OUT = 0.017


def write_run(path, v0, particles, times, seed):
    """What the other code leaves."""
    import h5py
    x, v = sorted_by_cell(*two_streams(v0, particles, times, seed, displacement=0.01))
    with h5py.File(path, "w") as file:
        file["x"], file["v"], file["t"] = x.astype("f4"), v.astype("f4"), times


def main():
    walk = Walk(__doc__)
    particles, frames = (2000, 17) if walk.small else (10000, 31)
    times = np.linspace(0, 24, frames)
    for seed, v0 in enumerate(TRAINING):
        write_run(walk.folder / f"v{v0:.4f}.h5", v0, particles, times, seed)
    write_run(walk.folder / f"heldout_v{HELD_OUT:.4f}.h5", HELD_OUT, particles, times, 100)

    plasma = ["--set", f"import.periods={LENGTH},0", "--set", "import.charge=-1", "--set", "import.density=1"]
    walk.run("import", "v{v0}.h5", "--output", "train.h5", *plasma)
    walk.run("import", "heldout_v{v0}.h5", "--output", "test.h5", *plasma)
    walk.run("train", "train.h5", "--output", "model.h5")
    walk.run("infer", "model.h5", "--mu", HELD_OUT, "--initial", "test.h5", "--output", "rollout.h5", "--set",
             "infer.guide=modes")
    walk.run("evaluate", "rollout.h5", "--reference", "test.h5", "--training", "train.h5", "--output", "evaluation.json")

    mean = walk.print_errors(f"v0 = {HELD_OUT}")
    ahead = mean["electric_energy_error"] < min(mean["electric_energy_nearest"], mean["electric_energy_mixture"])
    return 0 if walk.small or ahead else 1


if __name__ == "__main__":
    sys.exit(main())
