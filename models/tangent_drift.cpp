#include "models/tangent_drift.hpp"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace scorefield::models {

TangentDrift::TangentDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu)
    : network_(std::move(network)), mu_(network_->normalized_mu(mu).detach()) {}

std::int64_t TangentDrift::dimension() const { return network_->shape().dimension() * (1 + mu_.size(1)); }

struct TangentDrift::Linearised {
  torch::Tensor field;               ///< [N, d]
  std::vector<torch::Tensor> slope;  ///< a function linear in `variable`, and its derivatives by x and mu
  torch::Tensor variable;
};

/// The Hessian is symmetric: the tangent of the gradient is the gradient of the tangent of s.
TangentDrift::Linearised TangentDrift::linearised_potential(const torch::Tensor& points, double t) const {
  const auto parameters = mu_.clone().requires_grad_(true);
  const auto s = network_->potential(points, parameters, torch::full({1}, t, points.options())).sum();
  auto slope = torch::autograd::grad({s}, {points, parameters}, {}, true, true);
  return {slope[0].detach().squeeze(0), slope, points};
}

/// The derivatives of b.w are linear in w, and their derivative with respect to w is the tangent of b.
TangentDrift::Linearised TangentDrift::linearised_vector(const torch::Tensor& points, double t) const {
  const auto parameters = mu_.clone().requires_grad_(true);
  const auto b = network_->vector_field(points, parameters, torch::full({1}, t, points.options()));
  const auto w = torch::zeros_like(b).requires_grad_(true);
  auto slope = torch::autograd::grad({(b * w).sum()}, {points, parameters}, {}, true, true);
  return {b.detach().squeeze(0), slope, w};
}

torch::Tensor TangentDrift::drift(const torch::Tensor& state, double t) const {
  const torch::AutoGradMode with_graph(true);
  const std::int64_t d = network_->shape().dimension(), p = mu_.size(1);
  const auto x = state.detach().narrow(1, 0, d);
  const auto points = x.unsqueeze(0).clone().requires_grad_(true);
  const auto b = network_->options().vector ? linearised_vector(points, t) : linearised_potential(points, t);
  const auto& known = network_->known_drift();
  std::vector<torch::Tensor> rates{known.add_to(b.field, x)};
  for (std::int64_t j = 0; j < p; ++j) {
    const auto dx = state.detach().narrow(1, d * (1 + j), d);
    const auto along = (b.slope[0].squeeze(0) * dx).sum() + b.slope[1].select(1, j).sum();
    const auto tangent = torch::autograd::grad({along}, {b.variable}, {}, j + 1 < p)[0];
    rates.push_back(known.add_tangent(tangent.squeeze(0), dx));
  }
  return torch::cat(rates, 1).detach();
}

}  // namespace scorefield::models
