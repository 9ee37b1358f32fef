#include "models/network_drift.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include "models/fused.hpp"

namespace scorefield::models {

NetworkDrift::NetworkDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu)
    : network_(std::move(network)) {
  const auto& normalizer = network_->normalizer();
  TORCH_CHECK_VALUE(mu.size() == normalizer.mu_center.size(), "expected ", normalizer.mu_center.size(),
                    " physics parameters, got ", mu.size());
  mu_ = torch::tensor(normalizer.normalized_mu(mu), torch::kFloat64)
            .unsqueeze(0)
            .to(network_->parameters().front().options().requires_grad(false));
}

std::int64_t NetworkDrift::dimension() const { return network_->shape().dimension(); }

torch::Tensor NetworkDrift::drift(const torch::Tensor& x, double t) const {
  const torch::NoGradGuard no_grad;
  const auto weights = network_->modulation().weights(mu_, torch::full({1}, t, mu_.options()), false);
  const auto points = x.unsqueeze(0);
  const auto gradient = x.device().is_cpu() ? fused_gradient(network_->shape(), weights, points)
                                            : network_gradient(network_->shape(), effective_weights(weights), points);
  return gradient.squeeze(0);
}

namespace {

/// d feature / d coordinate, in the order of network_features. x: [G, N, d] -> [G, N, f].
torch::Tensor feature_slopes(const kernels::NetworkShape& shape, const torch::Tensor& x) {
  std::vector<torch::Tensor> slopes;
  for (std::int64_t c = 0; c < shape.dimension(); ++c) {
    const auto& coordinate = shape.coordinates[static_cast<std::size_t>(c)];
    const auto value = x.select(-1, c);
    if (coordinate.angular_frequency == 0) slopes.push_back(torch::ones_like(value));
    for (std::int64_t k = 1; k <= coordinate.harmonics; ++k) {
      const double omega = static_cast<double>(k) * coordinate.angular_frequency;
      slopes.push_back((value * omega).cos() * omega);
      slopes.push_back((value * omega).sin() * -omega);
    }
  }
  return torch::stack(slopes, -1);
}

}  // namespace

torch::Tensor network_gradient(const kernels::NetworkShape& shape, const EffectiveWeights& weights,
                               const torch::Tensor& x) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> derivative;  // silu' per hidden layer
  auto h = network_features(shape, x);
  for (std::size_t l = 0; l + 1 < weights.size(); ++l) {
    const auto y = torch::baddbmm(weights[l].bias.unsqueeze(1), h, weights[l].weight.transpose(1, 2));
    const auto sigma = y.sigmoid();
    h = y * sigma;
    derivative.push_back(sigma + h * (1 - sigma));
  }
  auto adjoint = weights.back().weight.expand({x.size(0), x.size(1), shape.width});
  for (std::size_t l = weights.size() - 1; l-- > 0;) adjoint = torch::bmm(adjoint * derivative[l], weights[l].weight);
  const auto products = adjoint * feature_slopes(shape, x);
  std::vector<torch::Tensor> gradient;
  std::int64_t first = 0;
  for (const auto& coordinate : shape.coordinates) {
    gradient.push_back(products.narrow(-1, first, coordinate.count()).sum(-1));
    first += coordinate.count();
  }
  return torch::stack(gradient, -1);
}

}  // namespace scorefield::models
