"""Readers for scorefield's HDF5 files that need h5py and numpy alone.

    from scorefield_io import open_ensemble, open_model
    data = open_ensemble("demo/train.h5")
    x = data.frame(mu_index=0, frame=10)      # [N, d]
"""

import dataclasses
import pathlib

import h5py
import numpy as np

FORMAT_VERSION = 1
DATASET_VERSION = 2  # with weights, ids or frames that differ


class FormatError(Exception):
    """A file is not what was asked for; the message names the file, what was expected and what was found."""


@dataclasses.dataclass
class Provenance:
    """The root attributes that every scorefield file carries."""

    format: str
    format_version: int
    scorefield_version: str
    seed: int
    config: str  # the complete resolved configuration, TOML
    created: str  # ISO 8601


@dataclasses.dataclass
class Ensemble:
    """A dataset or rollout: M values of mu, p parameters, K times, N particles, d coordinates.

    Where frames differ in their number of particles, or mu in their times, `runs` tells them apart: times(), particles(),
    frame() and weights() serve both.
    """

    path: str
    file: h5py.File
    provenance: Provenance
    mu: np.ndarray  # [M, p]
    mu_names: list
    time: np.ndarray  # [K], of all mu together
    time_units: str
    coordinates: list  # [d]
    units: list  # [d]
    periods: np.ndarray  # [d], 0 = not periodic
    identity: str  # "trajectories" or "marginals"
    diagnostics: dict  # name -> [M, D] or [M, D, m], and "time" -> [D]; empty for rollouts
    runs: list = None  # [M] of (times [K], first rows [K + 1]) where frames differ

    @property
    def samples(self):
        """The dataset [M, K, N, d], read from disk where it is indexed; [S, d] where frames differ."""
        return self.file["samples"]

    @property
    def velocities(self):
        """Time derivatives of the samples, shaped like them, or None."""
        return self.file.get("velocities")

    def times(self, mu_index):
        """Times of the frames of one mu, [K]."""
        return self.time if self.runs is None else self.runs[mu_index][0]

    def particles(self, mu_index, frame):
        """How many a frame has."""
        if self.runs is None:
            return self.samples.shape[2]
        rows = self.runs[mu_index][1]
        return int(rows[frame + 1] - rows[frame])

    def _rows(self, mu_index, frame):
        if self.runs is None:
            return mu_index, frame
        rows = self.runs[mu_index][1]
        return slice(rows[frame], rows[frame + 1])

    def frame(self, mu_index, frame):
        """Samples at one (mu, time), [N, d], periodic coordinates wrapped into [0, period)."""
        points = np.asarray(self.samples[self._rows(mu_index, frame)], dtype=np.float64)
        for axis, period in enumerate(self.periods):
            if period > 0:
                points[:, axis] %= period
        return points

    def weights(self, mu_index, frame):
        """How many real particles each one of a frame stands for, [N], or None where all are alike."""
        if "weights" not in self.file:
            return None
        return np.asarray(self.file["weights"][self._rows(mu_index, frame)], dtype=np.float64)

    def find_mu(self, mu):
        """Index of this mu. Raises FormatError when the file has none within 1e-9 of each parameter's spread."""
        spread, magnitude = np.ptp(self.mu, axis=0), np.abs(self.mu).max(axis=0)
        one_value = spread <= 8 * np.finfo(float).eps * magnitude
        unit = np.where(one_value, np.where(magnitude > 0, magnitude, 1.0), spread)
        distances = (np.abs(self.mu - np.atleast_1d(np.asarray(mu, dtype=float))) / unit).max(axis=1)
        if distances.min() > 1e-9:
            known = ", ".join(format_mu(row) for row in self.mu)
            raise FormatError(f"{self.path}: has no mu = {format_mu(mu)}; it has {known}")
        return int(distances.argmin())

    def nearest_frame(self, time, mu_index=0):
        return int(np.abs(self.times(mu_index) - time).argmin())

    def close(self):
        self.file.close()


@dataclasses.dataclass
class Model:
    """A trained model's arrays: weights and normalisation by name, and the history of its training."""

    path: str
    provenance: Provenance
    arrays: dict  # "/model" as name -> array
    history: dict  # step, loss, validation_loss, seconds, learning_rate -> [S]


@dataclasses.dataclass
class Samples:
    """What `scorefield sample` wrote: N particles in d coordinates; what the file lacks is None or empty."""

    path: str
    provenance: Provenance
    method: str
    target: str
    positions: np.ndarray  # [N, d]
    weights: np.ndarray  # [N], sum 1
    log_prob: np.ndarray  # [N]
    trace: dict  # name -> [iterations]
    frame_iterations: np.ndarray  # [K]
    frames: np.ndarray  # [K, N, d]
    density: dict  # axis0 [n], axis1 [n], log_prob [n, n]
    names: list = dataclasses.field(default_factory=list)  # [d] of the coordinates; x1, x2, ... where the target has none
    variables: dict = dataclasses.field(default_factory=dict)  # name -> [N, ...], those that the target declares
    checks: dict = dataclasses.field(default_factory=dict)  # name -> value, what was checked of the cloud
    facts: dict = dataclasses.field(default_factory=dict)  # the file's other attributes: iterations, converged, ...
    notes: list = dataclasses.field(default_factory=list)


def format_mu(mu):
    """A short text of one mu, e.g. "1.25" or "(1.25, 0.3)"."""
    values = [f"{value:.6g}" for value in np.atleast_1d(mu)]
    return values[0] if len(values) == 1 else "(" + ", ".join(values) + ")"


def format_names(names):
    """The parameters' names, e.g. "mu" or "(mu, landau.alpha)"."""
    return names[0] if len(names) == 1 else "(" + ", ".join(names) + ")"


