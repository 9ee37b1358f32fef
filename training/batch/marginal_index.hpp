#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"
#include "training/batch/options.hpp"

namespace scorefield::training {

/// The marginals (mu, time) of a dataset that a training may use, and which of them a step sees.
class MarginalIndex {
 public:
  /// `inner`: without the first and last time, which have no differences.
  MarginalIndex(const data::DatasetHeader& header, const models::Normalizer& normalizer, const BatchOptions& options,
                std::uint64_t seed, bool inner);

  /// The stored times of one mu that may be trained on, and the interval that all its frames span: [0, 1] unless mu
  /// differ in their times.
  struct Times {
    std::vector<std::int64_t> frame{};  ///< index in the file
    std::vector<double> time{};         ///< normalised
    double start = 0, span = 1;         ///< of the interval, normalised

    /// Index here of the time nearest to t.
    [[nodiscard]] std::size_t nearest(double t) const;
    /// The time at a share of the interval.
    [[nodiscard]] double at(double share) const { return start + span * share; }
    /// The times as shares of the interval.
    [[nodiscard]] std::vector<double> shares() const;
  };
  [[nodiscard]] const Times& times(std::int64_t mu_index) const { return times_[static_cast<std::size_t>(mu_index)]; }
  [[nodiscard]] std::int64_t mu_count() const { return static_cast<std::int64_t>(times_.size()); }

  /// batch.mu indices of mu, without replacement as long as there are values left: every step sees all equally often.
  [[nodiscard]] std::vector<std::int64_t> choose_mu(std::uint64_t step_seed) const;

  /// A random share of part `node` of batch.nodes equal parts of a mu's interval (Times::at), for the step's mu number
  /// `mu`.
  [[nodiscard]] double choose_time(std::uint64_t step_seed, std::size_t mu, std::int64_t node) const;

  /// For each mu of a step, one stored time from each of batch.nodes equal parts of its interval: times with the
  /// trapezoid's weights.
  struct Marginal {
    std::int64_t mu_index;
    double time;         ///< normalised
    std::int64_t frame;  ///< in the file
  };
  [[nodiscard]] std::vector<Marginal> choose_stored(std::uint64_t step_seed) const;

 private:
  BatchOptions options_;
  std::vector<Times> times_;  ///< [M]
};

}  // namespace scorefield::training
