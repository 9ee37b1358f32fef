"""evaluation.json: reading it, and its numbers as a table."""

import html
import json

from scorefield_io import FormatError, format_mu

# Columns of the table: heading, then (sub-heading, key) pairs. Metrics that the file lacks are left out.
COLUMNS = [
    ("electric energy, relative L2", [
        ("error", "electric_energy_error"),
        ("floor", "electric_energy_floor"),
        ("interpolated", "electric_energy_interpolated"),
        ("nearest", "electric_energy_nearest"),
    ]),
    ("moments, relative L2", [
        ("error", "moments_error"),
        ("floor", "moments_floor"),
        ("interpolated", "moments_interpolated"),
        ("nearest", "moments_nearest"),
    ]),
    ("covariance, relative L2", [
        ("error", "covariance_error"),
        ("floor", "covariance_floor"),
        ("interpolated", "covariance_interpolated"),
        ("nearest", "covariance_nearest"),
    ]),
    ("Sinkhorn divergence", [
        ("error", "sinkhorn"),
        ("floor", "sinkhorn_floor"),
        ("nearest", "sinkhorn_nearest"),
    ]),
    ("sliced W2", [
        ("error", "sliced_w2"),
        ("floor", "sliced_w2_floor"),
        ("nearest", "sliced_w2_nearest"),
    ]),
]


def read_evaluation(path):
    """The object that `scorefield evaluate --json` printed. Raises FormatError."""
    try:
        with open(path, encoding="utf-8") as file:
            evaluation = json.load(file)
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise FormatError(f"{path}: not JSON ({error}); make it with: scorefield evaluate ... --json") from error
    if not isinstance(evaluation, dict) or not evaluation.get("per_mu"):
        raise FormatError(f"{path}: expected the key 'per_mu' of `scorefield evaluate --json`, found none")
    return evaluation


def _columns(evaluation):
    present = set(evaluation.get("mean", {}))
    for entry in evaluation["per_mu"]:
        present |= set(entry)
    for heading, metrics in COLUMNS:
        kept = [(name, key) for name, key in metrics if key in present]
        if kept:
            yield heading, kept


def _rows(evaluation):
    for entry in evaluation["per_mu"]:
        yield format_mu(entry["mu"]), entry
    if evaluation.get("mean"):
        yield "mean", evaluation["mean"]


def _number(value):
    return "" if value is None else f"{value:.4f}"


def html_table(evaluation):
    groups = list(_columns(evaluation))
    first = "".join(f'<th colspan="{len(metrics)}">{html.escape(heading)}</th>' for heading, metrics in groups)
    second = "".join(f"<th>{html.escape(name)}</th>" for _, metrics in groups for name, _ in metrics)
    body = []
    for label, entry in _rows(evaluation):
        cells = "".join(f"<td>{_number(entry.get(key))}</td>" for _, metrics in groups for _, key in metrics)
        body.append(f'<tr{" class=mean" if label == "mean" else ""}><th>{label}</th>{cells}</tr>')
    return f'<table><tr><th rowspan="2">mu</th>{first}</tr><tr>{second}</tr>{"".join(body)}</table>'
