"""Means and deviations of draws beside those of reference draws."""

import numpy as np

MEAN_LIMIT = 0.1  # reference deviations
DEVIATION_LIMIT = 0.08  # relative


def element_columns(variables):
    """name -> array [N, ...] as columns by element: "theta[2,1]", indices from 1."""
    columns = {}
    for name, values in variables.items():
        if values.ndim == 1:
            columns[name] = values
            continue
        for index in np.ndindex(values.shape[1:]):
            columns[f"{name}[{','.join(str(i + 1) for i in index)}]"] = values[(slice(None), *index)]
    return columns


def compare(columns, reference, weights=None):
    """The worst errors over all names of the reference: of a mean in reference deviations, of a deviation relative.

    columns: name -> [N]; reference: name -> [chains, draws]. Raises KeyError for a name that the columns lack.
    """
    worst = {"mean_error": 0.0, "mean_worst": "", "deviation_error": 0.0, "deviation_worst": ""}
    for name, draws in reference.items():
        values = columns[name]
        mean = np.average(values, weights=weights)
        deviation = np.sqrt(np.average((values - mean) ** 2, weights=weights))
        spread = draws.std()
        errors = {"mean": abs(mean - draws.mean()) / spread, "deviation": abs(deviation / spread - 1)}
        for kind, error in errors.items():
            error = error if np.isfinite(error) else np.inf
            if error > worst[f"{kind}_error"]:
                worst[f"{kind}_error"], worst[f"{kind}_worst"] = float(error), name
    worst["accepted"] = worst["mean_error"] <= MEAN_LIMIT and worst["deviation_error"] <= DEVIATION_LIMIT
    return worst
