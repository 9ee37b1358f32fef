#include "solvers/sampling/start.hpp"

#include <torch/utils.h>

#include "core/random.hpp"
#include "core/require.hpp"

namespace scorefield::sampling {

torch::Tensor initial_cloud(const StartOptions& options, std::int64_t dimension, std::uint64_t seed) {
  constexpr std::uint64_t kStartStream = std::uint64_t{0x69} << 56;
  require("the number of particles", options.particles, at_least(2));
  require("the deviation of the initial cloud", options.scale, at_least(0));
  const double scale = options.scale > 0 ? options.scale : dimension <= 2 ? 3 : 2;
  const Philox random(seed, kStartStream);
  auto x = torch::empty({options.particles, dimension}, torch::kFloat64);
  double* const values = x.mutable_data_ptr<double>();
  const std::int64_t pairs = (dimension + 1) / 2;  // of a particle's normals
  for (std::int64_t i = 0; i < options.particles; ++i)
    for (std::int64_t p = 0; p < pairs; ++p) {
      const auto two = random.normals(static_cast<std::uint64_t>(i * pairs + p));
      values[i * dimension + 2 * p] = scale * two[0];
      if (2 * p + 1 < dimension) values[i * dimension + 2 * p + 1] = scale * two[1];
    }
  x.select(1, 0).add_(options.shift);
  return x;
}

}  // namespace scorefield::sampling
