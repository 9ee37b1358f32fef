#include "models/network_drift.hpp"

#include <torch/types.h>

namespace scorefield::models {

NetworkDrift::NetworkDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu)
    : network_(std::move(network)), mu_(network_->normalized_mu(mu)) {}

std::int64_t NetworkDrift::dimension() const { return network_->shape().dimension(); }

torch::Tensor NetworkDrift::drift(const torch::Tensor& x, double t) const {
  if (!DeviceGraph::available(x.device())) return network_->drift(x, mu_, t);
  if (!recorded_ || recorded_->x.sizes() != x.sizes())
    recorded_.reset(new Recorded{torch::empty_like(x), torch::empty({1}, mu_.options()), {}, DeviceGraph(x.device())});
  Recorded& recorded = *recorded_;
  recorded.x.copy_(x);
  recorded.t.fill_(t);
  recorded.graph.run([&] { recorded.result = network_->drift(recorded.x, mu_, recorded.t); });
  return recorded.result.clone();
}

}  // namespace scorefield::models
