#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"

namespace scorefield::training {

/// Some pairs of neighbouring times of particles that are followed, normalised units, float32.
struct Increments {
  torch::Tensor from;    ///< [B, d]
  torch::Tensor change;  ///< [B, d], to where the particle is next, the short way round
  torch::Tensor mu;      ///< [B, p]
  torch::Tensor time;    ///< [B, 1], of `from`
  torch::Tensor step;    ///< [B, 1], to the next time
};

/// The trajectories of a dataset as pairs of neighbouring times, in memory: of all particles, or of a random part that
/// fits into a limit. A share of the particles is set apart for validation.
class IncrementTable {
 public:
  /// @throws FileError where particles are not followed over two times
  IncrementTable(const data::DatasetReader& reader, const models::Normalizer& normalizer, double validation_fraction,
                 std::int64_t limit_bytes, std::uint64_t seed);

  /// `count` pairs drawn at random (particles by their weights), a function of (seed, index) alone.
  [[nodiscard]] Increments draw(std::int64_t count, std::uint64_t index, bool validation) const;

  /// Pairs that are trained on.
  [[nodiscard]] std::int64_t size() const;
  /// Values of mu.
  [[nodiscard]] std::int64_t runs() const { return runs_; }
  /// Median step between two times, normalised.
  [[nodiscard]] double typical_step() const { return typical_step_; }
  /// E[change^2]/E[step] per coordinate over all mu and times, [d].
  [[nodiscard]] const std::vector<double>& variation() const { return variation_; }

 private:
  /// Two neighbouring times of one mu: the same particles in the same rows.
  struct Pair {
    torch::Tensor from{}, to{};   ///< [n, d]
    std::vector<float> levels{};  ///< [n] shares of the weight up to and with each particle; empty: they are alike
    std::vector<double> mu;       ///< [p], normalised
    double time = 0, step = 0;
    std::int64_t training = 0;  ///< the first so many are trained on
  };
  void add_run(const data::DatasetReader& reader, std::int64_t mu_index, std::int64_t most);
  void measure();

  models::Normalizer normalizer_;
  double validation_fraction_;
  std::uint64_t seed_;
  std::vector<double> periods_;  ///< normalised
  std::vector<Pair> pairs_;
  std::int64_t runs_ = 0;
  double typical_step_ = 0;
  std::vector<double> variation_;
};

}  // namespace scorefield::training
