#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/score.hpp"
#include "models/score_network.hpp"

namespace scorefield::models {

/// Particles that come to weigh more or less (unbalanced action matching, arXiv 2210.06662, section 3.3):
///   dX/dt = f(X) + grad_x s,   d log w/dt = s/lambda,
/// so that d_t rho + div(rho grad s) = rho s/lambda. State [N, d + 1]: normalised coordinates, then log w.
class GrowthDrift : public Drift {
 public:
  /// mu: physical values, [p].
  GrowthDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu, double lambda);

  [[nodiscard]] std::int64_t dimension() const override;
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& state, double t) const override;

 private:
  std::shared_ptr<ScoreNetwork> network_;
  torch::Tensor mu_;  ///< [1, p], normalised
  double lambda_;
};

}  // namespace scorefield::models
