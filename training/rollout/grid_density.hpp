#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "data/density_grid.hpp"
#include "data/problems/problem.hpp"
#include "training/rollout/rollout.hpp"

namespace scorefield::training {

/// The density of a rollout as a function on a grid: every node is traced back along the field to the first time, where
/// the density is known, and what the field compresses on the way is taken off,
///   log f(x, t) = log f_0(X_0) - int_0^t div b(X_s, s) ds,   dX/ds = b, X_t = x.
/// No particles, no noise: exact up to the steps. A force of positions compresses nothing.
class GridDensity {
 public:
  /// The model lives as long as this object. @throws UsageError where the problem that made its data, or the density
  /// that it starts from, is not known, or rollouts are stochastic
  GridDensity(const ReducedModel& model, const integrators::IntegrateOptions& integration, data::DensityGrid grid);

  /// f at the nodes at time t (normalised) of the rollout at mu [p] (physical) that begins at `start`: [G], probability
  /// per unit volume of the coordinates.
  [[nodiscard]] std::vector<float> at(const std::vector<double>& mu, double start, double t) const;

  [[nodiscard]] const data::DensityGrid& grid() const { return grid_; }

 private:
  const ReducedModel& model_;
  Rollout rollout_;
  data::DensityGrid grid_;
  std::unique_ptr<problems::Problem> problem_;
  torch::Tensor nodes_;  ///< [G, d + 1] normalised, with a log-density of 0
};

}  // namespace scorefield::training
