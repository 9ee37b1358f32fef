#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "models/score.hpp"
#include "models/score_network.hpp"

namespace scorefield::models {

/// A score network frozen at one mu, seen as a drift in normalised coordinates and normalised time: dX/dt = grad_x s.
/// On the CPU the fused kernels evaluate it; elsewhere hand-written forward and reverse sweeps in LibTorch operations.
class NetworkDrift : public Drift {
 public:
  /// mu: physical values, [p].
  NetworkDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu);

  [[nodiscard]] std::int64_t dimension() const override;
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& x, double t) const override;

 private:
  std::shared_ptr<ScoreNetwork> network_;
  torch::Tensor mu_;  ///< [1, p], normalised
};

}  // namespace scorefield::models
