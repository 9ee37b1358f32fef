"""One self-contained page: the table, the pictures with what they show, and how everything was made."""

import base64
import html
import pathlib

from plotting.evaluation import html_table

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em; color: #222; }
img { max-width: 100%; } figure { margin: 2em 0; } figcaption { color: #444; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
th, td { padding: .25em .7em; text-align: right; border-bottom: 1px solid #ddd; } th { font-weight: 600; }
tr.mean * { font-weight: 700; border-top: 2px solid #222; }
pre { background: #f5f5f5; padding: .8em; overflow-x: auto; font-size: 13px; } summary { cursor: pointer; }
"""

INTRODUCTION = """
<p>A network was trained on particle data of a few physics parameters mu and then asked for values of mu that it never saw.
It is a field that carries an initial population through time; the files at the end of this page say how everything was made.</p>
<p>How to read the table: <b>error</b> is the prediction's distance from the truth. <b>floor</b> is what an independent run of the
high-fidelity solver at the same mu scores, so no method can be expected below it. <b>nearest</b> copies the training run of the
nearest mu, <b>interpolated</b> draws a straight line in mu between the histories of the training runs (energy, moments) and
<b>cubic</b> a cubic through four of them (they predict these curves and no particles), and <b>mixture</b> pours particles of the neighbouring
training runs together. A model has learned something when it beats nearest, it is worth its training when it beats all of them,
and it is good near the floor.</p>
"""

CAPTIONS = {
    "overview.png": "One unseen mu. Top: density in phase space, the high-fidelity run above the prediction, on one colour scale. "
                    "Bottom: electric energy of the same run, linear and logarithmic (exponential growth is a straight line); grey "
                    "lines mark the times shown above.",
    "phase_space.gif": "One mu as an animation, truth beside prediction, in the first two coordinates.",
    "energy.png": "Electric energy for every tested mu.",
    "energy_log.png": "The same on a logarithmic axis, where the growth rate is the slope and small energies are visible.",
    "errors.png": "Errors against mu.",
    "distances.png": "Distances between the particle populations over time: mean over mu, and the range over mu as a band.",
    "phase_space.png": "Density in phase space at more times.",
    "loss.png": "Training history. The loss is stochastic; its minimum is not zero.",
}


def image(name, kind, data):
    """A picture inside of the page. kind: png, gif; data: its bytes."""
    return f'<img alt="{name}" src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'


def _image(path):
    return image(path.stem, "gif" if path.suffix == ".gif" else "png", path.read_bytes())


def _figures(pictures):
    """In the order of the captions."""
    paths = {path.name: path for path in pictures}
    for name, caption in CAPTIONS.items():
        if name in paths:
            yield f"<figure>{_image(paths[name])}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _provenance(files):
    rows, configurations = [], []
    for role, (path, provenance) in files.items():
        name = html.escape(pathlib.Path(path).name)
        rows.append(f"<tr><th>{role}</th><td>{name}</td><td>{provenance.seed}</td>"
                    f"<td>{html.escape(provenance.scorefield_version)}</td><td>{html.escape(provenance.created)}</td></tr>")
        configurations.append(f"<details><summary>Configuration of {name}</summary>"
                              f"<pre>{html.escape(provenance.config)}</pre></details>")
    return ("<table><tr><th></th><th>file</th><th>seed</th><th>scorefield</th><th>created</th></tr>"
            + "".join(rows) + "</table>" + "".join(configurations))


def _best(evaluation):
    """Who is closest to the truth, metric by metric, be it the prediction or not."""
    named = [(metric.title, evaluation.get("best", {}).get(metric.key)) for metric in evaluation["metrics"]]
    words = "; ".join(f"{title}: <b>{name}</b>" for title, name in named if name)
    return f"<p>Closest to the truth, floor apart, mean over mu: {words}.</p>" if words else ""


def _title(evaluation):
    seen = all(entry.get("is_training_mu", True) for entry in evaluation["per_mu"])
    return "Rollouts beside the truth" if seen else "Parameters that the model never saw"


def report_page(evaluation, pictures, files, commands):
    """The page as text. `pictures`: paths; `files`: role -> (path, provenance); `commands`: text or None."""
    warnings = "".join(f"<p><b>Warning:</b> {html.escape(text)}</p>" for text in evaluation.get("warnings", []))
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>scorefield report</title>",
             f"<style>{STYLE}</style><h1>{_title(evaluation)}</h1>", INTRODUCTION, warnings,
             html_table(evaluation), _best(evaluation), *_figures(pictures),
             "<h2>How this was made</h2>", f"<pre>{html.escape(commands)}</pre>" if commands else "",
             _provenance(files), "</html>\n"]
    return "\n".join(parts)
