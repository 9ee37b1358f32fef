#include "models/growth_drift.hpp"

#include <torch/types.h>
#include <torch/utils.h>

namespace scorefield::models {

GrowthDrift::GrowthDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu, double lambda)
    : network_(std::move(network)), mu_(network_->normalized_mu(mu)), lambda_(lambda) {}

std::int64_t GrowthDrift::dimension() const { return network_->shape().dimension() + 1; }

torch::Tensor GrowthDrift::drift(const torch::Tensor& state, double t) const {
  const torch::NoGradGuard no_grad;
  const auto x = state.narrow(1, 0, network_->shape().dimension()).contiguous();
  const auto s = network_->potential(x.unsqueeze(0), mu_, torch::full({1}, t, mu_.options()));
  return torch::cat({network_->drift(x, mu_, t), s.view({-1, 1}) / lambda_}, 1);
}

}  // namespace scorefield::models
