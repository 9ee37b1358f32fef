#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/random.hpp"
#include "data/frame_cache.hpp"
#include "models/kernels/network.hpp"
#include "models/known_drift.hpp"
#include "models/normalizer.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// Samples of G groups (mu, t) in normalised units, with what each group adds to the loss.
struct Batch {
  torch::Tensor x;  ///< [G, N, d]
  torch::Tensor
      velocity;      ///< [G, N, d], dx/dt or what the field regresses on, less (sigma^2/2) xi/delta where the entropic
                     ///< term comes from the jitter and less the known drift; undefined when the loss does not use it
  torch::Tensor mu;  ///< [G, p]; a conditional model's noise level or flow time comes last
  torch::Tensor t;   ///< [G]
  torch::Tensor gauge;                     ///< [R, d], points that fix the gauge (README.md); undefined: none
  std::vector<kernels::GroupTerms> terms;  ///< [G]
  std::int64_t first_group =
      0;  ///< index of the first group in the whole batch, of which this may be one process's share
  std::int64_t total_groups = 0;  ///< groups of the whole batch

  /// All of them, undefined ones included: what moves between devices.
  [[nodiscard]] std::array<torch::Tensor*, 5> tensors() { return {&x, &velocity, &mu, &t, &gauge}; }
};

/// Which groups of every batch a process makes: rank r of n takes an equal run of them.
struct Share {
  int rank = 0, size = 1;
};

/// Which particles of the dataset a batch may use.
enum class Subset { training, validation };

/// Makes batches from a dataset: every batch is a pure function of (seed, step), so trainings repeat and resume
/// exactly. With stratified sampling each frame is ordered along a Hilbert curve once, and a batch takes one random
/// particle from each of N equal runs of that order: the sample mean of a smooth function then has a far smaller
/// variance than with independent draws (README.md). Thread-compatible: one caller at a time.
class BatchSource {
 public:
  BatchSource(data::DatasetReader reader, const models::Normalizer& normalizer, const TrainConfig& config,
              std::int64_t seed, Share share = {});

  [[nodiscard]] Batch make(std::int64_t step, Subset subset = Subset::training);

  /// Where the targets of the velocity form come from, for the user; empty for other losses.
  [[nodiscard]] std::string velocity_source() const;

  /// Groups per batch, of all processes together.
  [[nodiscard]] std::int64_t groups() const;
  [[nodiscard]] const data::DatasetHeader& header() const { return frames_->header(); }

 private:
  /// One group before its samples are drawn.
  struct Group {
    std::int64_t mu_index;
    double time;  ///< normalised
    kernels::GroupTerms terms{};
    std::int64_t frame = -1;   ///< the frame whose particles are taken; -1: whatever `time` needs
    std::int64_t anchor = -1;  ///< the frame in whose order they are chosen; with `frame`
    std::int64_t shared = -1;  ///< groups with the same number choose alike; -1: alone
    double level = 0;          ///< noise level or flow time in [-1, 1], for conditional models
  };

  /// The stored times of one mu that may be trained on.
  struct Times {
    std::vector<std::int64_t> frame;  ///< index in the file
    std::vector<double> time;         ///< normalised
  };

  [[nodiscard]] std::vector<Group> make_groups(std::uint64_t step_seed) const;
  [[nodiscard]] std::vector<Group> velocity_groups(std::uint64_t step_seed) const;
  [[nodiscard]] std::vector<Group> quadrature_groups(std::uint64_t step_seed) const;
  [[nodiscard]] std::vector<Group> pair_groups(std::uint64_t step_seed) const;
  [[nodiscard]] std::vector<Group> noise_groups(std::uint64_t step_seed) const;
  [[nodiscard]] double node_time(std::uint64_t step_seed, std::size_t mu, std::int64_t node) const;
  [[nodiscard]] std::int64_t nearest_frame(std::int64_t mu_index, double time) const;
  /// `inner`: not the first and last, which have no differences.
  [[nodiscard]] Times choose_times(const std::vector<double>& all, std::uint64_t seed, bool inner) const;
  [[nodiscard]] std::vector<std::int64_t> choose_mu(std::uint64_t step_seed) const;
  void draw(const Group& group, std::uint64_t group_seed, Subset subset, float* x, float* velocity);
  void draw_trajectories(const Group& group, std::uint64_t group_seed, Subset subset, float* x, float* velocity);
  void draw_marginals(const Group& group, std::uint64_t group_seed, Subset subset, float* x, float* velocity);
  /// The particles that a subset may use.
  struct ParticleRange {
    std::int64_t first, count;
  };
  [[nodiscard]] ParticleRange particles_of(Subset subset) const;
  [[nodiscard]] std::int64_t pick(const Philox& random, std::uint64_t index, Subset subset) const;
  [[nodiscard]] torch::Tensor gauge_points(std::uint64_t step_seed, Subset subset);
  void draw_frame(const Group& group, std::uint64_t group_seed, Subset subset, float* x, float* velocity);
  void add_noise(const Group& group, std::uint64_t group_seed, float* x, float* target) const;
  [[nodiscard]] bool targets_from_jitter() const { return !jitter_slope_.empty(); }
  void add_jitter(std::uint64_t group_seed, double deviation, float* x, float* target) const;
  [[nodiscard]] double jitter(std::int64_t step) const;

  models::Normalizer normalizer_;
  models::KnownDrift known_drift_;  ///< what targets leave to it; none for losses that learn the distribution
  TrainConfig config_;
  std::uint64_t seed_;
  Share share_;
  bool with_velocities_;
  VelocityKind velocities_ = VelocityKind::stored;  ///< with_velocities_: not automatic
  std::vector<double> jitter_slope_;  ///< [d] or empty: targets change by this times the jitter over its variance
  std::int64_t training_particles_;   ///< the first ones; the rest validate
  std::vector<Times> times_;          ///< [M]
  std::unique_ptr<data::FrameCache> frames_;
};

}  // namespace scorefield::training
