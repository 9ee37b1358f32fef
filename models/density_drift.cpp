#include "models/density_drift.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include "models/derivatives.hpp"
#include "models/field_divergence.hpp"
#include "models/forward_laplacian.hpp"

namespace scorefield::models {
namespace {

/// Up to so many dimensions the divergence of a vector field is exact; beyond, the number of its probes.
constexpr std::int64_t kExactDivergence = 16;

}  // namespace

DensityDrift::DensityDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu)
    : network_(std::move(network)), mu_(network_->normalized_mu(mu)) {}

std::int64_t DensityDrift::dimension() const { return network_->shape().dimension() + 1; }

torch::Tensor DensityDrift::drift(const torch::Tensor& state, double t) const {
  const torch::NoGradGuard no_grad;
  const auto time = torch::full({1}, t, mu_.options());
  const auto points = state.narrow(1, 0, network_->shape().dimension()).unsqueeze(0);
  auto [field, divergence] = field_and_divergence(points, time);
  if (auto* quadratic = network_->quadratic()) {
    const auto q = quadratic->coefficients(mu_, time, false);
    field = field + QuadraticPotential::gradient(q, points);
    divergence = divergence + q.curvature.sum(-1, true);
  }
  const auto drift = network_->known_drift().add_to(field, points);
  return torch::cat({drift, -divergence.unsqueeze(-1)}, -1).squeeze(0);
}

std::pair<torch::Tensor, torch::Tensor> DensityDrift::field_and_divergence(const torch::Tensor& points,
                                                                           const torch::Tensor& time) const {
  const auto& shape = network_->shape();
  const auto weights = network_->modulation().weights(mu_, time, false);
  if (shape.components == 0) {
    auto result = forward_laplacian(shape, weights, points);
    return {result.gradient, result.laplacian};
  }
  const bool exact = shape.dimension() <= kExactDivergence;
  auto result = models::field_and_divergence(
      shape, weights, points, exact ? torch::Tensor() : rademacher_probes(kExactDivergence, points[0], 0, 0));
  return {result.field, result.divergence};
}

}  // namespace scorefield::models
