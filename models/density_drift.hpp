#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/score.hpp"
#include "models/score_network.hpp"

namespace scorefield::models {

/// Particles with the logarithm of the density that they carry, by the instantaneous change of variables
///   dX/dt = f(X) + grad_x s,   d log rho(X_t, t)/dt = -lap_x s
/// (arXiv 1806.07366), the Laplacian exact and the known part f without divergence. State [N, d + 1]: normalised
/// coordinates, then log rho; its unit of volume stays that of the initial value.
class DensityDrift : public Drift {
 public:
  /// mu: physical values, [p].
  DensityDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu);

  [[nodiscard]] std::int64_t dimension() const override;
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& state, double t) const override;

 private:
  std::shared_ptr<ScoreNetwork> network_;
  torch::Tensor mu_;  ///< [1, p], normalised
};

}  // namespace scorefield::models
