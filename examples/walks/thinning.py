#!/usr/bin/env python3
"""How well a few particles stand for many: the energy distance of `scorefield resample` from all particles, beside that
of random thinning to the same number, and the seconds that it takes.

usage: thinning.py [--output FOLDER] [--small]
"""

import sys
import time

import numpy as np

from walk import Walk

DIRECTIONS = 300


def coordinates(samples, period, deviation):
    """Position on its circle, velocity in units of its deviation: [N, 3]."""
    angle = 2 * np.pi * samples[:, 0] / period
    return np.stack([np.cos(angle), np.sin(angle), samples[:, 1] / deviation], axis=1)


def directions():
    """Even on the half sphere, by the golden angle."""
    height = (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(DIRECTIONS)
    radius = np.sqrt(1 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)


def energy_distance(x, y, weights):
    """2 E|X - Y| - E|X - X'| - E|Y - Y'| of points [N, 3], exactly but for the mean over directions: in space |z| is twice
    the mean over directions of |e.z|, and on the line the energy distance is 2 int (F - G)^2."""
    total = 0.0
    steps = np.concatenate([np.full(len(x), 1 / len(x)), -weights / weights.sum()])
    for direction in directions():
        places = np.concatenate([x @ direction, y @ direction])
        order = np.argsort(places)
        difference = np.cumsum(steps[order])[:-1]
        total += 2 * np.sum(difference**2 * np.diff(places[order]))
    return 2 * total / DIRECTIONS


def main():
    import h5py
    walk = Walk(__doc__)
    many, few = (20000, 500) if walk.small else (200000, 2000)
    walk.run("generate", "two-stream", "--mu", 1.4, "--particles", many, "--frames", 2, "--output", "many.h5", "--set",
             f"pic.simulated_particles={many}", "--set", "pic.duration=24")
    start = time.perf_counter()
    walk.run("resample", "many.h5", "--particles", few, "--output", "few.h5")
    seconds = time.perf_counter() - start
    with h5py.File(walk.folder / "many.h5") as all_file, h5py.File(walk.folder / "few.h5") as few_file:
        period = all_file["samples"].attrs["periods"][0]
        x = all_file["samples"][0, -1].astype(float)
        y, weights = few_file["samples"][0, -1].astype(float), few_file["weights"][0, -1].astype(float)
    deviation = x[:, 1].std()
    x, y = (coordinates(each, period, deviation) for each in (x, y))
    random = np.random.default_rng(1)
    thinned = np.mean([energy_distance(x, x[random.choice(many, few, replace=False)], np.ones(few)) for _ in range(3)])
    resampled = energy_distance(x, y, weights)
    print(f"{many} particles to {few}, two frames, {seconds:.1f} s: energy distance {resampled:.3g}, "
          f"random thinning {thinned:.3g}, {thinned / resampled:.1f} times as much")
    return 0 if resampled < thinned / (3 if walk.small else 5) else 1


if __name__ == "__main__":
    sys.exit(main())
