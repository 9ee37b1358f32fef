#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/device_graph.hpp"
#include "models/score.hpp"
#include "models/score_network.hpp"

namespace scorefield::models {

/// A score network frozen at one mu, seen as a drift in normalised coordinates and normalised time: dX/dt = f(X) +
/// grad_x s, f the known part. On the CPU the fused kernels evaluate it; elsewhere hand-written forward and reverse
/// sweeps in LibTorch operations, recorded and replayed where DeviceGraph can. One caller at a time on devices other
/// than the CPU.
class NetworkDrift : public Drift {
 public:
  /// mu: physical values, [p].
  NetworkDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu);

  [[nodiscard]] std::int64_t dimension() const override;
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& x, double t) const override;

 private:
  std::shared_ptr<ScoreNetwork> network_;
  torch::Tensor mu_;  ///< [1, p], normalised

  /// A recorded evaluation for one number of points.
  struct Recorded {
    torch::Tensor x, t, result;  ///< [N, d], [1], [N, d]
    models::DeviceGraph graph;
  };
  mutable std::unique_ptr<Recorded> recorded_;
};

}  // namespace scorefield::models
