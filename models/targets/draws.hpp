#pragma once

#include <torch/types.h>

#include <cstdint>

namespace scorefield::targets {

/// Standard normals [n, d] float64, a pure function of (seed, stream, row, column).
[[nodiscard]] torch::Tensor normal_draws(std::int64_t n, std::int64_t d, std::uint64_t seed, std::uint64_t stream);

/// Uniforms in (0, 1), [n, d] float64.
[[nodiscard]] torch::Tensor uniform_draws(std::int64_t n, std::int64_t d, std::uint64_t seed, std::uint64_t stream);

}  // namespace scorefield::targets
