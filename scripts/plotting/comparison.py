"""The table of `scorefield compare`: errors beside floor and nearest, and the oscillator's q(t) beside the closed form."""

import json

import matplotlib.pyplot as plt
import numpy as np

from plotting.metrics import line, read_metrics
from plotting.style import CURVES
from scorefield_io import FormatError


def read_comparison(path):
    """table.json as the command wrote it."""
    try:
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
    except ValueError as error:
        raise FormatError(f"{path}: not JSON ({error})") from error
    if not isinstance(table, dict) or "cells" not in table:
        raise FormatError(f"{path}: not a table.json of 'scorefield compare'")
    table["metrics"] = read_metrics(table, path)
    return table


def _metric(table, cells):
    """The first metric that a finished cell of this problem has."""
    for metric in table["metrics"]:
        if metric.shown == "everywhere" and metric.present(cell["mean"] for cell in cells):
            return metric
    raise FormatError("no finished cell holds an error")


def comparison_figure(table):
    """One panel per problem with finished cells; a lower bar is better."""
    done = [cell for cell in table["cells"] if cell["status"] == "done"]
    if not done:
        raise FormatError("no cell of the table has finished")
    problems = list(dict.fromkeys(cell["problem"] for cell in done))
    columns = min(len(problems), 3)
    rows = -(-len(problems) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(1.0 + 3.0 * columns, 0.6 + 2.8 * rows), squeeze=False)
    for axes in panels.flat[len(problems) :]:
        axes.set_axis_off()
    for axes, problem in zip(panels.flat, problems):
        cells = [cell for cell in done if cell["problem"] == problem]
        metric = _metric(table, cells)
        methods = list(dict.fromkeys(cell["method"] for cell in cells))
        for position, method in enumerate(methods):
            values = [cell["mean"][metric.key] for cell in cells if cell["method"] == method]
            axes.bar(position, np.mean(values), color=CURVES["prediction"]["color"], alpha=0.5)
            axes.plot([position] * len(values), values, "o", color=CURVES["prediction"]["color"], markersize=4)
        for name, key in metric.baselines.items():
            value = cells[0]["mean"].get(key)
            if value is not None:
                axes.axhline(value, **{**line(name), "label": name})
        axes.set_yscale("log")
        axes.set_title(f"{problem}: {metric.title}")
        axes.set_xticks(range(len(methods)), methods, rotation=60, ha="right")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncol=3)
    return figure


def integrand_figure(table):
    """q(t) = E[|grad s|^2 / 2 + d_t s] of every method's first seed beside the exact one; below, what is wrong with it."""
    cells = {}
    for cell in table["cells"]:
        if cell["status"] == "done" and "integrand" in cell:
            cells.setdefault(cell["method"], cell)
    if not cells:
        raise FormatError("no finished cell holds 'integrand': it is measured on the oscillator at sigma = 0")
    exact = next(iter(cells.values()))["integrand"]
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 5.2), sharex=True)
    above.plot(exact["time"], exact["exact"], color=CURVES["truth"]["color"], linewidth=2.4, label="closed form")
    # A field that cheats between the nodes of its rule is off by orders of magnitude: the closed form sets the range.
    low, high = np.min(exact["exact"]), np.max(exact["exact"])
    above.set_ylim(low - 0.3 * (high - low), high + 0.3 * (high - low))
    for number, (method, cell) in enumerate(cells.items()):
        colour = plt.get_cmap("tab10")(number % 10)
        learned = np.asarray(cell["integrand"]["learned"])
        above.plot(exact["time"], learned, color=colour, linewidth=1.0, label=method)
        below.plot(exact["time"], np.abs(learned - exact["exact"]), color=colour, linewidth=1.0)
    above.set_ylabel("q(t)")
    below.set_ylabel("|learned - exact|")
    below.set_yscale("log")
    below.set_xlabel("time")
    figure.legend(*above.get_legend_handles_labels(), loc="outside right upper")
    return figure
