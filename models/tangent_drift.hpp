#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "models/score.hpp"
#include "models/score_network.hpp"

namespace scorefield::models {

/// Particles with their derivatives with respect to the physics parameters, each in units of its half range in the
/// training data (Normalizer):
///   dX/dt = f(X) + b(X, t),   d/dt dX/dmu_j = (df/dx + db/dx) dX/dmu_j + db/dmu_j,   b = grad_x s or a vector field
/// by LibTorch autograd. State [N, d (1 + p)]: normalised coordinates, then p blocks of d derivatives.
class TangentDrift : public Drift {
 public:
  /// mu: physical values, [p].
  TangentDrift(std::shared_ptr<ScoreNetwork> network, const std::vector<double>& mu);

  [[nodiscard]] std::int64_t dimension() const override;
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& state, double t) const override;

 private:
  /// b at the points, and its derivative along (dx, dmu_j) for every j, one call each.
  struct Linearised;
  [[nodiscard]] Linearised linearised_potential(const torch::Tensor& points, double t) const;
  [[nodiscard]] Linearised linearised_vector(const torch::Tensor& points, double t) const;

  std::shared_ptr<ScoreNetwork> network_;
  torch::Tensor mu_;  ///< [1, p], normalised
};

}  // namespace scorefield::models
