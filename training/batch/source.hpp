#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"
#include "training/batch/batch.hpp"
#include "training/batch/particles.hpp"
#include "training/batch/plan.hpp"
#include "training/config.hpp"
#include "training/optim/schedule.hpp"

namespace scorefield::training {

/// Which groups of every batch a process makes: rank r of n takes an equal run of them.
struct Share {
  int rank = 0, size = 1;
};

/// Makes batches from a dataset for the loss that the configuration names: every batch is a pure function of
/// (seed, step), so trainings repeat and resume exactly. Thread-compatible: one caller at a time.
class BatchSource {
 public:
  BatchSource(data::DatasetReader reader, const models::Normalizer& normalizer, const TrainConfig& config,
              std::int64_t seed, Share share = {});

  /// What changes over the training (the jitter) follows this course instead of the one from step 0 to the last.
  void follow(const optim::Course& course) { course_ = course; }

  [[nodiscard]] Batch make(std::int64_t step, Subset subset = Subset::training);

  /// What the loss draws.
  [[nodiscard]] const BatchNeeds& needs() const { return plan_->needs(); }
  /// Groups per batch, of all processes together.
  [[nodiscard]] std::int64_t groups() const { return needs().groups; }
  /// Of every group.
  [[nodiscard]] std::int64_t particles() const {
    return needs().particles > 0 ? needs().particles : options_.particles;
  }
  [[nodiscard]] const data::DatasetHeader& header() const { return particles_->header(); }

 private:
  [[nodiscard]] double jitter(std::int64_t step) const;
  [[nodiscard]] Batch allocate(std::int64_t groups) const;
  void set_inputs(const Group& group, std::int64_t g, Batch& batch) const;

  models::Normalizer normalizer_;
  BatchOptions options_;
  optim::Course course_;
  std::int64_t extra_inputs_;  ///< of the network, after mu
  std::uint64_t seed_;
  Share share_;
  std::unique_ptr<const BatchPlan> plan_;
  std::unique_ptr<const Particles> particles_;
};

}  // namespace scorefield::training
