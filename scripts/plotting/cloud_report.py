"""One self-contained page on a samples file: what it says of itself, its coordinates, marginals and traces."""

import html
import io

import matplotlib.pyplot as plt
import numpy as np

from plotting.corner import corner_figure
from plotting.report import STYLE, image

QUANTILES = (0.05, 0.5, 0.95)
MOST_ROWS = 200
CAPTIONS = {
    "corner": "Marginals, and contours around 50 % and 90 % of the mass of each pair of coordinates.",
    "traces": "What the method recorded, over its iterations.",
}


def weighted_quantiles(values, weights, shares):
    order = np.argsort(values)
    mass = np.cumsum(weights[order])
    return values[order][np.minimum(np.searchsorted(mass, np.array(shares) * mass[-1]), len(values) - 1)]


def moments(samples):
    """(name, mean, deviation, quantiles...) of every coordinate."""
    weights = np.full(len(samples.positions), 1 / len(samples.positions)) if samples.weights is None else samples.weights
    for name, values in zip(samples.names, samples.positions.T):
        mean = weights @ values
        yield name, mean, np.sqrt(weights @ (values - mean) ** 2), *weighted_quantiles(values, weights, QUANTILES)


def traces_figure(samples):
    """A panel for each column of the trace."""
    names = [name for name, values in samples.trace.items() if np.isfinite(values).any()]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(3.2 * columns, 2 * rows), squeeze=False)
    for axes, name in zip(panels.flat, names):
        axes.plot(np.arange(1, len(samples.trace[name]) + 1), samples.trace[name], color="#0072B2", lw=1)
        axes.set_title(name.replace("_", " "))
    for axes in panels.flat[len(names):]:
        axes.set_axis_off()
    return figure


def _picture(name, figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return f"<figure>{image(name, 'png', buffer.getvalue())}<figcaption>{html.escape(CAPTIONS[name])}</figcaption></figure>"


def _table(head, rows):
    body = "".join("<tr><th>" + html.escape(str(row[0])) + "</th>" + "".join(f"<td>{_text(value)}</td>" for value in row[1:]) + "</tr>"
                   for row in rows)
    return f"<table><tr>{''.join(f'<th>{html.escape(name)}</th>' for name in head)}</tr>{body}</table>"


def _text(value):
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else html.escape(str(value))


def _verdict(samples):
    """The file's attributes in its own words: what was done, whether it may be trusted, checks and notes."""
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in samples.notes)
    rows = [(name, *np.atleast_1d(values)[:2]) for name, values in sorted(samples.checks.items())]
    checks = _table(("check", "value", "floor"), rows) if rows else ""
    return _table(("", ""), samples.facts.items()) + notes + checks


def cloud_page(samples, reference=None, wanted=()):
    """The page as text."""
    title = html.escape(f"{samples.target} by {samples.method}")
    rows = list(moments(samples))
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>",
             _verdict(samples), _picture("corner", corner_figure(samples, reference, wanted)),
             _table(("", "mean", "deviation", *(f"{100 * q:.0f} %" for q in QUANTILES)), rows[:MOST_ROWS]),
             f"<p>and {len(rows) - MOST_ROWS:,} more coordinates</p>" if len(rows) > MOST_ROWS else "",
             _picture("traces", traces_figure(samples)) if samples.trace else "",
             f"<details><summary>Configuration</summary><pre>{html.escape(samples.provenance.config)}</pre></details></html>\n"]
    return "\n".join(parts)
