#!/usr/bin/env python3
"""An openPMD series of a particle code: electrons in SI units with positions, momenta, weights, charge and mass, and a
periodic mesh that says how long the box is. Five runs of a two-stream instability, a file per time, the beams' velocity
in the names of the folders; written by openpmd-api where it is installed (pip install openpmd-api), else by h5py.

Import, train, infer, evaluate, report: five commands, and nothing has to be said of units, box or charge; with velocities
instead of momenta for coordinates, the model is a force of positions. One run is left out of the training and predicted,
its waves held to those of the other runs, interpolated (infer.guide).

usage: openpmd_series.py [--output FOLDER] [--small]
"""

import sys

import numpy as np

from plasma import CELLS, LENGTH, two_streams
from walk import Walk

LIGHT = 299792458.0
CHARGE = -1.602176634e-19
MASS = 9.1093837139e-31
PERMITTIVITY = 8.8541878188e-12
PLASMA_FREQUENCY = 1e9
UNIT = LIGHT / PLASMA_FREQUENCY  # of length, m
DENSITY = PERMITTIVITY * MASS * PLASMA_FREQUENCY**2 / CHARGE**2  # 1/m^3

VELOCITIES = (0.014, 0.016, 0.018, 0.020, 0.022)
LEFT_OUT = 0.018


def records(x, v):
    """name -> (values or constant, unit, powers of length, mass, time and current, whether of the macro-particle)."""
    count = len(x)
    weight = DENSITY * LENGTH * UNIT / count  # of a square metre
    u = v / np.sqrt(1 - v**2)
    return {"position/x": (x, UNIT, (1, 0, 0, 0), False), "positionOffset/x": (0.0, UNIT, (1, 0, 0, 0), False),
            "momentum/x": (u, MASS * LIGHT, (1, 1, -1, 0), False), "weighting": (weight, 1.0, (0, 0, 0, 0), True),
            "charge": (CHARGE, 1.0, (0, 0, 1, 1), False), "mass": (MASS, 1.0, (0, 1, 0, 0), False)}


def write_with_api(api, folder, frame, time, x, v):
    series = api.Series(str(folder / "diag_%06T.h5"), api.Access.create if frame == 0 else api.Access.append)
    iteration = series.iterations[frame]
    iteration.time, iteration.dt, iteration.time_unit_SI = float(time), 1.0, 1 / PLASMA_FREQUENCY
    mesh = iteration.meshes["rho"]
    mesh.axis_labels, mesh.grid_spacing, mesh.grid_unit_SI = ["x"], [LENGTH / CELLS], UNIT
    mesh.grid_global_offset = [0.0]
    component = mesh[api.Mesh_Record_Component.SCALAR]
    component.position = [0.0]
    component.reset_dataset(api.Dataset(np.dtype("float64"), [CELLS]))
    component.make_constant(0.0)
    iteration.meshes.set_attribute("fieldBoundary", ["periodic", "periodic"])
    iteration.meshes.set_attribute("particleBoundary", ["periodic", "periodic"])
    electrons = iteration.particles["electrons"]
    dimension = api.Unit_Dimension
    axes = (dimension.L, dimension.M, dimension.T, dimension.I)
    for name, (values, unit, powers, macro) in records(x, v).items():
        record_name, _, axis = name.partition("/")
        record = electrons[record_name]
        record.unit_dimension = {axis_: float(power) for axis_, power in zip(axes, powers) if power}
        record.set_attribute("macroWeighted", np.uint32(macro))
        record.set_attribute("weightingPower", 0.0 if name in ("position/x", "positionOffset/x") else 1.0)
        component = record[axis or api.Record_Component.SCALAR]
        component.unit_SI = unit
        component.reset_dataset(api.Dataset(np.dtype("float64"), [len(x)]))
        if isinstance(values, float):
            component.make_constant(values)
        else:
            component.store_chunk(np.ascontiguousarray(values, dtype="float64"))
        series.flush()
    series.close()


def write_with_h5py(folder, frame, time, x, v):
    """The same by hand."""
    import h5py
    with h5py.File(folder / f"diag_{frame:06d}.h5", "w") as file:
        file.attrs.update({"openPMD": "1.1.0", "openPMDextension": np.uint32(0), "basePath": "/data/%T/",
                           "meshesPath": "meshes/", "particlesPath": "particles/", "iterationEncoding": "fileBased",
                           "iterationFormat": "diag_%06T"})
        iteration = file.create_group(f"data/{frame}")
        iteration.attrs.update({"time": float(time), "dt": 1.0, "timeUnitSI": 1 / PLASMA_FREQUENCY})
        meshes = iteration.create_group("meshes")
        meshes.attrs["fieldBoundary"] = np.array(["periodic", "periodic"], dtype="S")
        rho = meshes.create_dataset("rho", data=np.zeros(CELLS))
        rho.attrs.update({"axisLabels": np.array(["x"], dtype="S"), "gridSpacing": [LENGTH / CELLS], "gridUnitSI": UNIT,
                          "gridGlobalOffset": [0.0], "unitSI": 1.0})
        electrons = iteration.create_group("particles/electrons")
        for name, (values, unit, powers, macro) in records(x, v).items():
            if isinstance(values, float):
                component = electrons.create_group(name)
                component.attrs.update({"value": values, "shape": np.array([len(x)], dtype="u8")})
            else:
                component = electrons.create_dataset(name, data=values)
            component.attrs["unitSI"] = unit
            record = electrons[name.split("/")[0]]
            record.attrs.update({"unitDimension": [*map(float, powers), 0.0, 0.0, 0.0], "macroWeighted": np.uint32(macro),
                                 "weightingPower": 0.0 if name.startswith("position") else 1.0})


def write_run(folder, v0, particles, times, seed):
    folder.mkdir(exist_ok=True)
    x, v, _ = two_streams(v0, particles, times, seed, displacement=0.01)
    try:
        import openpmd_api as api
    except ImportError:
        api = None
    for frame, time in enumerate(times):
        if api is not None:
            write_with_api(api, folder, frame, time, x[frame], v[frame])
        else:
            write_with_h5py(folder, frame, time, x[frame], v[frame])
    return "openpmd-api" if api is not None else "h5py"


def main():
    walk = Walk(__doc__)
    particles, frames = (400, 9) if walk.small else (10000, 31)
    times = np.linspace(0, 24, frames)
    for seed, v0 in enumerate(VELOCITIES):
        writer = write_run(walk.folder / f"run_{v0:.4f}", v0, particles, times, seed)
    print(f"{len(VELOCITIES)} series of {frames} files written by {writer}")

    walk.run("import", "run_{v0}/diag_%T.h5", "--output", "data.h5", "--set", "import.records=position, velocity")
    walk.run("train", "data.h5", "--output", "model.h5", "--leave-out", LEFT_OUT)
    walk.run("infer", "model.h5", "--mu", LEFT_OUT, "--initial", "data.h5", "--output", "rollout.h5", "--set",
             "infer.guide=modes")
    walk.run("evaluate", "rollout.h5", "--reference", "data.h5", "--training", "data.h5", "--output", "evaluation.json")
    walk.script("plot", "report", walk.folder.resolve())
    walk.print_errors(f"v0 = {LEFT_OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
