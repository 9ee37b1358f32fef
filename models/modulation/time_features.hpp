#pragma once

#include <torch/types.h>

#include <cstdint>

namespace scorefield::models {

/// (pi/2) k, k = 1..n: [n].
[[nodiscard]] torch::Tensor time_frequencies(std::int64_t count);

/// What a network sees of (mu, t): mu, 2t - 1 (in [-1, 1] as mu), sin and cos of the frequencies times t.
/// mu [G, p], t [G], frequencies [n] -> [G, p + 1 + 2n].
[[nodiscard]] torch::Tensor condition_features(const torch::Tensor& mu, const torch::Tensor& t,
                                               const torch::Tensor& frequencies);

/// Their derivatives with respect to t.
[[nodiscard]] torch::Tensor condition_feature_rates(const torch::Tensor& mu, const torch::Tensor& t,
                                                    const torch::Tensor& frequencies);

}  // namespace scorefield::models
