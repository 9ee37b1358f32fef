#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/random.hpp"
#include "data/frame_cache.hpp"
#include "models/normalizer.hpp"
#include "training/batch/marginal_index.hpp"
#include "training/batch/plan.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// Which particles of the dataset a batch may use.
enum class Subset { training, validation };

/// The frames of a dataset in normalised units, and how particles are drawn from them. With stratified sampling each
/// frame is ordered along a Hilbert curve once, and a draw takes one random particle from each of N equal runs of that
/// order: the sample mean of a smooth function then has a far smaller variance than with independent draws (README.md).
class Particles {
 public:
  /// `needs`: of the loss. @throws FileError: too few particles, no velocities
  Particles(data::DatasetReader reader, const models::Normalizer& normalizer, const TrainConfig& config,
            std::uint64_t seed, const BatchNeeds& needs);

  [[nodiscard]] const data::DatasetHeader& header() const { return frames_->header(); }
  [[nodiscard]] const models::Normalizer& normalizer() const { return normalizer_; }
  [[nodiscard]] const MarginalIndex& marginals() const { return marginals_; }

  /// The random numbers of a draw, and from whom it draws.
  struct Source {
    std::uint64_t seed;
    Subset subset;
  };
  /// Samples x of a group's marginal, [N, d], and their velocities [N, d] where the frames have them and they are
  /// wanted; N follows from the span.
  void draw(const Group& group, Source from, std::span<float> x, std::span<float> velocity = {}) const;

  /// [R, d]: particles of any mu and time.
  void draw_anywhere(Source from, std::span<float> x) const;

 private:
  struct Range {
    std::int64_t first, count;
  };
  [[nodiscard]] Range range_of(Subset subset) const;
  [[nodiscard]] std::int64_t pick(const Philox& random, std::uint64_t index, Subset subset) const;
  void draw_frame(const Group& group, Source from, std::span<float> x, float* velocity) const;
  void draw_trajectories(const Group& group, Source from, std::span<float> x, float* velocity) const;
  void draw_marginals(const Group& group, Source from, std::span<float> x, float* velocity) const;

  models::Normalizer normalizer_;
  std::int64_t training_particles_;  ///< the first ones after the shuffle; the rest validate
  MarginalIndex marginals_;
  SamplingKind sampling_;
  std::unique_ptr<data::FrameCache> frames_;
};

}  // namespace scorefield::training
