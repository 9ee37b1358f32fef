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

/// The frames of a dataset in normalised units, and how particles are drawn from them, in proportion to their weights
/// where they have any. With stratified sampling each frame is ordered along a Hilbert curve once, and a draw takes one
/// random particle from each of N runs of that order of equal weight: the sample mean of a smooth function then has a
/// far smaller variance than with independent draws (README.md).
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
  void draw_frame(const Group& group, Source from, std::span<float> x, float* velocity) const;
  void draw_trajectories(const Group& group, Source from, std::span<float> x, float* velocity) const;
  void draw_marginals(const Group& group, Source from, std::span<float> x, float* velocity) const;

  models::Normalizer normalizer_;
  MarginalIndex marginals_;
  SamplingKind sampling_;
  std::unique_ptr<data::FrameCache> frames_;
};

}  // namespace scorefield::training
