#pragma once

#include <cstdint>
#include <functional>

#include "training/fields/growth/growth_model.hpp"
#include "training/fields/growth/populations.hpp"
#include "training/optim/options.hpp"
#include "training/verdict.hpp"

namespace scorefield::training {

struct GrowthTraining {
  std::int64_t steps = 0;         ///< of the optimiser
  double time_limit_seconds = 0;  ///< 0: none
  std::int64_t log_every = 100;
  std::uint64_t seed = 0;
  optim::OptimizerOptions optimizer{};
};

struct GrowthProgress {
  std::int64_t step = 0;
  double loss = 0, validation_loss = 0, learning_rate = 0, seconds = 0;
};

struct GrowthFit {
  GrowthProgress end;
  bool interrupted = false;
  History history;
};

/// Weighted rollouts from the first frame of a run against all its later ones, mean over these of
///   2 E|X - Y| - E|X - X'| - E|Y - Y'| + mass (log m - log m*)^2  + action int E[w (|b|^2 + lambda g^2)/2] dt
/// with X of the rollout by its weights, Y of the frame (energy distance), m the mean weight and m* the frame's mass
/// over the first one's. Nothing is asked of particles in between: frames may be few and far apart. The model ends with
/// averaged weights. @throws DivergenceError
[[nodiscard]] GrowthFit fit_growth(const Populations& populations, const GrowthTraining& training, GrowthModel& model,
                                   const std::function<void(const GrowthProgress&)>& report);

}  // namespace scorefield::training
