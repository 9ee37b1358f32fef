"""The table of metrics that every file with scores holds: key, title and baselines of each (`scorefield list metrics`)."""

from plotting.style import curve
from scorefield_io import FormatError

ORDER = ("floor", "interpolated", "cubic", "mixture", "coarse", "displacement", "nearest", "halves")  # of lines and columns; others follow


class Metric:
    """One entry of the table."""

    def __init__(self, entry):
        self.key, self.title, self.shown = entry["key"], entry["title"], entry["shown"]
        self.baselines = dict(sorted(entry["baselines"].items(), key=lambda item: _position(item[0])))
        self.keys = {**self.baselines, "prediction": self.key}

    def present(self, entries):
        """Whether an entry of the file has the prediction's value."""
        return any(self.key in entry for entry in entries)


def _position(name):
    return ORDER.index(name) if name in ORDER else len(ORDER)


def read_metrics(document, path):
    """The table of a JSON document. Raises FormatError."""
    try:
        return [Metric(entry) for entry in document["metrics"]]
    except (KeyError, TypeError) as error:
        raise FormatError(f"{path}: has no table of metrics (key 'metrics'); make it again with this version") from error


def line(name):
    """Colour, line style and label of a baseline or of the prediction."""
    return {key: value for key, value in curve(name).items() if key in ("color", "label", "linestyle")}
