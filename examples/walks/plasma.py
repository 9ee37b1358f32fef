"""A small particle code of another's: two counter-streaming electron beams in a periodic box of one dimension, in plasma
units (lengths c/wp, velocities c, wp the plasma frequency of both beams together). It stands for the code whose output
you have; the walks import what it writes."""

import numpy as np

LENGTH = 0.18  # of the box: the longest wave grows for beams of 0.008 to 0.032
CELLS = 64


def field(x):
    """Electric field at the particles: linear deposit, Gauss's law by Fourier series, linear gather."""
    cell = x / LENGTH * CELLS
    lower = np.floor(cell).astype(int)
    upper_share = cell - lower
    lower %= CELLS
    upper = (lower + 1) % CELLS
    density = np.bincount(lower, 1 - upper_share, CELLS) + np.bincount(upper, upper_share, CELLS)
    modes = np.fft.rfft(1 - density * CELLS / len(x))  # dE/dx = 1 - n
    k = 2 * np.pi / LENGTH * np.arange(len(modes))
    modes[1:] /= 1j * k[1:]
    modes[0] = 0
    e = np.fft.irfft(modes, CELLS)
    return e[lower] * (1 - upper_share) + e[upper] * upper_share


def two_streams(v0, particles, times, seed, dt=0.05, displacement=0.05):
    """x, v [K, N] at the times, beams of velocity +v0 and -v0 and a thermal spread of v0/10, displaced by that share of the
    box. Row i is one particle here; particle codes sort by species and cell, see sorted_by_cell."""
    random = np.random.default_rng(seed)
    half = particles // 2
    place = (np.arange(half) + 0.5) / half
    x = LENGTH * np.concatenate([place, place])
    x = x + displacement * LENGTH * np.sin(2 * np.pi * x / LENGTH)
    sign = np.repeat([1.0, -1.0], half)
    v = v0 * (sign + 0.1 * random.normal(size=2 * half))
    frames = []
    now = 0.0
    for time in times:
        steps = int(np.ceil((time - now) / dt - 1e-9))
        for _ in range(steps):
            step = (time - now) / steps if steps else 0
            v = v - step / 2 * field(x)
            x = (x + step * v) % LENGTH
            v = v - step / 2 * field(x)
        now = time
        frames.append((x.copy(), v.copy()))
    return np.array([f[0] for f in frames]), np.array([f[1] for f in frames]), sign


def sorted_by_cell(x, v, sign):
    """The rows of every frame by species, then by cell: row i is another particle at every time."""
    for k in range(len(x)):
        order = np.lexsort((np.floor(x[k] / LENGTH * CELLS), -sign))
        x[k], v[k] = x[k][order], v[k][order]
    return x, v
