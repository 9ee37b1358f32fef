#!/usr/bin/env python3
"""Leave one time out: snapshots of a growing population at a few times, of which one is hidden and predicted from the
others. For every inner time: import the other frames, train with a preset, roll out from the first frame, and compare
with the hidden frame by W1, exact optimal transport, Euclidean, all particles.

Beside it: the midpoint of the optimal pairing of the two neighbouring frames (McCann), the nearer of both (nearest),
and the two halves of the hidden frame against each other (halves). A table has the time in its first column; without
one a population is made that moves, branches and grows (`--synthetic`).

With several presets, `--choose` takes the one that predicts other inner times best, each of which is hidden together
with the one that is asked for (one seed); where no other inner time is left, the first preset.

usage: leave_one_out.py TABLE.csv [--presets growth,snapshots] [--choose] [--output FOLDER] [--seeds 1]
       leave_one_out.py --synthetic

Needs the package POT: .venv/bin/pip install POT
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from scorefield_io import open_ensemble  # noqa: E402

try:
    import ot
except ImportError:
    sys.exit("leave_one_out.py needs the package POT for exact transport: .venv/bin/pip install POT")

STARTS = 2000  # particles of a rollout, drawn from the first frame


def transport(x, y, x_weights=None, power=1):
    """The optimal plan and its mean cost, |x - y|^power."""
    cost = ot.dist(x, y, metric="euclidean" if power == 1 else "sqeuclidean")
    a = np.full(len(x), 1 / len(x)) if x_weights is None else np.asarray(x_weights, float) / np.sum(x_weights)
    plan = ot.emd(a, np.full(len(y), 1 / len(y)), cost, numItermax=10**7)
    return plan, float((plan * cost).sum())


def w1(x, y, x_weights=None):
    return transport(x, y, x_weights)[1]


def midpoint(x, y, share):
    plan, _ = transport(x, y, power=2)
    rows, columns = np.nonzero(plan)
    return (1 - share) * x[rows] + share * y[columns], plan[rows, columns]


def read_table(path):
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return {time: table[table[:, 0] == time][:, 1:] for time in np.unique(table[:, 0])}


def synthetic(seed=0, times=5, cells=400, steps=40, speed=1.5, growth=0.6):
    """Cells that leave a rest state for one of two branches, and divide there: [N, 2] at every time."""
    random = np.random.default_rng(seed)
    x = 0.1 * random.normal(size=(cells, 2))
    x[cells // 2:, 0] += 1.2
    frames = {0.0: x}
    h = 1 / steps
    for time in range(1, times):
        for _ in range(steps):
            moving = 1 / (1 + np.exp(-8 * (x[:, 0] - 0.6)))
            drift = np.stack([moving * (2.2 - x[:, 0]), moving * (x[:, 1] - 0.4 * x[:, 1] ** 3)], 1) * speed / 2
            x = x + h * drift + 0.12 * np.sqrt(h) * random.normal(size=x.shape)
            dividing = random.uniform(size=len(x)) < h * growth * moving
            x = np.concatenate([x, x[dividing]])
        frames[float(time)] = x
    return frames


def predict(given, frames, hidden, preset, seed, folder):
    """The rollout at the hidden time: positions and weights."""
    def run(*words):
        words = [given.scorefield.resolve(), *[str(word) for word in words], "--quiet", "--threads", given.threads]
        done = subprocess.run(words, cwd=folder, check=False)
        if done.returncode != 0:
            sys.exit(f"scorefield {words[1]} ended with exit code {done.returncode}")

    for old in folder.glob("*.npy"):
        old.unlink()
    for time, cells in frames.items():
        if time != hidden:
            np.save(folder / f"cells_{time:g}.npy", cells.astype("float32"))
    run("import", "cells_%T.npy", "--mu", 0, "--output", "train.h5")
    first = min(frames)
    random = np.random.default_rng(seed)
    rows = np.concatenate([random.permutation(len(frames[first])) for _ in range(1 + STARTS // len(frames[first]))])
    np.save(folder / "start.npy", np.repeat(frames[first][rows[:STARTS]][None].astype("float32"), 2, 0))
    run("import", "start.npy", "--mu", 0, "--output", "start.h5", "--set", "import.identity=marginals")
    settings = [word for setting in given.set for word in ("--set", setting)]
    run("train", "train.h5", "--output", "model.h5", "--preset", preset, "--seed", seed, *settings)
    count = 1 + round((max(frames) - first) / given.spacing)
    run("infer", "model.h5", "--mu", 0, "--initial", "start.h5", "--particles", STARTS, "--frames", count,
        "--seed", seed, "--output", "rollout.h5")
    rollout = open_ensemble(str(folder / "rollout.h5"))
    frame = round((hidden - first) / given.spacing)  # frames are evenly spaced, import's times run over [0, 1]
    weights = rollout.weights(0, frame)
    return np.asarray(rollout.frame(0, frame), float), None if weights is None else np.asarray(weights, float)


def chosen(given, frames, presets, folder):
    """The preset with the least mean W1 over the inner times of these frames, and those means."""
    inner = sorted(frames)[1:-1]
    if not inner:
        return presets[0], {}
    means = {}
    for preset in presets:
        found = []
        for time in inner:
            x, weights = predict(given, frames, time, preset, 0, folder)
            found.append(w1(x, frames[time], weights))
        means[preset] = float(np.mean(found))
    return min(means, key=means.get), means


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", help="CSV file, a header, the time in the first column")
    parser.add_argument("--synthetic", action="store_true", help="a population that is made here")
    parser.add_argument("--presets", default="growth,snapshots", help="of 'scorefield train'")
    parser.add_argument("--choose", action="store_true", help="predict with the preset that other inner times choose")
    parser.add_argument("--times", type=float, nargs="*", help="hidden times; all inner ones without it")
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE of the trainings")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--spacing", type=float, default=1.0, help="all times are multiples of it apart")
    parser.add_argument("--scorefield", default=ROOT / "build/scorefield", type=pathlib.Path, help="the program")
    parser.add_argument("--output", type=pathlib.Path, help="folder for all files; a temporary one without it")
    parser.add_argument("--threads", default="0", help="of the program; 0: all")
    return parser.parse_args()


def predictions(given, frames, hidden, presets, folder):
    """Cells of a row of the table: the mean and deviation over seeds of every preset, or of the chosen one."""
    chosen_of = ""
    if given.choose:
        best, means = chosen(given, {t: x for t, x in frames.items() if t != hidden}, presets, folder)
        others = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
        presets, chosen_of = [best], f" ({best}; {others})" if others else f" ({best})"
    row = []
    for preset in presets:
        found = []
        for seed in range(given.seeds):
            x, weights = predict(given, frames, hidden, preset, seed, folder)
            found.append(w1(x, frames[hidden], weights))
        spread = f" ± {np.std(found, ddof=1):.3f}" if len(found) > 1 else ""
        row.append(f"{np.mean(found):.3f}{spread}{chosen_of}")
    return row


def baselines(frames, times, k):
    """Of a hidden time: McCann's midpoint, the nearer neighbour, half against half."""
    truth, before, after = frames[times[k]], frames[times[k - 1]], frames[times[k + 1]]
    between, mass = midpoint(before, after, (times[k] - times[k - 1]) / (times[k + 1] - times[k - 1]))
    order = np.random.default_rng(0).permutation(len(truth))
    half = len(truth) // 2
    return [w1(between, truth, mass), min(w1(before, truth), w1(after, truth)),
            w1(truth[order[:half]], truth[order[half:]])]


def walk(given, folder):
    frames = synthetic() if given.synthetic else read_table(given.table)
    times = sorted(frames)
    presets = given.presets.split(",")
    columns = ["chosen"] if given.choose else presets
    print("| hidden time | " + " | ".join(columns) + " | McCann | nearest | halves |")
    print("|" + " --- |" * (len(columns) + 4), flush=True)
    for k in range(1, len(times) - 1):
        if given.times and times[k] not in given.times:
            continue
        row = predictions(given, frames, times[k], presets, folder)
        row += [f"{value:.3f}" for value in baselines(frames, times, k)]
        print(f"| {times[k]:g} | " + " | ".join(row) + " |", flush=True)
    return 0


def main():
    given = arguments()
    if not given.synthetic and not given.table:
        sys.exit("Give a table (TABLE.csv) or --synthetic.")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        return walk(given, given.output)
    with tempfile.TemporaryDirectory(prefix="scorefield-cells-") as folder:
        return walk(given, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
