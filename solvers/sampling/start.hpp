#pragma once

#include <torch/types.h>

#include <cstdint>

namespace scorefield::sampling {

struct StartOptions {
  std::int64_t particles = 1000;
  double scale = 0;  ///< standard deviation of the initial cloud; 0: 3 for d <= 2, 2 above
  double shift = 0;  ///< added to the first coordinate
};

/// The initial cloud N(shift e_1, scale^2 I), [N, d] float64, a pure function of the seed. @throws UsageError
[[nodiscard]] torch::Tensor initial_cloud(const StartOptions& options, std::int64_t dimension, std::uint64_t seed);

}  // namespace scorefield::sampling
