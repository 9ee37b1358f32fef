#include "models/density_drift.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include "models/forward_laplacian.hpp"

namespace scorefield::models {

DensityDrift::DensityDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu)
    : network_(std::move(network)), mu_(network_->normalized_mu(mu)) {}

std::int64_t DensityDrift::dimension() const { return network_->shape().dimension() + 1; }

torch::Tensor DensityDrift::drift(const torch::Tensor& state, double t) const {
  const torch::NoGradGuard no_grad;
  const auto time = torch::full({1}, t, mu_.options());
  const auto weights = network_->modulation().weights(mu_, time, false);
  const auto points = state.narrow(1, 0, network_->shape().dimension()).unsqueeze(0);
  auto [gradient, laplacian] = forward_laplacian(network_->shape(), weights, points);
  if (auto* quadratic = network_->quadratic()) {
    const auto q = quadratic->coefficients(mu_, time, false);
    gradient = gradient + QuadraticPotential::gradient(q, points);
    laplacian = laplacian + q.curvature.sum(-1, true);
  }
  const auto drift = network_->known_drift().add_to(gradient, points);
  return torch::cat({drift, -laplacian.unsqueeze(-1)}, -1).squeeze(0);
}

}  // namespace scorefield::models
