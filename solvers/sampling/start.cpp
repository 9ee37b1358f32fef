#include "solvers/sampling/start.hpp"

#include <torch/utils.h>

#include "core/require.hpp"
#include "models/targets/draws.hpp"

namespace scorefield::sampling {

torch::Tensor initial_cloud(const StartOptions& options, std::int64_t dimension, std::uint64_t seed) {
  constexpr std::uint64_t kStartStream = std::uint64_t{0x69} << 56;
  require(options.particles >= 2, "option 'sample.particles'", options.particles, "at least 2");
  require(options.scale >= 0 && std::isfinite(options.scale), "option 'sample.start_scale'", options.scale,
          "a number from 0");
  const double scale = options.scale > 0 ? options.scale : dimension <= 2 ? 3 : 2;
  auto x = scale * targets::normal_draws(options.particles, dimension, seed, kStartStream);
  x.select(1, 0).add_(options.shift);
  return x;
}

}  // namespace scorefield::sampling
