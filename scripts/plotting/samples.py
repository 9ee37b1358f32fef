"""What `scorefield sample` made: particles over the density, the free energy over the run, and the run itself as an animation."""

import os

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from scorefield_io import FormatError

ENERGIES = ("free_energy", "loss", "stein_direction")  # what a method lowers, the first that its trace has
MOST_POINTS = 4000  # particles drawn in one picture


def particles_figure(samples):
    """Particles over density contours (first two coordinates), and the trace of what the method lowers."""
    quantity = next((name for name in ENERGIES if name in samples.trace), None)
    figure, panels = plt.subplots(1, 2 if quantity else 1, figsize=(8.4 if quantity else 4.4, 3.9), squeeze=False)
    axes = panels[0, 0]
    _draw_density(axes, samples)
    points = _shown(samples.positions)
    sizes = 6.0 if samples.weights is None else 6.0 * len(samples.weights) * _shown(samples.weights)
    axes.scatter(points[:, 0], points[:, 1] if points.shape[1] > 1 else np.zeros(len(points)), s=sizes, color="#D55E00",
                 alpha=0.6, linewidths=0)
    axes.set_title(f"{samples.target} by {samples.method}, {len(samples.positions):,} particles")
    if quantity:
        _draw_trace(panels[0, 1], samples, quantity)
    return figure


def _shown(values):
    step = -(-len(values) // MOST_POINTS)
    return values[::step]


def _draw_density(axes, samples):
    """Contours at 1, 2, ... 5 units of log p below its maximum where the file has log p on a grid; else of the cloud's histogram."""
    axes.set_xlabel("x1")
    axes.set_ylabel("x2")
    if samples.positions.shape[1] == 1:
        axes.set_ylabel("")
        return
    if samples.density:
        log_p = samples.density["log_prob"] - np.nanmax(samples.density["log_prob"])
        axes.contour(samples.density["axis0"], samples.density["axis1"], np.maximum(log_p.T, -30), levels=[-5, -4, -3, -2, -1, -0.2],
                     colors="#0072B2", linewidths=0.9, linestyles="solid")
    else:
        bins = int(np.clip(np.sqrt(len(samples.positions) / 6), 8, 60))
        density, first, second = np.histogram2d(samples.positions[:, 0], samples.positions[:, 1], bins=bins, weights=samples.weights)
        middle = [(edges[1:] + edges[:-1]) / 2 for edges in (first, second)]
        axes.contourf(*middle, density.T, levels=8, cmap="Greys", alpha=0.6)


def _draw_trace(axes, samples, quantity):
    values = samples.trace[quantity]
    iterations = np.arange(1, len(values) + 1)
    axes.plot(iterations, values, color="#0072B2", lw=1.4)
    hot = np.flatnonzero(samples.trace.get("temperature", np.ones(1)) > 1.0)
    if len(hot):  # log p / T changes with T: only what follows must fall
        axes.axvspan(0, hot[-1] + 1, color="#999999", alpha=0.2, linewidth=0, label="temperature above 1")
        axes.legend(loc="lower right")
    finite = values[np.isfinite(values)]
    if len(finite) and finite.min() > 0:
        axes.set_yscale("log")
    axes.set_xlabel("iteration")
    axes.set_ylabel(quantity.replace("_", " "))
    axes.set_title(f"{quantity.replace('_', ' ')}: {values[-1]:.4g} after {len(values):,} iterations")


def save_samples_animation(samples, path, frames_per_second=8):
    """A GIF of the particles over the density, one picture per stored frame."""
    if samples.frames is None:
        raise FormatError(f"{samples.path}: holds no frames; sample again with --set sample.frames=40")
    if samples.positions.shape[1] < 2:
        raise FormatError(f"{samples.path}: an animation needs two coordinates, found 1")
    figure, axes = plt.subplots(figsize=(4.6, 4.2), dpi=90)
    _draw_density(axes, samples)
    low, high = (np.quantile(samples.frames[:, :, :2], q, axis=(0, 1)) for q in (0.002, 0.998))
    margin = 0.05 * (high - low)
    axes.set_xlim(low[0] - margin[0], high[0] + margin[0])
    axes.set_ylim(low[1] - margin[1], high[1] + margin[1])
    cloud = axes.scatter([], [], s=5, color="#D55E00", alpha=0.7, linewidths=0)
    heading = axes.set_title(" ")
    pictures = []
    for iteration, positions in zip(samples.frame_iterations, samples.frames):
        cloud.set_offsets(_shown(positions)[:, :2])
        heading.set_text(f"{samples.target} by {samples.method}, iteration {iteration}")
        figure.canvas.draw()
        picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
        pictures.append(picture.quantize(palette=pictures[0], dither=Image.Dither.NONE) if pictures else picture.quantize(64))
    plt.close(figure)
    temporary = os.path.join(os.path.dirname(os.path.abspath(path)), f".{os.getpid()}.gif")
    try:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=round(1000 / frames_per_second), loop=0)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
