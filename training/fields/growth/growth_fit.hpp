#pragma once

#include <cstdint>

#include "training/fields/growth/growth_model.hpp"
#include "training/fields/growth/populations.hpp"
#include "training/fields/single_run.hpp"

namespace scorefield::training {

/// Weighted rollouts from the first frame of a run against all its later ones, mean over these of
///   2 E|X - Y| - E|X - X'| - E|Y - Y'| + mass (log m - log m*)^2  + action int E[w (|b|^2 + lambda g^2)/2] dt
/// with X of the rollout by its weights, Y of the frame (energy distance), m the mean weight and m* the frame's mass
/// over the first one's. Nothing is asked of particles in between: frames may be few and far apart. The model ends with
/// averaged weights. @throws DivergenceError
[[nodiscard]] SingleRun fit_growth(const Populations& populations, const SingleRunOptions& options, std::uint64_t seed,
                                   GrowthModel& model, const RunObserver& report);

}  // namespace scorefield::training
