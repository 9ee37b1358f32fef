#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/frame_cache.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::training {

class Drawing;
class MarginalIndex;

/// One (mu, t) of a batch before its samples are drawn.
struct Group {
  std::int64_t mu_index;
  double time;                   ///< normalised
  kernels::GroupTerms terms{};   ///< what it adds to the loss
  std::int64_t frame = -1;       ///< the frame (in the file) whose particles are taken; -1: whatever `time` needs
  std::int64_t copies = 1;       ///< times that every particle is taken; with `frame`
  std::int64_t shared = -1;      ///< groups with the same number draw the same random numbers; -1: alone
  std::int64_t next_frame = -1;  ///< the other frame of a group between two; with `start` and `end`
  double start = 0, end = 1;     ///< times of both, normalised
  std::vector<double> inputs{};  ///< the loss's own inputs of the network, after mu, in [-1, 1]
};

/// Where one group's samples go.
struct GroupRows {
  std::span<float> x;       ///< [N, d]
  std::span<float> target;  ///< [N, c]; empty: the loss has no targets
};

/// What a loss needs of the batches of one training.
struct BatchNeeds {
  std::int64_t groups = 0;                               ///< per batch
  std::int64_t particles = 0;                            ///< per group; 0: batch.particles
  std::int64_t together = 1;                             ///< that many consecutive groups stay in one process
  data::Velocities velocities = data::Velocities::none;  ///< of the particles, where they come from
  data::Differences differences{};                       ///< how, where they are differences
  bool jittered_validation = false;                      ///< the validation set is jittered, too
  std::int64_t target_columns = 0;                       ///< c; 0: no targets
  std::int64_t gauge_points = 0;                         ///< R
  std::string targets_from{};                            ///< where targets come from, for the user; empty: no choice
  std::vector<std::string> warnings{};                   ///< about the data, for the user
};

/// What one training draws for its loss: made by the loss for one dataset, asked by the batch source. Immutable.
class BatchPlan {
 public:
  virtual ~BatchPlan() = default;

  [[nodiscard]] const BatchNeeds& needs() const { return needs_; }

  /// The groups of one batch, a pure function of the seed; needs().groups of them, each with as many `inputs` as the
  /// loss has.
  [[nodiscard]] virtual std::vector<Group> make_groups(const MarginalIndex& marginals,
                                                       std::uint64_t step_seed) const = 0;

  /// Samples and targets of one group.
  virtual void fill(const Drawing& drawing, const Group& group, const GroupRows& rows) const = 0;

 protected:
  explicit BatchPlan(BatchNeeds needs) : needs_(std::move(needs)) {}

  BatchNeeds needs_;  ///< complete when the constructor of the last derived class is done
};

}  // namespace scorefield::training
