"""The history of a training run."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from scorefield_io import FormatError


def has_steps(model):
    """Whether there is a history to draw: a field that is fitted has none, or one record of its fit."""
    step = model.history.get("step", ())
    return len(step) > 0 and step[-1] > 0


def loss_figure(model):
    """Training and validation loss over steps, and the learning rate below."""
    if not has_steps(model):
        raise FormatError(f"{model.path}: holds no training history; a field that is fitted takes no steps")
    history = model.history
    step = history["step"]
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.5, 4.2), sharex=True, height_ratios=[3, 1])
    marker = "o" if len(step) < 30 else None  # a single record would draw no line
    for key, label, style in (("loss", "training (batch)", {"color": "#0072B2", "lw": 0.8, "alpha": 0.7}),
                              ("validation_loss", "validation (fixed set)", {"color": "#D55E00", "lw": 1.8})):
        if key in history:
            known = np.isfinite(history[key])
            top.plot(step[known], history[key][known], label=label, marker=marker, markersize=3, **style)
    _scale_loss(top, history)
    top.set_ylabel("loss")
    top.legend()
    top.set_title(_summary(history))
    if "learning_rate" in history:
        bottom.plot(step, history["learning_rate"], color="black", lw=1.2, marker=marker, markersize=3)
    bottom.set_ylabel("learning rate")
    bottom.set_xlabel("step")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _scale_loss(axes, history):
    """Logarithmic for a loss that stays positive; otherwise linear on the range that most steps cover."""
    values = np.concatenate([history[key][np.isfinite(history[key])] for key in ("loss", "validation_loss")
                             if key in history])
    if len(values) and values.min() > 0:
        axes.set_yscale("log")
    elif len(values):
        low, high = np.percentile(values, [0, 97])
        margin = 0.05 * max(high - low, 1e-12)
        axes.set_ylim(low - margin, high + margin)


def _summary(history):
    text = f"{int(history['step'][-1]):,} steps"
    if "seconds" in history and len(history["seconds"]):
        text += f" in {history['seconds'][-1]:.0f} s"
    return text
