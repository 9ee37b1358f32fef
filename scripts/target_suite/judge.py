"""A cloud beside exact draws."""

import numpy as np

MEAN_LIMIT = 0.15  # deviations of the exact draws
DEVIATION_LIMITS = (0.9, 1.12)


def kolmogorov_smirnov(cloud, draws):
    """The largest over all coordinates."""
    n = len(cloud)
    places = (np.arange(n) + 0.5) / n
    return max(np.abs(np.searchsorted(np.sort(draws[:, j]), np.sort(cloud[:, j]), side="right") / len(draws) - places).max()
               for j in range(draws.shape[1]))


def deviation_noise(draws, n):
    """How far the deviations of n draws of a heavy-tailed density lie from the truth: the largest over coordinates of the mean |log ratio|."""
    parts = draws[:len(draws) // n * n].reshape(-1, n, draws.shape[1]).std(1)
    return np.abs(np.log(parts / draws.std(0))).mean(0).max()


def judge(cloud, draws):
    """Means within 0.15 deviations, deviations within -10 and +12 percent (more where exact draws scatter by more), and
    Kolmogorov-Smirnov distances within 0.08."""
    mean, deviation = draws.mean(0), draws.std(0)
    errors = {"mean": float(np.abs((cloud.mean(0) - mean) / deviation).max()), "low": float((cloud.std(0) / deviation).min()),
              "high": float((cloud.std(0) / deviation).max()), "ks": float(kolmogorov_smirnov(cloud, draws))}
    slack = 2 * max(0.0, deviation_noise(draws, len(cloud)) - 0.03)
    errors["right"] = bool(errors["mean"] < MEAN_LIMIT and errors["low"] > DEVIATION_LIMITS[0] - slack and
                       errors["high"] < DEVIATION_LIMITS[1] + slack and errors["ks"] < 0.08)
    return errors
