#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "training/batch/plan.hpp"
#include "training/config.hpp"
#include "training/losses/loss.hpp"

namespace scorefield::training {

/// Losses that learn the distribution at every (mu, t), rather than what moves it, by regression on noise: the velocity
/// form with another target y, sum over groups of mean [ |grad s|^2/2 - y.grad s ], least where grad s is the gradient
/// field nearest to E[y | x].
class NoiseLoss : public Loss {
 public:
  void validate(const TrainConfig& config) const override;
};

/// Batches of such a loss: particles of stored frames, each one twice, with noise of both signs, which cancels the odd
/// part of the noise. Where the network has an input for it, every group gets a level, evenly spread over [-1, 1].
class NoisePlan : public BatchPlan {
 public:
  [[nodiscard]] std::vector<Group> make_groups(const MarginalIndex& marginals, std::uint64_t step_seed) const final;
  void fill(const Drawing& drawing, const Group& group, const GroupRows& rows) const final;

 protected:
  NoisePlan(const PlanInputs& inputs, bool with_level);

  /// x -> noisy x and target.
  virtual void add_noise(const Drawing& drawing, const Group& group, const GroupRows& rows) const = 0;

 private:
  bool with_level_;
  double scale_;
};

/// x -> x + deviation xi, target = -factor xi, xi a standard normal: in rows n and n + (N + 1)/2 with both signs.
void add_normal_noise(const Drawing& drawing, double deviation, double factor, const GroupRows& rows);

}  // namespace scorefield::training
