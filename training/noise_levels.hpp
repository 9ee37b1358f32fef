#pragma once

#include <cmath>

#include "training/config.hpp"

namespace scorefield::training {

/// Deviation of the noise at a level in [-1, 1] of a noise-conditional score network: geometric from loss.noise_min to
/// loss.noise_max.
[[nodiscard]] inline double noise_of_level(const LossOptions& loss, double level) {
  return loss.noise_min * std::pow(loss.noise_max / loss.noise_min, (1 + level) / 2);
}

}  // namespace scorefield::training
