#include "training/normalization.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "data/coordinates.hpp"

namespace scorefield::training {
namespace {

/// Mean and deviation of every coordinate over some frames of every mu.
struct Moments {
  std::vector<double> sum, sum_of_squares;
  double count = 0;

  /// samples: [N, d]; weights: [N], or none.
  void add(const std::vector<float>& samples, const std::vector<float>& weights, double per_weight) {
    const std::size_t d = sum.size();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const double share = weights.empty() ? per_weight : per_weight * weights[i / d];
      sum[i % d] += share * samples[i];
      sum_of_squares[i % d] += share * samples[i] * samples[i];
    }
    for (std::size_t n = 0; n < samples.size() / d; ++n)
      count += weights.empty() ? per_weight : per_weight * weights[n];
  }
};

/// Of which each frame gets 1: frames count alike, however many particles they have.
double sum_of(const std::vector<float>& weights, std::size_t particles) {
  return weights.empty() ? static_cast<double>(particles) : std::accumulate(weights.begin(), weights.end(), 0.0);
}

Moments compute_moments(const data::DatasetReader& reader, std::int64_t frames_per_mu) {
  const auto& header = reader.header();
  const auto d = static_cast<std::size_t>(header.dimension());
  Moments moments{std::vector<double>(d), std::vector<double>(d), 0};
  std::vector<float> samples, weights;
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const auto frames = static_cast<std::int64_t>(header.times(m).size());
    const std::int64_t stride = std::max<std::int64_t>(1, frames / frames_per_mu);
    for (std::int64_t k = 0; k < frames; k += stride) {
      const auto particles = static_cast<std::size_t>(header.particles_at(m, k));
      samples.resize(particles * d);
      reader.read_samples(m, k, samples);
      if (header.has_weights) {
        weights.resize(particles);
        reader.read_weights(m, k, weights);
      }
      const bool alike = !header.ragged() && !header.has_weights;
      moments.add(samples, weights, alike ? 1 : 1 / sum_of(weights, particles));
    }
  }
  return moments;
}

}  // namespace

models::Normalizer compute_normalizer(const data::DatasetReader& reader, const std::vector<double>& metric,
                                      std::int64_t least_frames, std::int64_t frames_per_mu) {
  const auto& header = reader.header();
  const auto d = static_cast<std::size_t>(header.dimension());
  if (!metric.empty() && metric.size() != d)
    throw UsageError("option 'model.metric' needs one number per coordinate (" + std::to_string(d) + " in " +
                     reader.path() + "), got " + std::to_string(metric.size()) + ".");
  if (header.least_frames() < least_frames)
    throw FileError(reader.path(), "holds " + std::to_string(header.least_frames()) + " frame" +
                                       (header.ragged() ? " of some mu" : "") +
                                       ", training needs at least 2. Generate it with more --frames.");

  models::Normalizer normalizer;
  normalizer.periods = header.periods;
  normalizer.velocity_of = data::velocity_coordinates(header.coordinates);
  const auto time = data::all_times(header);
  normalizer.time_start = time.front();
  normalizer.time_span = time.size() > 1 ? time.back() - time.front() : 1;
  const Moments moments = compute_moments(reader, frames_per_mu);
  for (std::size_t c = 0; c < d; ++c) {
    double center = moments.sum[c] / moments.count;
    double scale = std::sqrt(std::max(0.0, moments.sum_of_squares[c] / moments.count - center * center));
    if (header.periods[c] > 0) {
      center = 0;
      scale = header.periods[c] / std::sqrt(12.0);
    }
    if (!(scale > 0))
      throw FileError(reader.path(), "coordinate '" + header.coordinates[c] +
                                         "' has the same value in every sample; leave it out of the dataset.");
    normalizer.center.push_back(center);
    normalizer.scale.push_back(scale * (metric.empty() ? 1 : metric[c]));
  }
  for (std::size_t p = 0; p < header.mu_names.size(); ++p) {
    double low = header.mu.front()[p], high = low;
    for (const auto& mu : header.mu) {
      low = std::min(low, mu[p]);
      high = std::max(high, mu[p]);
    }
    normalizer.mu_center.push_back((low + high) / 2);
    normalizer.mu_scale.push_back(high > low ? (high - low) / 2 : 1);
  }
  return normalizer;
}

}  // namespace scorefield::training
