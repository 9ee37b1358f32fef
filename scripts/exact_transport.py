"""Exact optimal transport between weighted clouds, with numpy alone.

    cost, rows, columns, mass = transport(x, y)           # Euclidean, W1 = cost
    w1 = wasserstein1(x, y, x_weights)

Successive shortest augmenting paths on the complete bipartite graph; every path moves as much as its ends allow. The
package POT (`pip install POT`), where it is there, gives the same numbers sooner.
"""

import numpy as np

try:
    import ot
except ImportError:
    ot = None

TINY = 1e-13


def distances(x, y, power=1):
    """[N, M], |x - y|^power."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    squares = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    return np.maximum(squares, 0) if power == 2 else np.sqrt(np.maximum(squares, 0))


def _shares(weights, count):
    return np.full(count, 1 / count) if weights is None else np.asarray(weights, float) / np.sum(weights)


def _augment(cost, supply, demand):
    """Flows {(i, j): mass} of least cost, both sides with the same sum."""
    n, m = cost.shape
    supply, demand = supply.copy(), demand.copy()
    row_price, column_price = np.zeros(n), cost.min(0)
    flow = [dict() for _ in range(m)]  # by column: what rows send there
    for source in range(n):
        while supply[source] > TINY:
            # Dijkstra by reduced costs from one row; a column that is reached opens the rows that send to it.
            least = cost[source] - row_price[source] - column_price
            before = np.full(m, source)
            done = np.zeros(m, bool)
            row_distance, row_before = {source: 0.0}, {}
            while True:
                column = int(np.where(done, np.inf, least).argmin())
                reached = least[column]
                done[column] = True
                if demand[column] > TINY:
                    break
                for row in flow[column]:
                    if row in row_distance:
                        continue
                    row_distance[row], row_before[row] = reached, column
                    through = reached + cost[row] - row_price[row] - column_price
                    better = ~done & (through < least)
                    least[better], before[better] = through[better], row
            for row, at in row_distance.items():
                row_price[row] += reached - at
            column_price[done] -= reached - least[done]
            path, at, amount = [], column, min(supply[source], demand[column])
            while True:
                row = int(before[at])
                path.append((row, at))
                if row == source:
                    break
                back = row_before[row]
                amount = min(amount, flow[back][row])
                at = back
            for number, (row, to) in enumerate(path):
                flow[to][row] = flow[to].get(row, 0) + amount
                if number + 1 < len(path):
                    back = path[number + 1][1]
                    flow[back][row] -= amount
                    if flow[back][row] <= TINY:
                        del flow[back][row]
            supply[source] -= amount
            demand[column] -= amount
            if demand.max() <= TINY:
                return flow
    return flow


def transport(x, y, x_weights=None, y_weights=None, power=1):
    """Least mean of |x - y|^power, and who sends how much to whom: rows, columns, mass."""
    cost = distances(x, y, power)
    a, b = _shares(x_weights, len(x)), _shares(y_weights, len(y))
    if ot is not None:
        plan = ot.emd(a, b, cost, numItermax=10**7)
        rows, columns = np.nonzero(plan)
        mass = plan[rows, columns]
    else:
        flow = _augment(cost, a, b)
        found = [(row, column, mass) for column, sent in enumerate(flow) for row, mass in sent.items()]
        rows, columns = np.array([f[0] for f in found]), np.array([f[1] for f in found])
        mass = np.array([f[2] for f in found])
    return float((cost[rows, columns] * mass).sum()), rows, columns, mass


def wasserstein1(x, y, x_weights=None, y_weights=None):
    return transport(x, y, x_weights, y_weights)[0]


def displacement(x, y, share):
    """McCann's interpolation: positions and masses of the optimal pairs (squared cost) at a share of their ways."""
    _, rows, columns, mass = transport(x, y, power=2)
    return (1 - share) * np.asarray(x, float)[rows] + share * np.asarray(y, float)[columns], mass