def _open(path, formats):
    if not pathlib.Path(path).is_file():
        raise FormatError(f"{path}: no such file")
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise FormatError(f"{path}: not a readable HDF5 file ({error})") from error
    found = _text(file.attrs.get("format", "none"))
    if found not in formats:
        file.close()
        raise FormatError(f"{path}: expected format {' or '.join(formats)}, found {found}")
    version = int(file.attrs.get("format_version", 0))
    newest = DATASET_VERSION if found in ("scorefield/dataset", "scorefield/rollout") else FORMAT_VERSION
    if not 1 <= version <= newest:
        file.close()
        raise FormatError(f"{path}: format version {version}, these readers know up to {newest}; make the file again")
    return file


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def _texts(values):
    return [_text(value) for value in np.atleast_1d(values)]


def _provenance(file):
    attributes = file.attrs
    return Provenance(
        format=_text(attributes["format"]),
        format_version=int(attributes["format_version"]),
        scorefield_version=_text(attributes["scorefield_version"]),
        seed=int(attributes["seed"]),
        config=_text(attributes["config"]),
        created=_text(attributes["created"]),
    )


def _arrays(group):
    """Every dataset below a group, by its path relative to the group."""
    arrays = {}
    group.visititems(lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return arrays


@dataclasses.dataclass
class Frame:
    """One cloud of n particles; what the file lacks is None."""

    mu: np.ndarray  # [p]
    time: float
    samples: np.ndarray  # [n, d]
    velocities: np.ndarray  # [n, d]
    weights: np.ndarray  # [n], how many real particles each stands for
    id: np.ndarray  # [n]


def frames(path):
    """Every frame of a dataset or rollout, one after the other, whether they are alike or not. Raises FormatError."""
    with _open(path, ("scorefield/dataset", "scorefield/rollout")) as file:
        mu = file["mu"][()]
        if _text(file.attrs.get("layout", "dense")) == "frames":
            start = file["frame_start"][()]
            for frame, (m, time) in enumerate(zip(file["frame_mu"][()], file["frame_time"][()])):
                yield _frame(file, mu[m], time, slice(start[frame], start[frame + 1]))
            return
        for m in range(len(mu)):
            for k, time in enumerate(file["time"][()]):
                yield _frame(file, mu[m], time, (m, k), id_rows=m)


def _frame(file, mu, time, rows, id_rows=None):
    values = {name: file[name][rows] if name in file else None for name in ("samples", "velocities", "weights")}
    identity = file["id"][rows if id_rows is None else id_rows] if "id" in file else None
    return Frame(mu=mu, time=float(time), id=identity, **values)


def open_ensemble(path):
    """Opens a dataset or rollout; the samples stay on disk until they are indexed. Raises FormatError."""
    file = _open(path, ("scorefield/dataset", "scorefield/rollout"))
    samples = file["samples"]
    runs = _runs(file) if _text(file.attrs.get("layout", "dense")) == "frames" else None
    return Ensemble(
        path=str(path),
        file=file,
        provenance=_provenance(file),
        mu=file["mu"][()],
        mu_names=_texts(file["mu"].attrs["names"]),
        time=file["time"][()] if runs is None else _merged([times for times, _ in runs]),
        time_units=_text(file["time" if runs is None else "frame_time"].attrs["units"]),
        coordinates=_texts(samples.attrs["coordinates"]),
        units=_texts(samples.attrs["units"]),
        periods=np.atleast_1d(samples.attrs["periods"]).astype(float),
        identity=_text(samples.attrs["identity"]),
        diagnostics=_arrays(file["diagnostics"]) if "diagnostics" in file else {},
        runs=runs,
    )


def _runs(file):
    """(times [K], first rows [K + 1]) of every mu."""
    start, mu_of, times = file["frame_start"][()], file["frame_mu"][()], file["frame_time"][()]
    runs = []
    for m in range(len(file["mu"])):
        frames_of = np.flatnonzero(mu_of == m)
        runs.append((times[frames_of], start[frames_of[0]:frames_of[-1] + 2]))
    return runs


def _merged(lists):
    """All times, those that are equal up to rounding once."""
    times = np.sort(np.concatenate(lists))
    return times[np.concatenate([[True], np.diff(times) > 1e-9 * (times[-1] - times[0])])]


def open_model(path):
    """Reads a model file's arrays; nothing in it is executed. Raises FormatError."""
    with _open(path, ("scorefield/model",)) as file:
        return Model(
            path=str(path),
            provenance=_provenance(file),
            arrays=_arrays(file["model"]),
            history=_arrays(file["history"]) if "history" in file else {},
        )


def open_samples(path):
    """Reads a samples file. Raises FormatError."""
    with _open(path, ("scorefield/samples",)) as file:
        optional = lambda name: file[name][()] if name in file else None  # noqa: E731
        group = lambda name: _arrays(file[name]) if name in file else {}  # noqa: E731
        named = file["samples"].attrs.get("names")
        about = {name: value for name, value in file.attrs.items() if name not in ("format", "format_version", "config", "notes")}
        return Samples(
            path=str(path),
            provenance=_provenance(file),
            method=_text(file.attrs.get("method", "")),
            target=_text(file.attrs.get("target", "")),
            positions=file["samples"][()],
            weights=optional("weights"),
            log_prob=optional("log_prob"),
            trace=group("trace"),
            frame_iterations=optional("frames/iterations"),
            frames=optional("frames/positions"),
            density=group("density"),
            names=[f"x{i + 1}" for i in range(file["samples"].shape[1])] if named is None else _texts(named),
            variables=group("variables"),
            checks=group("checks"),
            facts={name: _text(value) if isinstance(value, (bytes, str)) else value for name, value in about.items()},
            notes=_texts(file.attrs["notes"]) if "notes" in file.attrs else [],
        )
