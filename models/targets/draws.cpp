#include "models/targets/draws.hpp"

#include <torch/utils.h>

#include "core/random.hpp"

namespace scorefield::targets {
namespace {

template <class Pair>
torch::Tensor fill_draws(std::int64_t n, std::int64_t d, const Pair& pair) {
  auto values = torch::empty({n, d}, torch::kFloat64);
  double* out = values.data_ptr<double>();
  const std::int64_t pairs = (d + 1) / 2;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t p = 0; p < pairs; ++p) {
      const auto two = pair(static_cast<std::uint64_t>(i * pairs + p));
      out[i * d + 2 * p] = two[0];
      if (2 * p + 1 < d) out[i * d + 2 * p + 1] = two[1];
    }
  return values;
}

}  // namespace

torch::Tensor normal_draws(std::int64_t n, std::int64_t d, std::uint64_t seed, std::uint64_t stream) {
  const Philox random(seed, stream);
  return fill_draws(n, d, [&](std::uint64_t index) { return random.normals(index); });
}

torch::Tensor uniform_draws(std::int64_t n, std::int64_t d, std::uint64_t seed, std::uint64_t stream) {
  const Philox random(seed, stream);
  return fill_draws(n, d, [&](std::uint64_t index) { return random.uniforms(index); });
}

}  // namespace scorefield::targets
