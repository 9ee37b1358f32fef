"""Densities of many kinds with exact draws: what a sampler meets in other people's hands.

Each target is a log-density of tensors [N, d], up to a constant, a function (n, generator) -> [n, d] of exact draws and, where it is
known, log of the integral.
"""

import dataclasses
import math
import typing

import numpy as np
import torch


@dataclasses.dataclass
class Target:
    name: str
    dimension: int
    log_p: typing.Callable
    draw: typing.Callable
    log_z: float | None
    kind: str


TARGETS = []
LOG_2_PI = math.log(2 * math.pi)


def target(name, dimension, kind):
    """Registers what the decorated function makes: log p and draws."""

    def add(make):
        TARGETS.append(Target(name, dimension, *(*make(dimension), None)[:3], kind))
        return make

    return add


def mixture(means, deviations, weights):
    """Gaussians of one deviation each."""
    means, deviations, weights = (np.asarray(a, float) for a in (means, deviations, weights))
    d = means.shape[1]
    m, s = torch.tensor(means), torch.tensor(deviations)
    constant = torch.tensor(np.log(weights) - d * np.log(deviations))

    def log_p(x):
        squares = ((x[:, None, :] - m) ** 2).sum(-1)
        return torch.logsumexp(constant - 0.5 * squares / s**2, 1)

    def draw(n, random):
        k = random.choice(len(weights), n, p=weights / weights.sum())
        return means[k] + deviations[k, None] * random.normal(size=(n, d))

    return log_p, draw, 0.5 * d * LOG_2_PI


def gaussian(covariance, mean):
    """Any covariance."""
    precision = torch.tensor(np.linalg.inv(covariance))
    centre = torch.tensor(mean, dtype=torch.float64)
    factor = np.linalg.cholesky(covariance)

    def log_p(x):
        return -0.5 * (((x - centre) @ precision) * (x - centre)).sum(1)

    log_z = 0.5 * len(mean) * LOG_2_PI + np.log(np.diag(factor)).sum()
    return log_p, lambda n, random: mean + random.normal(size=(n, len(mean))) @ factor.T, log_z


