#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "models/score.hpp"
#include "models/score_network.hpp"

namespace scorefield::models {

/// Particles with the logarithm of the density that they carry, by the instantaneous change of variables
///   dX/dt = f(X) + b(X),   d log rho(X_t, t)/dt = -div b
/// (arXiv 1806.07366), b = grad_x s or a vector field and the known part f without divergence. The divergence is exact,
/// that of a vector field in more than 16 dimensions the mean of 16 probes that every particle keeps (arXiv
/// 1810.01367). State [N, d + 1]: normalised coordinates, then log rho; its unit of volume stays that of the initial
/// value.
class DensityDrift : public Drift {
 public:
  /// mu: physical values, [p].
  DensityDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu);

  [[nodiscard]] std::int64_t dimension() const override;
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& state, double t) const override;

 private:
  /// b and its divergence, [1, N, d] and [1, N]
  [[nodiscard]] std::pair<torch::Tensor, torch::Tensor> field_and_divergence(const torch::Tensor& points,
                                                                             const torch::Tensor& time) const;

  std::shared_ptr<ScoreNetwork> network_;
  torch::Tensor mu_;  ///< [1, p], normalised
};

}  // namespace scorefield::models
