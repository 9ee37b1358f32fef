#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "training/batch/plan.hpp"
#include "training/config.hpp"
#include "training/losses/loss.hpp"

namespace scorefield::models {
class KnownDrift;
}

namespace scorefield::training {

/// Losses whose minimiser, with the known part of the drift, moves the population: what they share beside their groups.
class DriftLoss : public Loss, public DriftUse {
 public:
  void validate(const TrainConfig& config) const override;
  /// Whether its batches see the potential itself, so that growth can be learned with the drift.
  [[nodiscard]] virtual bool learns_growth() const { return false; }
  [[nodiscard]] std::string kind() const override { return "drift"; }
  [[nodiscard]] const DriftUse* drift_use() const override { return this; }
  [[nodiscard]] std::string use() const override { return "'scorefield infer' rolls it out"; }

  [[nodiscard]] std::unique_ptr<Drift> field(std::shared_ptr<models::ScoreNetwork> network,
                                             const std::vector<double>& mu, Carried carried) const override;
};

/// Batches of such a loss: particles with the batch's jitter, and targets y = X' - f + slope xi/delta with X' their
/// velocities (zero where the loss draws none), f the known drift and xi/delta the jitter over its variance.
///
/// What moves a population that drifts with v and diffuses is v - D grad log rho, and for samples x = y + delta xi,
/// whatever their density, E[grad log rho . grad s] = -E[lap s] = -E[xi . grad s] / delta (Stein's identity): the
/// targets v + D xi / delta have the same minimiser, per coordinate. The entropic term of loss.laplacian = stein is the
/// same with -sigma^2/2 for D.
///
/// With loss.growth = lambda, means become sums over unnormalised populations (groups count by their frames' masses),
/// and every group with a kinetic term has s^2/(2 lambda) beside it: unbalanced action matching (arXiv 2210.06662).
class DriftPlan : public BatchPlan {
 public:
  ~DriftPlan() override;
  [[nodiscard]] std::vector<Group> make_groups(const MarginalIndex& marginals, std::uint64_t step_seed) const final;
  void fill(const Drawing& drawing, const Group& group, const GroupRows& rows) const final;

 protected:
  /// `needs`: without what follows from targets. `diffusion`: [d] or empty, D of the stored velocities.
  DriftPlan(const PlanInputs& inputs, BatchNeeds needs, const std::vector<double>& diffusion = {});

  /// Groups without their term y.grad s where that is due to f or the jitter alone.
  [[nodiscard]] virtual std::vector<Group> choose_groups(const MarginalIndex& marginals,
                                                         std::uint64_t step_seed) const = 0;

 private:
  std::unique_ptr<const models::KnownDrift> known_drift_;
  std::vector<double> slope_;  ///< [d] or empty
  double growth_;              ///< lambda; 0: mass is conserved
  /// [M][K], with growth: of all frames
  std::vector<std::vector<double>> times_, masses_;

  /// Mass of the population that a group draws from, over that of its run's first frame.
  [[nodiscard]] double mass_of(const Group& group) const;
};

}  // namespace scorefield::training
