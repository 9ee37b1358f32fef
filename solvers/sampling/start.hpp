#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "models/targets/target.hpp"

namespace scorefield::sampling {

struct StartOptions {
  std::int64_t particles = 1000;
  double scale = 0;    ///< standard deviation of the initial cloud; 0: 3 for d <= 2, 2 above
  double shift = 0;    ///< added to the first coordinate
  bool locate = true;  ///< go to where the modes are, if neither scale nor shift is given
};

/// The initial cloud N(shift e_1, scale^2 I), [N, d] float64, a pure function of the seed. @throws UsageError
[[nodiscard]] torch::Tensor initial_cloud(const StartOptions& options, std::int64_t dimension, std::uint64_t seed);

/// The same where optimisations from that cloud find modes outside of it, or much wider ones: a Gaussian around all
/// modes found, twice as wide as they are, in their shape. Otherwise the cloud as it is, as for targets without log p.
[[nodiscard]] torch::Tensor located_cloud(const torch::Tensor& cloud,
                                          const std::shared_ptr<const targets::Target>& target, std::uint64_t seed);

}  // namespace scorefield::sampling
