#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "training/optim/options.hpp"

namespace scorefield::optim {

/// How far a training is at each of its steps: 0 at its start, 1 at its end, a straight line in between. One that was
/// resumed with another end goes on from where it was.
struct Course {
  std::int64_t first_step = 0;
  double start = 0;            ///< progress at first_step
  std::int64_t last_step = 0;  ///< where progress is 1

  [[nodiscard]] double at(std::int64_t step) const {
    if (last_step <= first_step) return 1;
    const auto share = static_cast<double>(step - first_step) / static_cast<double>(last_step - first_step);
    return start + (1 - start) * share;
  }
};

/// Learning rate at `progress` in [0, 1] (clamped): linear from 0 to the peak over the first `warmup` of the run, then
/// half a cosine down to `final_fraction` of the peak. A pure function, so that progress may be a share of the steps
/// or, under a time limit, of the time.
[[nodiscard]] inline double learning_rate(double progress, const OptimizerOptions& options) {
  progress = std::clamp(progress, 0.0, 1.0);
  if (progress < options.warmup) return options.learning_rate * progress / options.warmup;
  const double decayed = options.warmup < 1 ? (progress - options.warmup) / (1 - options.warmup) : 0.0;
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * decayed));
  return options.learning_rate * (options.final_fraction + (1 - options.final_fraction) * cosine);
}

}  // namespace scorefield::optim
