"""Which part of the tree may include which. A part is the longest entry of ARROWS that a path begins with; what a part
may include are parts, or single headers (interfaces). Every part may include itself."""

CORE = ["core", "core/dense", "core/simd"]
DENSITY = ["models/score.hpp", "models/targets/target.hpp"]  # interfaces alone: no network, no file
FILES = [*CORE, "data", "data/export", "data/import"]
GENERATORS = ["solvers/fft", "solvers/pic", "solvers/pic3d", "solvers/sde", "solvers/vlasov"]
SAMPLERS = [
    "solvers/gas",
    "solvers/ift",
    "solvers/mcmc",
    "solvers/mpm",
    "solvers/pairs",
    "solvers/sampling",
    "solvers/sph",
    "solvers/svgd",
]
MODELS = ["models", "models/fields", "models/kernels", "models/modulation", "models/sweeps", "models/targets"]
LEARNING = [
    "training",
    "training/optim",
    "training/distributed",
    "training/fields",
    "training/fields/force",
    "training/losses",
    "training/batch",
    "training/rollout",
    "training/calibration",
]
METHOD = [*CORE, *DENSITY, "solvers/sampling", "solvers/pairs"]  # what one sampler may see
EVERYTHING = [
    *FILES,
    "data/problems",
    *MODELS,
    "solvers",
    *GENERATORS,
    *SAMPLERS,
    "solvers/reduction",
    *LEARNING,
    "training/metrics",
    "training/compare",
    "training/sample",
]

ARROWS = {
    "core": ["core/simd"],
    "core/dense": CORE,
    "core/simd": ["core"],
    "data": FILES,
    "data/problems": [*FILES, *GENERATORS],
    "models": [*CORE, *MODELS[:5]],
    "models/targets": [*CORE, *DENSITY],
    "solvers": [*CORE, *DENSITY],
    "solvers/fft": CORE,
    "solvers/pic": [*CORE, "solvers/fft"],
    "solvers/pic3d": [*CORE, "solvers/fft", "solvers/pic"],
    "solvers/vlasov": [*CORE, "solvers/fft", "solvers/pic"],
    "solvers/sde": CORE,
    "solvers/pairs": CORE,
    "solvers/gas": METHOD,
    "solvers/reduction": [*CORE, "solvers/gas", "solvers/pairs"],
    "solvers/ift": METHOD,
    "solvers/mcmc": METHOD,
    "solvers/mpm": [*METHOD, "solvers/gas"],  # the affine gas above d = 3
    "solvers/sph": METHOD,
    "solvers/svgd": METHOD,
    "solvers/sampling": [*CORE, *DENSITY, *SAMPLERS],  # the registry names every method
    "training": [*FILES, "data/problems", *MODELS, "solvers", *LEARNING],
    "training/distributed": CORE,
    "training/optim": [*CORE, *MODELS[:5]],
    "training/metrics": [*FILES, "data/problems"],  # no network
    "training/compare": [*FILES, "data/problems", *MODELS, *LEARNING, "training/metrics"],
    "training/sample": [*FILES, *MODELS, *SAMPLERS, "training"],  # samplers with files and learned scores
    "benchmarks": EVERYTHING,
    "apps": [*EVERYTHING, "benchmarks"],
    "examples": [*FILES, "data/problems", *GENERATORS],
    "tests": [*EVERYTHING, "benchmarks", "apps/progress.hpp"],
}

# Headers of other projects, and the only paths that may include them.
DOORS = {
    "hdf5.h": ["data/h5", "tests/"],
    "H5": ["data/h5", "tests/"],
    "cxxopts.hpp": ["apps/command_line.cpp"],
    "toml++/": ["core/options.cpp", "data/problems/problem.cpp", "training/compare/experiment.cpp",
              "training/compare/section.", "tests/"],
    "gtest/": ["tests/"],
    "gmock/": ["tests/"],
    "torch/torch.h": [],  # the precompiled header has what we use of it
}
