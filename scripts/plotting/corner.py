"""Marginals of a cloud and its pairs of coordinates, beside a reference."""

import pathlib

import matplotlib.pyplot as plt
import numpy as np

from scorefield_io import FormatError, open_samples

MOST_COORDINATES = 8  # of a picture that nobody has chosen them for
CLOUD, REFERENCE = "#D55E00", "#0072B2"
LEVELS = (0.5, 0.9)  # shares of the mass inside of the contours


def read_reference(path):
    """(points [m, d], weights [m] or None, label) of a samples file or a .npy array."""
    path = pathlib.Path(path)
    if path.suffix != ".npy":
        cloud = open_samples(path)
        return cloud.positions, cloud.weights, cloud.method
    try:
        points = np.load(path, allow_pickle=False)
    except ValueError as error:
        raise FormatError(f"{path}: {error}") from error
    if points.ndim != 2:
        raise FormatError(f"{path}: expected an array of shape [m, d], found {list(points.shape)}")
    return points, None, path.stem


def chosen_columns(samples, wanted):
    """Indices of the coordinates by their names: a whole one, or a variable's, which means all of its elements."""
    names = samples.names
    if not wanted:
        return list(range(min(len(names), MOST_COORDINATES)))
    columns = []
    for word in wanted:
        found = [i for i, name in enumerate(names) if name == word or name.startswith(word + "[")]
        if not found:
            raise FormatError(f"{samples.path}: has no coordinate '{word}'; it has {', '.join(names[:20])}")
        columns += found
    return columns


def corner_figure(samples, reference=None, wanted=()):
    """Histograms on the diagonal, pairs below it. reference: (points [m, d], weights [m] or None, label) in the same coordinates."""
    columns = chosen_columns(samples, wanted)
    clouds = [(samples.positions, samples.weights, samples.method, CLOUD)]
    if reference is not None:
        points, weights, label = reference
        if points.shape[1] != samples.positions.shape[1]:
            raise FormatError(f"the reference has {points.shape[1]} coordinates, {samples.path} has {samples.positions.shape[1]}")
        clouds.append((points, weights, label, REFERENCE))
    size = len(columns)
    figure, panels = plt.subplots(size, size, figsize=(1.2 + 1.5 * size, 0.8 + 1.5 * size), squeeze=False)
    limits = [_limits([cloud[0][:, column] for cloud in clouds]) for column in columns]
    for row in range(size):
        for column in range(size):
            axes = panels[row, column]
            if column > row:
                axes.set_axis_off()
                continue
            for points, weights, label, color in clouds:
                if row == column:
                    _marginal(axes, points[:, columns[row]], weights, limits[row], label, color)
                else:
                    _pair(axes, points[:, [columns[column], columns[row]]], weights, (limits[column], limits[row]), color)
            _label(axes, row, column, size, samples.names, columns)
    if size > 1 or len(clouds) > 1:
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper right")
    figure.suptitle(f"{samples.target} by {samples.method}, {len(samples.positions):,} particles", x=0.02, ha="left")
    return figure


def _limits(columns):
    """Of the bulk of every cloud: one straggler does not squeeze the picture."""
    low = min(np.quantile(values, 0.002) for values in columns)
    high = max(np.quantile(values, 0.998) for values in columns)
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def _bins(count):
    return int(np.clip(2 * np.cbrt(count), 12, 50))


def _marginal(axes, values, weights, limits, label, color):
    axes.hist(values, bins=_bins(len(values)), range=limits, weights=weights, density=True, histtype="step", color=color, label=label)
    axes.set_xlim(limits)
    axes.set_yticks([])


def _pair(axes, points, weights, limits, color):
    """Contours around shares of the mass, of a smoothed histogram."""
    bins = min(30, _bins(len(points)))
    density, *edges = np.histogram2d(points[:, 0], points[:, 1], bins=bins, range=limits, weights=weights)
    density = _smooth(density / density.sum()) if density.sum() > 0 else density
    heights = np.sort(density.ravel())[::-1]
    inside = np.cumsum(heights)
    levels = sorted({float(heights[min(np.searchsorted(inside, share), heights.size - 1)]) for share in LEVELS})
    middle = [(edge[1:] + edge[:-1]) / 2 for edge in edges]
    if density.max() > 0:
        axes.contour(*middle, density.T, levels=levels, colors=color, linewidths=0.9)
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])


def _smooth(density):
    """Means over three by three cells, with weights 1 2 1."""
    padded = np.pad(density, 1, mode="edge")
    rows = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 4


def _label(axes, row, column, size, names, columns):
    axes.tick_params(labelsize=6)
    if row == size - 1:
        axes.set_xlabel(names[columns[column]])
    else:
        axes.set_xticklabels([])
    if column == 0 and row > 0:
        axes.set_ylabel(names[columns[row]])
    elif column < row:
        axes.set_yticklabels([])
