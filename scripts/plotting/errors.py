"""Errors against mu and over time, each beside its floor and baselines."""

import matplotlib.pyplot as plt
import numpy as np

from plotting.style import CURVES
from scorefield_io import FormatError, format_mu

MARKERS = {"floor": "v", "interpolated": "^", "nearest": "s", "prediction": "o"}
METRICS = [
    ("electric energy, relative L2", "electric_energy_error", "electric_energy_{}"),
    ("moments, relative L2", "moments_error", "moments_{}"),
    ("Sinkhorn divergence", "sinkhorn", "sinkhorn_{}"),
    ("sliced W2", "sliced_w2", "sliced_w2_{}"),
]


def _key(metric, name):
    return metric[1] if name == "prediction" else metric[2].format(name)


def errors_figure(evaluation):
    """Every metric against mu: the prediction between its floor and its baselines."""
    entries = evaluation["per_mu"]
    metrics = [metric for metric in METRICS if any(metric[1] in entry for entry in entries)]
    if not metrics:
        raise FormatError("the evaluation holds none of the errors that this figure shows")
    figure, panels = plt.subplots(1, len(metrics), figsize=(3.8 * len(metrics), 3.4), squeeze=False)
    positions = np.arange(len(entries))
    for axes, metric in zip(panels[0], metrics):
        for name in ("floor", "interpolated", "nearest", "prediction"):
            values = np.array([entry.get(_key(metric, name), np.nan) for entry in entries])
            if np.isfinite(values).any():
                axes.plot(positions, values, marker=MARKERS[name], markersize=5, **_line(name))
        axes.set_yscale("log")
        axes.set_title(metric[0])
        axes.set_xticks(positions, [format_mu(entry["mu"]) for entry in entries])
        axes.set_xlabel("mu" if _trained(entries) else "mu, not in the training data")
        axes.grid(axis="y", which="both", alpha=0.2)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=4)
    return figure


def _line(name):
    return {key: CURVES[name][key] for key in ("color", "label", "linestyle") if key in CURVES[name]}


def _trained(entries):
    return any(entry.get("is_training_mu", True) for entry in entries)


def distances_figure(evaluation):
    """Distances between the clouds over time: the mean over mu, and the range over mu as a band."""
    entries = [entry for entry in evaluation["per_mu"] if "clouds" in entry]
    if not entries:
        raise FormatError("the evaluation holds no distances over time")
    time = np.asarray(entries[0]["clouds"]["time"])
    names = [metric for metric in METRICS if metric[1] in entries[0]["clouds"]]
    figure, panels = plt.subplots(1, len(names), figsize=(3.8 * len(names), 3.0), squeeze=False)
    for axes, metric in zip(panels[0], names):
        for name in ("floor", "nearest", "prediction"):
            curves = [entry["clouds"][metric[1]].get(name) for entry in entries]
            if any(curve is None for curve in curves):
                continue
            curves = np.asarray(curves, dtype=float)
            axes.plot(time, curves.mean(axis=0), marker=MARKERS[name], markersize=4, **_line(name))
            axes.fill_between(time, curves.min(axis=0), curves.max(axis=0), color=CURVES[name]["color"], alpha=0.15,
                              linewidth=0)
        axes.set_yscale("log")
        axes.set_xlabel("time")
        axes.set_title(metric[0])
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=3)
    return figure
