#include "models/tangent_drift.hpp"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace scorefield::models {

TangentDrift::TangentDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu)
    : network_(std::move(network)), mu_(network_->normalized_mu(mu).detach()) {}

std::int64_t TangentDrift::dimension() const { return network_->shape().dimension() * (1 + mu_.size(1)); }

torch::Tensor TangentDrift::drift(const torch::Tensor& state, double t) const {
  const torch::AutoGradMode with_graph(true);
  const std::int64_t d = network_->shape().dimension(), p = mu_.size(1);
  const auto x = state.detach().narrow(1, 0, d);
  const auto points = x.unsqueeze(0).clone().requires_grad_(true);
  const auto parameters = mu_.clone().requires_grad_(true);
  const auto s = network_->potential(points, parameters, torch::full({1}, t, x.options())).sum();
  const auto first = torch::autograd::grad({s}, {points, parameters}, {}, true, true);
  const auto& known = network_->known_drift();
  std::vector<torch::Tensor> rates{known.add_to(first[0].detach().squeeze(0), x)};
  for (std::int64_t j = 0; j < p; ++j) {
    const auto dx = state.detach().narrow(1, d * (1 + j), d);
    // The Hessian is symmetric: the tangent of the gradient is the gradient of the tangent.
    const auto along = (first[0].squeeze(0) * dx).sum() + first[1].select(1, j).sum();
    const auto second = torch::autograd::grad({along}, {points}, {}, j + 1 < p)[0];
    rates.push_back(known.add_tangent(second.squeeze(0), dx));
  }
  return torch::cat(rates, 1).detach();
}

}  // namespace scorefield::models
