#include "models/modulation/time_features.hpp"

#include <numbers>

namespace scorefield::models {

torch::Tensor time_frequencies(std::int64_t count) {
  return torch::arange(1, count + 1, torch::kFloat32) * (std::numbers::pi / 2);
}

torch::Tensor condition_features(const torch::Tensor& mu, const torch::Tensor& t, const torch::Tensor& frequencies) {
  const auto phase = t.unsqueeze(1) * frequencies;
  return torch::cat({mu, (2 * t - 1).unsqueeze(1), phase.sin(), phase.cos()}, 1);
}

torch::Tensor condition_feature_rates(const torch::Tensor& mu, const torch::Tensor& t,
                                      const torch::Tensor& frequencies) {
  const auto phase = t.unsqueeze(1) * frequencies;
  return torch::cat({torch::zeros_like(mu), torch::full_like(t, 2).unsqueeze(1), phase.cos() * frequencies,
                     -phase.sin() * frequencies},
                    1);
}

}  // namespace scorefield::models
