"""The one picture to show: phase space, truth above prediction, and the electric energy of the same run."""

import matplotlib.pyplot as plt
import numpy as np

from plotting.energy import draw_energy
from plotting.phase_space import draw_panels
from scorefield_io import format_mu


def overview_figure(phase_space, evaluation, panels=4):
    rollout, index = phase_space.sources["prediction"], phase_space.indices["prediction"]
    entry = next(entry for entry in evaluation["per_mu"]
                 if "electric_energy" in entry and rollout.find_mu(entry["mu"]) == index)
    shared = phase_space.shared_times()
    times = [shared[k] for k in np.linspace(0, len(shared) - 1, panels + 1).astype(int)[1:]]
    figure = plt.figure(figsize=(10.5, 7.4))
    upper, lower = figure.subfigures(2, 1, height_ratios=[1.45, 1])
    axes = upper.subplots(2, panels, sharex=True, sharey=True)
    image = draw_panels(phase_space, axes, times)
    upper.colorbar(image, ax=axes, label="density", shrink=0.8)
    linear, logarithmic = lower.subplots(1, 2)
    draw_energy(linear, entry)
    draw_energy(logarithmic, entry, log=True)
    for energy_axes in (linear, logarithmic):
        energy_axes.set_xlabel(f"time [{phase_space.sources['truth'].time_units}]")
        energy_axes.set_ylabel("electric energy")
        for time in times:
            energy_axes.axvline(time, color="0.85", lw=0.8, zorder=0)
    linear.legend(fontsize=8)
    upper.suptitle(f"Predicted without having seen mu = {format_mu(phase_space.mu)}"
                   if not entry.get("is_training_mu", True) else f"mu = {format_mu(phase_space.mu)}")
    return figure
