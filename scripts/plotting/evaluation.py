"""evaluation.json: reading it, and its numbers as a table."""

import html
import json

from plotting.metrics import read_metrics
from scorefield_io import FormatError, format_mu


def read_evaluation(path):
    """The object that `scorefield evaluate --json` printed, its metrics as Metric. Raises FormatError."""
    try:
        with open(path, encoding="utf-8") as file:
            evaluation = json.load(file)
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise FormatError(f"{path}: not JSON ({error}); make it with: scorefield evaluate ... --json") from error
    if not isinstance(evaluation, dict) or not evaluation.get("per_mu"):
        raise FormatError(f"{path}: expected the key 'per_mu' of `scorefield evaluate --json`, found none")
    evaluation["metrics"] = read_metrics(evaluation, path)
    return evaluation


def _columns(evaluation):
    present = set(evaluation.get("mean", {}))
    for entry in evaluation["per_mu"]:
        present |= set(entry)
    for metric in evaluation["metrics"]:
        columns = {"error": metric.key, **metric.baselines}
        kept = [(name, key) for name, key in columns.items() if key in present]
        if kept and metric.shown != "evaluation":
            yield metric.title, kept


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