def rotation(d, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


def student(d, degrees):
    def log_p(x):
        return -0.5 * (degrees + d) * torch.log1p((x**2).sum(1) / degrees)

    def draw(n, random):
        return random.normal(size=(n, d)) / np.sqrt(random.chisquare(degrees, n) / degrees)[:, None]

    return log_p, draw, math.lgamma(degrees / 2) - math.lgamma((degrees + d) / 2) + 0.5 * d * math.log(degrees * math.pi)


def funnel(d, deviation):
    """v normal of that deviation, the others of deviation e^(v/2)."""

    def log_p(x):
        v, rest = x[:, 0], x[:, 1:]
        return -0.5 * (v / deviation) ** 2 - 0.5 * (rest**2).sum(1) * torch.exp(-v) - 0.5 * (d - 1) * v

    def draw(n, random):
        v = deviation * random.normal(size=n)
        return np.column_stack([v, np.exp(0.5 * v)[:, None] * random.normal(size=(n, d - 1))])

    return log_p, draw, 0.5 * d * LOG_2_PI + math.log(deviation)


def by_importance(log_p, d, degrees=6, tries=400_000):
    """Of a density with one mode, from a wide Student t with the curvature there: log of its integral, and draws, resampled from many more."""
    x = torch.zeros(1, d, dtype=torch.float64)
    for _ in range(100):
        x = x.detach().requires_grad_()
        gradient = torch.autograd.grad(log_p(x).sum(), x)[0][0]
        hessian = torch.autograd.functional.hessian(lambda v: log_p(v[None])[0], x[0].detach())
        x = x + torch.linalg.solve(-hessian, gradient)
    mean, factor = x[0].detach().numpy(), 1.2 * np.linalg.cholesky(torch.linalg.inv(-hessian).numpy())

    def weighted(random):
        z = random.normal(size=(tries, d)) / np.sqrt(random.chisquare(degrees, tries) / degrees)[:, None]
        points = mean + z @ factor.T
        return points, log_p(torch.tensor(points)).numpy() + 0.5 * (degrees + d) * np.log1p((z**2).sum(1) / degrees)

    def draw(n, random):
        points, logs = weighted(random)
        weights = np.exp(logs - logs.max())
        return points[random.choice(tries, n, p=weights / weights.sum())]

    logs = weighted(np.random.default_rng(11))[1]
    normalisation = student(d, degrees)[2] + np.log(np.diag(factor)).sum()
    return draw, float(logs.max() + np.log(np.exp(logs - logs.max()).mean()) + normalisation)


def outside(log_p, inside):
    return torch.where(inside, log_p, torch.full_like(log_p, -math.inf))


@target("gaussian", 1, "plain")
def _(d):
    return gaussian(np.eye(1) * 0.25, np.array([1.0]))


@target("gaussian", 30, "plain")
def _(d):
    return gaussian(0.5 * np.eye(d) + 0.5, np.zeros(d))


@target("gaussian, correlated", 50, "plain")
def _(d):
    return gaussian(0.5 * np.eye(d) + 0.5, np.zeros(d))


@target("two far modes", 10, "modes")
def _(d):
    return mixture([[-4] + [0] * (d - 1), [4] + [0] * (d - 1)], [1, 1], [0.3, 0.7])


@target("gaussian far away", 5, "far")
def _(d):
    return gaussian(np.diag([1.0, 4, 0.25, 1, 1]), np.array([200.0, -30, 0, 5, 1]))


@target("gaussian far away", 2, "far")
def _(d):
    return gaussian(np.array([[1.0, 0.5], [0.5, 1]]), np.array([-80.0, 30]))


@target("rotated, condition 1e4", 20, "scales")
def _(d):
    q = rotation(d, 1)
    return gaussian(q * np.logspace(-2, 2, d) @ q.T, np.zeros(d))


@target("rotated, condition 1e6", 3, "scales")
def _(d):
    q = rotation(d, 2)
    return gaussian(q * np.logspace(-3, 3, d) @ q.T, np.ones(d))


@target("scales 1e-6 to 1e6", 3, "scales")
def _(d):
    return gaussian(np.diag([1e-12, 1, 1e12]), np.array([1e-6, 0, 3e6]))


@target("scales 1e-6 to 1e6", 8, "scales")
def _(d):
    return gaussian(np.diag(np.logspace(-12, 12, d)), np.zeros(d))


@target("student t, 4 degrees", 3, "tails")
def _(d):
    return student(d, 4)


@target("student t, 5 degrees", 1, "tails")
def _(d):
    return student(d, 5)


@target("student t, 5 degrees", 10, "tails")
def _(d):
    return student(d, 5)


@target("laplace", 6, "tails")
def _(d):
    return lambda x: -x.abs().sum(1), lambda n, random: random.laplace(size=(n, d)), d * math.log(2)


@target("two modes, 0.05 and 0.95", 2, "modes")
def _(d):
    return mixture([[-4, 0], [4, 0]], [1, 1], [0.05, 0.95])


@target("three modes, unequal", 8, "modes")
def _(d):
    means = np.zeros((3, d))
    means[0, 0], means[1, 1], means[2, :2] = 6, -5, (-5, 4)
    return mixture(means, [1, 0.6, 1.4], [0.5, 0.15, 0.35])


@target("a far mode of share 0.02", 10, "modes")
def _(d):
    means = np.zeros((2, d))
    means[1, :3] = 5
    return mixture(means, [1, 1], [0.98, 0.02])


@target("narrow beside wide, ratio 0.1", 5, "modes")
def _(d):
    return mixture([[0] * d, [5] + [0] * (d - 1)], [1, 0.1], [0.6, 0.4])


@target("narrow in oblique place, ratio 0.2", 4, "modes")
def _(d):
    return mixture([[0] * d, [3, -4, 3, 2]], [1.5, 0.3], [0.5, 0.5])


@target("ten modes", 30, "modes")
def _(d):
    means = 8 / math.sqrt(2 * d) * np.random.default_rng(3).normal(size=(10, d))
    return mixture(means, np.ones(10), np.full(10, 0.1))


@target("lattice of narrow modes", 2, "modes")
def _(d):
    means = np.array([[i, j] for i in range(-1, 2) for j in range(-1, 2)], float) * 2
    weights = 1.0 + np.arange(9)
    return mixture(means, np.full(9, 0.1), weights / weights.sum())


@target("forty modes", 2, "modes")
def _(d):
    return mixture(np.random.default_rng(5).uniform(-10, 10, size=(40, d)), np.full(40, 0.5), np.full(40, 1 / 40))


@target("counts and noise", 3, "modes")
def _(d):
    means = np.array([[k, 0.5 * k, 0] for k in range(5)], float)
    return mixture(means, np.full(5, 0.15), np.array([0.1, 0.2, 0.4, 0.2, 0.1]))


@target("banana", 2, "curved")
def _(d):
    def log_p(x):
        return -0.5 * (x[:, 0] / 2) ** 2 - 0.5 * ((x[:, 1] - 0.5 * x[:, 0] ** 2) / 0.5) ** 2

    def draw(n, random):
        a = 2 * random.normal(size=n)
        return np.column_stack([a, 0.5 * a**2 + 0.5 * random.normal(size=n)])

    return log_p, draw, LOG_2_PI


@target("rosenbrock", 3, "curved")
def _(d):
    def log_p(x):
        a, b, c = x[:, 0], x[:, 1], x[:, 2]
        return -0.5 * (a - 1) ** 2 - 5 * (b - a**2) ** 2 - 5 * (c - a**2) ** 2

    def draw(n, random):
        a = 1 + random.normal(size=n)
        return np.column_stack([a, a**2 + math.sqrt(0.1) * random.normal(size=n), a**2 + math.sqrt(0.1) * random.normal(size=n)])

    return log_p, draw, 1.5 * LOG_2_PI + math.log(0.1)


@target("twisted gaussian", 12, "curved")
def _(d):
    def log_p(x):
        b = x[:, 1] - 0.1 * (x[:, 0] ** 2 - 9)
        return -0.5 * (x[:, 0] / 3) ** 2 - 0.5 * b**2 - 0.5 * (x[:, 2:] ** 2).sum(1)

    def draw(n, random):
        x = random.normal(size=(n, d))
        x[:, 0] *= 3
        x[:, 1] += 0.1 * (x[:, 0] ** 2 - 9)
        return x

    return log_p, draw, 0.5 * d * LOG_2_PI + math.log(3)


@target("ring", 2, "curved")
def _(d):
    def log_p(x):
        r = x.norm(dim=1)
        return -0.5 * ((r - 3) / 0.2) ** 2 - torch.log(r)

    def draw(n, random):
        r, angle = 3 + 0.2 * random.normal(size=n), 2 * math.pi * random.uniform(size=n)
        return np.column_stack([r * np.cos(angle), r * np.sin(angle)])

    return log_p, draw, 1.5 * LOG_2_PI + math.log(0.2)


@target("shell", 5, "curved")
def _(d):
    def log_p(x):
        r = x.norm(dim=1)
        return -0.5 * ((r - 4) / 0.3) ** 2 - (d - 1) * torch.log(r)

    def draw(n, random):
        x = random.normal(size=(n, d))
        return x / np.linalg.norm(x, axis=1, keepdims=True) * (4 + 0.3 * random.normal(size=(n, 1)))

    return log_p, draw, math.log(8 * math.pi**2 / 3) + 0.5 * LOG_2_PI + math.log(0.3)


@target("funnel, deviation 1", 3, "funnel")
def _(d):
    return funnel(d, 1)


@target("funnel, deviation 2", 5, "funnel")
def _(d):
    return funnel(d, 2)


@target("funnel, deviation 3", 10, "funnel")
def _(d):
    return funnel(d, 3)


@target("funnel, deviation 1", 20, "funnel")
def _(d):
    return funnel(d, 1)


@target("centred hierarchy", 9, "funnel")
def _(d):
    """mu normal of deviation 5, log tau normal of deviation 1, theta_j normal around mu of deviation tau."""

    def log_p(x):
        mu, t, theta = x[:, 0], x[:, 1], x[:, 2:]
        return -0.5 * (mu / 5) ** 2 - 0.5 * t**2 - 0.5 * ((theta - mu[:, None]) ** 2).sum(1) * torch.exp(-2 * t) - (d - 2) * t

    def draw(n, random):
        mu, t = 5 * random.normal(size=n), random.normal(size=n)
        return np.column_stack([mu, t, mu[:, None] + np.exp(t)[:, None] * random.normal(size=(n, d - 2))])

    return log_p, draw


@target("horseshoe", 6, "funnel")
def _(d):
    """x_i normal of deviation e^(l_i), e^(l_i) half-Student of 3 degrees; coordinates l and x."""
    k = d // 2

    def log_p(x):
        l, y = x[:, :k], x[:, k:]
        return (-2 * torch.log1p(torch.exp(2 * l) / 3) - 0.5 * y**2 * torch.exp(-2 * l)).sum(1)

    def draw(n, random):
        l = np.log(np.abs(random.standard_t(3, size=(n, k))))
        return np.column_stack([l, np.exp(l) * random.normal(size=(n, k))])

    return log_p, draw


@target("horseshoe, non-centred", 6, "tails")
def _(d):
    k = d // 2

    def log_p(x):
        l, z = x[:, :k], x[:, k:]
        return (l - 2 * torch.log1p(torch.exp(2 * l) / 3) - 0.5 * z**2).sum(1)

    def draw(n, random):
        return np.column_stack([np.log(np.abs(random.standard_t(3, size=(n, k)))), random.normal(size=(n, k))])

    return log_p, draw


@target("exponential on x > 0", 3, "bounds")
def _(d):
    return lambda x: outside(-x.sum(1), (x > 0).all(1)), lambda n, random: random.exponential(size=(n, d)), 0.0


@target("uniform in a box", 2, "bounds")
def _(d):
    return lambda x: outside(0 * x.sum(1), (x.abs() < 1).all(1)), lambda n, random: random.uniform(-1, 1, size=(n, d)), d * math.log(2)


@target("beta in a box", 5, "bounds")
def _(d):
    def log_p(x):
        y = x.clamp(1e-12, 1 - 1e-12)
        return outside((torch.log(y) + 2 * torch.log1p(-y)).sum(1), ((x > 0) & (x < 1)).all(1))

    return log_p, lambda n, random: random.beta(2, 3, size=(n, d))


@target("half-normals and a free one", 4, "bounds")
def _(d):
    def log_p(x):
        return outside(-0.5 * (x**2).sum(1), (x[:, :3] > 0).all(1))

    def draw(n, random):
        x = random.normal(size=(n, d))
        x[:, :3] = np.abs(x[:, :3])
        return x

    return log_p, draw


@target("gumbel, skew and laplace", 7, "mixed")
def _(d):
    def log_p(x):
        a, b, c = x[:, :3], x[:, 3:5], x[:, 5:]
        return -(a + torch.exp(-a)).sum(1) - 0.5 * (b**2).sum(1) + torch.special.log_ndtr(4 * b).sum(1) - c.abs().sum(1) / 3

    def draw(n, random):
        b = random.normal(size=(n, 2))
        sign = np.where(random.normal(size=(n, 2)) < 4 * b, 1, -1)
        return np.column_stack([random.gumbel(size=(n, 3)), sign * b, 3 * random.laplace(size=(n, 2))])

    return log_p, draw


@target("logistic regression", 6, "posterior")
def _(d):
    """Forty rows, a normal prior of deviation 2.5; draws by importance from a wide Student t around the mode."""
    random = np.random.default_rng(7)
    rows = np.column_stack([np.ones(40), random.normal(size=(40, d - 1)) * np.array([1, 2, 0.5, 3, 1])])
    labels = (random.uniform(size=40) < 1 / (1 + np.exp(-rows @ np.array([0.5, 1, -1, 0, 0.5, 0])))).astype(float)
    a, y = torch.tensor(rows), torch.tensor(labels)

    def log_p(x):
        eta = x @ a.T
        return (y * eta - torch.nn.functional.softplus(eta)).sum(1) - 0.5 * ((x / 2.5) ** 2).sum(1)

    return log_p, *by_importance(log_p, d)
