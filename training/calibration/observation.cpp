#include "training/calibration/observation.hpp"

#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/random.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::training {
namespace {

constexpr std::uint64_t kBootstrapStream = std::uint64_t{0x63} << 56;

torch::Device device_of(const ReducedModel& model) { return model.network->parameters().front().device(); }

/// Indices of the compared frames: `wanted` of those within the model's times, equally spaced up to the last.
std::vector<std::int64_t> compared_frames(const ReducedModel& model, const data::DatasetReader& data,
                                          std::int64_t wanted) {
  const auto& time = data.header().time;
  std::vector<std::int64_t> usable, frames;
  for (std::size_t k = 0; k < time.size(); ++k) {
    const double t = model.network->normalizer().normalized_time(time[k]);
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

}  // namespace

torch::Tensor observed_population(const ReducedModel& model, const data::DatasetReader& data,
                                  const ObservedParticles& observed) {
  const auto& header = data.header();
  std::vector<float> samples(static_cast<std::size_t>(header.frame_size()));
  data.read_samples(observed.run, observed.frame, samples);
  const bool kept = header.identity == data::Identity::trajectories;
  const auto rows =
      problems::representative_rows(header, header.particles, observed.count,
                                    static_cast<std::uint64_t>(observed.seed + (kept ? 0 : 1 + observed.frame)));
  const auto& normalizer = model.network->normalizer();
  const auto all = torch::from_blob(samples.data(), {header.particles, normalizer.dimension()});
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
      loss_(model.network->normalizer(), options.projections, static_cast<std::uint64_t>(seed), device_of(model)) {
  for (const std::int64_t k : compared_frames(model, data, options.frames)) {
    times_.push_back(model.network->normalizer().normalized_time(data.header().time[static_cast<std::size_t>(k)]));
    observed_.push_back(loss_.project(observed_population(model, data, {options.run, k, particles, seed})));
  }
}

Misfit Observation::compare(const Prediction& prediction, const std::vector<torch::Tensor>& observed) const {
  Misfit mean;
  for (std::size_t f = 0; f < prediction.x.size(); ++f) {
    const auto terms = loss_.compare(prediction.x[f],
                                     prediction.tangent.empty() ? torch::Tensor() : prediction.tangent[f], observed[f]);
    const double weight = 1 / static_cast<double>(prediction.x.size());
    mean.value += weight * terms.distance_squared;
    mean.slope += weight * terms.slope;
    mean.curvature += weight * terms.curvature;
  }
  return mean;
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
