"""Errors against mu and over time, each beside its floor and baselines."""

import matplotlib.pyplot as plt
import numpy as np

from plotting.metrics import line
from scorefield_io import FormatError, format_mu, format_names

MARKERS = {"floor": "v", "interpolated": "^", "cubic": "<", "mixture": "D", "coarse": "P", "displacement": ">",
           "halves": "1", "nearest": "s", "prediction": "o"}


def errors_figure(evaluation):
    """Every metric against mu: the prediction between its floor and its baselines."""
    entries = evaluation["per_mu"]
    metrics = [metric for metric in evaluation["metrics"] if metric.shown == "everywhere" and metric.present(entries)]
    if not metrics:
        raise FormatError("the evaluation holds none of the errors that this figure shows")
    figure, panels = plt.subplots(1, len(metrics), figsize=(3.8 * len(metrics), 3.4), squeeze=False)
    positions = np.arange(len(entries))
    several = len(entries[0]["mu"]) > 1
    for axes, metric in zip(panels[0], metrics):
        for name, key in metric.keys.items():
            values = np.array([entry.get(key, np.nan) for entry in entries])
            if np.isfinite(values).any():
                style = {**line(name), **({"linestyle": "none"} if several else {})}  # tuples have no order
                axes.plot(positions, values, marker=MARKERS.get(name, "d"), markersize=5, **style)
        axes.set_yscale("log")
        axes.set_title(metric.title)
        axes.set_xticks(positions, [format_mu(entry["mu"]) for entry in entries], rotation=60 if several else 0,
                        ha="right" if several else "center", rotation_mode="anchor")
        name = format_names(evaluation.get("parameters", ["mu"]))
        separator = ",\n" if several else ", "
        axes.set_xlabel(name if _trained(entries) else f"{name}{separator}not in the training data")
        axes.grid(axis="y", which="both", alpha=0.2)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=4)
    return figure


def _trained(entries):
    return any(entry.get("is_training_mu", True) for entry in entries)


def distances_figure(evaluation):
    """Distances between the clouds over time: the mean over mu, and the range over mu as a band."""
    entries = [entry for entry in evaluation["per_mu"] if "clouds" in entry]
    if not entries:
        raise FormatError("the evaluation holds no distances over time")
    time = np.asarray(entries[0]["clouds"]["time"])
    metrics = [metric for metric in evaluation["metrics"] if metric.key in entries[0]["clouds"]]
    figure, panels = plt.subplots(1, len(metrics), figsize=(3.8 * len(metrics), 3.0), squeeze=False)
    for axes, metric in zip(panels[0], metrics):
        for name in metric.keys:
            curves = [entry["clouds"][metric.key].get(name) for entry in entries]
            if any(curve is None for curve in curves):
                continue
            curves = np.asarray(curves, dtype=float)
            axes.plot(time, curves.mean(axis=0), marker=MARKERS.get(name, "d"), markersize=4, **line(name))
            axes.fill_between(time, curves.min(axis=0), curves.max(axis=0), color=line(name)["color"], alpha=0.15,
                              linewidth=0)
        axes.set_yscale("log")
        axes.set_xlabel("time")
        axes.set_title(metric.title)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=3)
    return figure
