#include "models/network_drift.hpp"

#include <torch/types.h>

namespace scorefield::models {

NetworkDrift::NetworkDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu)
    : network_(std::move(network)), mu_(network_->normalized_mu(mu)) {}

std::int64_t NetworkDrift::dimension() const { return network_->shape().dimension(); }

torch::Tensor NetworkDrift::drift(const torch::Tensor& x, double t) const {
  return network_->gradient(x, mu_, t);
}

}  // namespace scorefield::models
