#include "models/network_drift.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include "models/fused.hpp"
#include "models/tensor_sweeps.hpp"

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
                                            : swept_gradient(network_->shape(), weights, points);
  return gradient.squeeze(0);
}

}  // namespace scorefield::models
