"""Electric energy over time, per mu: truth, prediction and the baselines that say what the prediction is worth."""

import math

import matplotlib.pyplot as plt
import numpy as np

from plotting.style import CURVES, curve
from scorefield_io import FormatError, format_mu


def entries_with_energy(evaluation):
    entries = [entry for entry in evaluation["per_mu"] if "electric_energy" in entry]
    if not entries:
        raise FormatError("the evaluation holds no electric energy over time; its problem has no electric field")
    return entries


def draw_energy(axes, entry, log=False):
    """One mu on one pair of axes; curves that the evaluation lacks are left out."""
    time = np.asarray(entry["time"])
    energy = entry["electric_energy"]
    above = ("truth", "prediction")
    for name in (*(name for name in energy if name not in above), *above):
        axes.plot(time, energy[name], **curve(name))
    if log:
        axes.set_yscale("log")
    axes.set_xlim(time[0], time[-1])


def energy_figure(evaluation, log=False):
    """A panel per mu with common axes, and the legend in the space that is left."""
    entries = entries_with_energy(evaluation)
    columns = min(4, len(entries) + 1)
    rows = math.ceil((len(entries) + 1) / columns)
    figure, panels = plt.subplots(rows, columns, figsize=(3.0 * columns, 2.4 * rows), sharex=True, sharey=True,
                                  squeeze=False)
    flat = panels.ravel()
    for axes, entry in zip(flat, entries):
        draw_energy(axes, entry, log)
        error = entry.get("electric_energy_error")
        axes.set_title(f"mu = {format_mu(entry['mu'])}" + ("" if error is None else f"   error {error:.3f}"))
    for axes in flat[len(entries):]:
        axes.axis("off")
    for index, axes in enumerate(flat[:len(entries)]):
        if index + columns >= len(entries):
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("time")
    for axes in panels[:, 0]:
        axes.set_ylabel("electric energy")
    handles, labels = flat[0].get_legend_handles_labels()
    known = [style["label"] for style in CURVES.values()]
    order = sorted(range(len(labels)), key=lambda i: known.index(labels[i]) if labels[i] in known else len(known))
    flat[-1].legend([handles[i] for i in order], [labels[i] for i in order], loc="center")
    return figure
