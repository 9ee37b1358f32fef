"""What all figures share: fonts, colours that colour-blind readers can tell apart, and how a figure is saved."""

import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the backend is chosen)

# Okabe and Ito's palette; line styles differ too, so that the figures survive a grey printer.
CURVES = {
    "truth": {"color": "black", "linewidth": 2.0, "label": "truth"},
    "prediction": {"color": "#D55E00", "linewidth": 1.6, "label": "prediction"},
    "floor": {"color": "#999999", "linewidth": 1.2, "label": "floor: independent run"},
    "nearest": {"color": "#0072B2", "linewidth": 1.2, "linestyle": "--", "label": "nearest training run"},
    "interpolated": {"color": "#009E73", "linewidth": 1.4, "linestyle": ":", "label": "training E(t), linear in mu"},
    "cubic": {"color": "#E69F00", "linewidth": 1.2, "linestyle": (0, (1, 1)), "label": "training E(t), cubic in mu"},
    "mixture": {"color": "#56B4E9", "linewidth": 1.2, "linestyle": "-.", "label": "mixture of training runs"},
    "coarse": {"color": "#F0E442", "linewidth": 1.2, "linestyle": "--", "label": "coarse solver"},
    "displacement": {"color": "#CC79A7", "linewidth": 1.2, "linestyle": "--", "label": "displacement in time"},
    "halves": {"color": "#999999", "linewidth": 1.2, "linestyle": ":", "label": "half of the truth against half"},
}
OTHER = {"color": "#CC79A7", "linewidth": 1.2, "linestyle": "-."}  # a baseline without a style of its own
DENSITY_MAP = "magma"


def curve(name):
    """How the line of the truth, the prediction or a baseline looks and is called."""
    return CURVES.get(name, {**OTHER, "label": name})


def use_style():
    plt.rcParams.update({
        "figure.dpi": 110,
        "savefig.dpi": 150,
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.labelsize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
    })


def save(figure, path):
    """Writes a figure under its final name only when it is complete."""
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, f".{os.getpid()}.{name}")
    try:
        figure.savefig(temporary)
        os.replace(temporary, path)
    finally:
        plt.close(figure)
        if os.path.exists(temporary):
            os.remove(temporary)


def write_text(path, text):
    """Writes a text file under its final name only when it is complete."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
