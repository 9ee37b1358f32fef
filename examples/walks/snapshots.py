#!/usr/bin/env python3
"""Snapshots of a stochastic system in five dimensions with two parameters, nothing else: no velocities, no identities,
other times in every run, 800 to 3,000 points a snapshot. The system is known here, so that the truth at parameters that
were not trained on is, too:

    dX_i = [a sin(pi t + i) - X_i - X_i^3/4 + b (X_{i+1} - X_i)] dt + 0.3 dW_i,    i = 0..4 on a ring, t in [0, 2].

Import, train with the preset for snapshots, infer, evaluate; the errors stand beside those of the mixture of training
runs around each parameter, which is what a model must beat.

usage: snapshots.py [--output FOLDER] [--small] [--threads N] [--scorefield PROGRAM]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIMENSION, NOISE, END, STEP = 5, 0.3, 2.0, 0.004
CORNERS = [(1, 0), (4, 0), (1, 2), (4, 2)]
INNER = [(2.5, 0.67), (1.75, 1.33), (3.25, 0.22), (1.38, 0.89), (2.88, 1.56), (2.13, 0.44), (3.63, 1.11), (1.19, 1.78)]
HELD_OUT = [(1.7, 0.5), (3.2, 0.6), (2.4, 1.1), (1.6, 1.5), (3.3, 1.6)]


def simulate(mu, times, particles, seed):
    """Euler-Maruyama, [K, N, 5]."""
    random = np.random.default_rng(seed)
    a, b = mu
    i = np.arange(DIMENSION)
    x = np.linspace(-1, 1, DIMENSION) + 0.2 * random.normal(size=(particles, DIMENSION))
    t, frames = 0.0, []
    for time in times:
        while t < time - 1e-12:
            dt = min(STEP, time - t)
            drift = a * np.sin(np.pi * t + i) - x - x**3 / 4 + b * (np.roll(x, -1, 1) - x)
            x = x + drift * dt + NOISE * np.sqrt(dt) * random.normal(size=x.shape)
            t += dt
        frames.append(x)
    return np.stack(frames)


def write_runs(folder, parameters, points, seed):
    random = np.random.default_rng(seed)
    for number, (a, b) in enumerate(parameters):
        inner = int(random.integers(7, 11))
        times = np.concatenate([[0], np.sort(random.uniform(0.05, END - 0.05, inner)), [END]])
        particles = int(random.integers(*points))
        # Independent snapshots: the rows of a frame mean nothing in the next one.
        samples = np.stack([random.permutation(frame) for frame in simulate((a, b), times, particles, seed + number)])
        np.savez(folder / f"a{a:g}_b{b:g}.npz", samples=samples.astype("float32"), time=times)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scorefield", default=ROOT / "build/scorefield", type=pathlib.Path, help="the program")
    parser.add_argument("--output", type=pathlib.Path, help="folder for all files; a temporary one without it")
    parser.add_argument("--small", action="store_true", help="a minute's test that everything works, not how well")
    parser.add_argument("--threads", default="0", help="of the program; 0: all")
    return parser.parse_args()


def walk(given, folder):
    def run(*words):
        words = [str(word) for word in words]
        print("\n$ scorefield " + " ".join(words), flush=True)
        threads = [] if given.threads == "0" else ["--threads", given.threads]
        done = subprocess.run([given.scorefield.resolve(), *words, "--quiet", *threads], cwd=folder, check=False)
        if done.returncode != 0:
            sys.exit(f"scorefield {words[0]} ended with exit code {done.returncode}")

    points = (100, 200) if given.small else (800, 3001)
    settings = ["--steps", 20, "--set", "model.width=16"] if given.small else []
    for name, parameters, seed in (("train", CORNERS + INNER, 1), ("test", HELD_OUT, 1000)):
        (folder / name).mkdir(exist_ok=True)
        write_runs(folder / name, parameters, points, seed)
        run("import", f"{name}/a{{a}}_b{{b}}.npz", "--output", f"{name}.h5")
    run("train", "train.h5", "--output", "model.h5", "--preset", "snapshots", *settings)
    mu = ", ".join(f"({a}, {b})" for a, b in HELD_OUT)
    # The truth's first frames to start from, and its times to be compared at.
    run("infer", "model.h5", "--mu", mu, "--initial", "test.h5", "--output", "rollout.h5")
    run("evaluate", "rollout.h5", "--reference", "test.h5", "--training", "train.h5", "--output", "evaluation.json")
    mean = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))["mean"]
    for name in ("sliced_w2", "sinkhorn", "moments_error"):
        stem = name.removesuffix("_error")
        kinds = [kind for kind in ("floor", "nearest", "mixture") if f"{stem}_{kind}" in mean]
        beside = [f"{kind} {mean[f'{stem}_{kind}']:.4f}" for kind in kinds]
        if name in mean:
            print(f"{name}: {mean[name]:.4f} ({', '.join(beside)})")
    return 0


def main():
    given = arguments()
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        return walk(given, given.output)
    with tempfile.TemporaryDirectory(prefix="scorefield-walk-") as folder:
        return walk(given, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
