#include "training/calibration/observation.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/random_subset.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::training {
namespace {

constexpr std::uint64_t kBootstrapStream = std::uint64_t{0x63} << 56, kSplitStream = std::uint64_t{0x64} << 56;
constexpr std::int64_t kSplits = 16;  ///< random halves that the floor is averaged over

torch::Device device_of(const ReducedModel& model) { return model.options().device(); }

/// Indices of the compared frames: `wanted` of those within the model's times, equally spaced up to the last.
std::vector<std::int64_t> compared_frames(const ReducedModel& model, const data::DatasetReader& data, std::int64_t run,
                                          std::int64_t wanted) {
  const auto& time = data.header().times(run);
  std::vector<std::int64_t> usable, frames;
  for (std::size_t k = 0; k < time.size(); ++k) {
    const double t = model.normalizer.normalized_time(time[k]);
    if (t > 1e-6 && t < 1 + 1e-6) usable.push_back(static_cast<std::int64_t>(k));
  }
  if (usable.empty())
    throw FileError(data.path(), "has no time within the model's, after its start; there is nothing to compare.");
  const auto available = static_cast<std::int64_t>(usable.size());
  const std::int64_t count = wanted == 0 ? available : std::min(wanted, available);
  for (std::int64_t f = 1; f <= count; ++f)
    frames.push_back(usable[static_cast<std::size_t>(f * available / count - 1)]);
  return frames;
}

/// `count` rows of a frame of weighted particles, drawn by their weights; the same ones in every frame where particles
/// keep their identity.
std::vector<std::int64_t> weighted_rows(const data::DatasetReader& data, const ObservedParticles& observed,
                                        std::int64_t count, std::uint64_t seed) {
  const bool kept = data.header().identity == data::Identity::trajectories;
  const std::int64_t frame = kept ? 0 : observed.frame;
  std::vector<float> weights(static_cast<std::size_t>(data.header().particles_at(observed.run, frame)));
  data.read_weights(observed.run, frame, weights);
  return draw_by_weight(weights, count, seed);
}

/// sum += weight * terms
void add(std::vector<double>& sum, double weight, const std::vector<double>& terms) {
  sum.resize(terms.size());
  for (std::size_t i = 0; i < terms.size(); ++i) sum[i] += weight * terms[i];
}

}  // namespace

torch::Tensor observed_population(const ReducedModel& model, const data::DatasetReader& data,
                                  const ObservedParticles& observed) {
  const auto& header = data.header();
  const std::int64_t available = header.particles_at(observed.run, observed.frame);
  std::vector<float> samples(static_cast<std::size_t>(available * header.dimension()));
  data.read_samples(observed.run, observed.frame, samples);
  const bool kept = header.identity == data::Identity::trajectories;
  const auto seed = static_cast<std::uint64_t>(observed.seed + (kept ? 0 : 1 + observed.frame));
  const auto rows = header.has_weights ? weighted_rows(data, observed, std::min(observed.count, available), seed)
                                       : problems::representative_rows(header, available, observed.count, seed);
  const auto& normalizer = model.normalizer;
  const auto all = torch::from_blob(samples.data(), {available, normalizer.dimension()});
  const auto center = torch::tensor(normalizer.center, torch::kFloat64),
             scale = torch::tensor(normalizer.scale, torch::kFloat64);
  return ((all.index_select(0, torch::tensor(rows)).to(torch::kFloat64) - center) / scale)
      .to(torch::kFloat32)
      .to(device_of(model));
}

Observation::Observation(const ReducedModel& model, const data::DatasetReader& data, const CalibrateOptions& options,
                         std::int64_t particles, std::int64_t seed)
    : particles_(particles),
      seed_(static_cast<std::uint64_t>(seed)),
      same_particles_(data.header().identity == data::Identity::trajectories),
      times_{0},
      loss_(model.normalizer, options.projections, static_cast<std::uint64_t>(seed), device_of(model)) {
  for (const std::int64_t k : compared_frames(model, data, options.run, options.frames)) {
    const double time = data.header().times(options.run)[static_cast<std::size_t>(k)];
    times_.push_back(model.normalizer.normalized_time(time));
    observed_.push_back(loss_.project(observed_population(model, data, {options.run, k, particles, seed})));
    all_.push_back(loss_.project(observed_population(model, data, {options.run, k, 2 * particles, seed})));
  }
}

Misfit Observation::compare(const Prediction& prediction, const std::vector<torch::Tensor>& observed) const {
  Misfit mean;
  for (std::size_t f = 0; f < prediction.x.size(); ++f) {
    const auto terms = loss_.compare(prediction.x[f],
                                     prediction.tangent.empty() ? torch::Tensor() : prediction.tangent[f], observed[f]);
    const double weight = 1 / static_cast<double>(prediction.x.size());
    mean.value += weight * terms.distance_squared;
    add(mean.slope, weight, terms.slope);
    add(mean.curvature, weight, terms.curvature);
  }
  return mean;
}

double Observation::sampling_floor() const {
  const std::int64_t half = all_.front().size(1) / 2;
  if (half == 0) return 0;
  double sum = 0;
  for (std::int64_t split = 0; split < kSplits; ++split)
    for (std::size_t f = 0; f < all_.size(); ++f) {
      const auto frame = same_particles_ ? 0 : static_cast<std::int64_t>(f + 1);
      const auto chosen =
          random_subset(2 * half, half, seed_ ^ kSplitStream ^ static_cast<std::uint64_t>((frame << 20) + split));
      std::vector<bool> taken(static_cast<std::size_t>(2 * half));
      for (const std::int64_t n : chosen) taken[static_cast<std::size_t>(n)] = true;
      std::vector<std::int64_t> others;
      for (std::int64_t n = 0; n < 2 * half; ++n)
        if (!taken[static_cast<std::size_t>(n)]) others.push_back(n);
      const auto rows = [&](const std::vector<std::int64_t>& indices) {
        return all_[f].index_select(1, torch::tensor(indices).to(all_[f].device()));
      };
      sum += SlicedLoss::distance_squared(rows(chosen), rows(others));
    }
  // The squared distance of two samples falls like one over their size.
  const double mean = sum / static_cast<double>(kSplits * static_cast<std::int64_t>(all_.size()));
  return std::sqrt(mean * static_cast<double>(half) / static_cast<double>(particles_));
}

Misfit Observation::compare(const Prediction& prediction) const { return compare(prediction, observed_); }

Misfit Observation::compare_resampled(const Prediction& prediction, std::int64_t draw) const {
  std::vector<torch::Tensor> resampled;
  for (std::size_t f = 0; f < observed_.size(); ++f) {
    const Philox random(seed_, kBootstrapStream ^ (same_particles_ ? 0 : static_cast<std::uint64_t>(f + 1)));
    std::vector<std::int64_t> drawn;
    for (std::int64_t n = 0; n < particles_; ++n)
      drawn.push_back(static_cast<std::int64_t>(
          random.integer(static_cast<std::uint64_t>(draw * particles_ + n), static_cast<std::uint64_t>(particles_))));
    resampled.push_back(observed_[f].index_select(1, torch::tensor(drawn).to(observed_[f].device())));
  }
  return compare(prediction, resampled);
}

}  // namespace scorefield::training
