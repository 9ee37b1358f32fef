"""Small files of every scorefield format with known content, so that readers and pictures are tested without a solver.

The "plasma" is two beams of Gaussian particles that drift freely; energies grow exponentially and saturate.
"""

import json
import pathlib

import h5py
import numpy as np

LENGTH = 50.0
TIMES = np.linspace(0.0, 40.0, 21)


def set_provenance(file, kind, seed=1):
    file.attrs["format"] = f"scorefield/{kind}"
    file.attrs["format_version"] = 1
    file.attrs["scorefield_version"] = "0.1.0"
    file.attrs["seed"] = seed
    file.attrs["config"] = 'problem = "two-stream"\n[pic]\ncells = 256\n'
    file.attrs["created"] = "2026-01-31T12:00:00Z"


def energy(mu, time=TIMES):
    """Exponential growth into saturation."""
    growth = 1e-3 * np.exp(0.35 * time / mu)
    return growth / (1.0 + growth / 5.0)


def write_ensemble(path, kind, mu, seed, particles=400):
    generator = np.random.default_rng(seed)
    start = np.stack([generator.uniform(0, LENGTH, particles),
                      generator.normal(0, 1, particles) + np.where(np.arange(particles) % 2, 3, -3)], axis=1)
    with h5py.File(path, "w") as file:
        set_provenance(file, kind, seed)
        file["mu"] = np.asarray(mu, dtype=np.float64)[:, None]
        file["mu"].attrs["names"] = ["mu"]
        file["time"] = TIMES
        file["time"].attrs["units"] = "inverse plasma frequency"
        samples = np.empty((len(mu), len(TIMES), particles, 2), dtype=np.float32)
        for i in range(len(mu)):
            for k, time in enumerate(TIMES):
                samples[i, k] = np.stack([(start[:, 0] + start[:, 1] * time) % LENGTH, start[:, 1]], axis=1)
        file.create_dataset("samples", data=samples, chunks=(1, 1, particles, 2))
        attributes = file["samples"].attrs
        attributes["coordinates"] = ["x", "v"]
        attributes["units"] = ["Debye lengths", "thermal speeds"]
        attributes["periods"] = np.array([LENGTH, 0.0])
        attributes["identity"] = "trajectories"
        if kind == "dataset":
            file["diagnostics/time"] = TIMES
            file["diagnostics/electric_energy"] = np.stack([energy(value) for value in mu])


def write_model(path):
    step = np.arange(0, 1000, 10)
    with h5py.File(path, "w") as file:
        set_provenance(file, "model")
        file["model/w0"] = np.eye(3, dtype=np.float32)
        file["history/step"] = step
        file["history/loss"] = np.exp(-step / 300.0)
        file["history/validation_loss"] = np.where(step % 100 == 0, np.exp(-step / 250.0), np.nan)
        file["history/seconds"] = step * 0.01
        file["history/learning_rate"] = 1e-3 * np.cos(step / 1000 * np.pi / 2)


def write_samples(path, particles=300, dimension=2, weighted=False, frames=4):
    """Standard normal particles as `scorefield sample` would leave them."""
    random = np.random.default_rng(5)
    x = random.normal(size=(particles, dimension))
    axis = np.linspace(-4, 4, 41)
    with h5py.File(path, "w") as file:
        set_provenance(file, "samples")
        file.attrs["method"], file.attrs["target"] = "mpm", "gaussian"
        file["samples"] = x
        file["log_prob"] = -(x**2).sum(axis=1) / 2
        if weighted:
            weights = random.uniform(size=particles)
            file["weights"] = weights / weights.sum()
        file["trace/temperature"] = np.maximum(4 - np.arange(50) / 5, 1)
        file["trace/free_energy"] = np.exp(-np.arange(50) / 10)
        if frames:
            file["frames/iterations"] = np.linspace(0, 50, frames).astype(np.int64)
            file["frames/positions"] = np.stack([x * (1 + 2 * k / frames) for k in range(frames)][::-1])
            file["density/axis0"] = file["density/axis1"] = axis
            file["density/log_prob"] = -(axis[:, None] ** 2 + axis[None] ** 2) / 2


def metrics():
    """The table of metrics that files with scores hold."""
    histories, clouds = ("floor", "nearest", "interpolated", "cubic", "mixture"), ("floor", "nearest", "mixture")
    rows = (("electric_energy_error", "electric energy, relative L2", "everywhere", histories),
            ("electric_energy_error_frames", "electric energy, mean over frames", "evaluation", histories),
            ("moments_error", "moments, relative L2", "everywhere", histories),
            ("sinkhorn", "Sinkhorn divergence", "everywhere", clouds),
            ("sliced_w2", "sliced W2", "everywhere", clouds))
    return [{"key": key, "title": title, "shown": shown,
             "baselines": {name: key.replace("_error", "") + f"_{name}" for name in baselines}}
            for key, title, shown, baselines in rows]


def evaluation(mu):
    """What `scorefield evaluate --json` prints, with made-up numbers."""
    per_mu = []
    for value in mu:
        truth = energy(value)
        frames = [0.0, 20.0, 40.0]
        clouds = {name: {"prediction": [0.02, 0.03, 0.05], "floor": [0.01, 0.01, 0.012], "nearest": [0.05, 0.1, 0.2]}
                  for name in ("sinkhorn", "sliced_w2")}
        per_mu.append({
            "mu": [value], "inside_training_range": True, "is_training_mu": False,
            "electric_energy_error": 0.05, "electric_energy_floor": 0.006, "electric_energy_nearest": 0.11,
            "electric_energy_interpolated": 0.02, "electric_energy_cubic": 0.005, "electric_energy_mixture": 0.03,
            "sinkhorn": 0.03, "sinkhorn_floor": 0.01, "sinkhorn_nearest": 0.1, "sinkhorn_mixture": 0.04,
            "sliced_w2": 0.03, "sliced_w2_floor": 0.01, "sliced_w2_nearest": 0.1,
            "time": TIMES.tolist(),
            "electric_energy": {"truth": truth.tolist(), "prediction": (1.05 * truth).tolist(),
                                "floor": (1.006 * truth).tolist(), "nearest": energy(value + 0.05).tolist(),
                                "interpolated": (0.98 * truth).tolist(), "cubic": (0.995 * truth).tolist(),
                                "mixture": (0.97 * truth).tolist()},
            "clouds": {"time": frames, **clouds}})
    scalars = [key for key, number in per_mu[0].items() if isinstance(number, float)]
    mean = {key: float(np.mean([entry[key] for entry in per_mu])) for key in scalars}
    return {"rollout": "rollout.h5", "reference": "test.h5", "training": "train.h5", "warnings": [], "metrics": metrics(), "per_mu": per_mu, "mean": mean,
            "best": {"electric_energy_error": "cubic", "sinkhorn": "prediction", "sliced_w2": "prediction"}}


def write_demo_folder(folder):
    """The files that scripts/demo leaves before it draws."""
    folder = pathlib.Path(folder)
    test_mu = [1.25, 1.35, 1.45]
    write_ensemble(folder / "train.h5", "dataset", [1.2, 1.3, 1.4, 1.5], seed=1)
    write_ensemble(folder / "test.h5", "dataset", test_mu, seed=2)
    write_ensemble(folder / "rollout.h5", "rollout", test_mu, seed=3)
    write_model(folder / "model.h5")
    (folder / "evaluation.json").write_text(json.dumps(evaluation(test_mu)), encoding="utf-8")
    (folder / "commands.txt").write_text("scorefield generate two-stream --output train.h5\n", encoding="utf-8")
