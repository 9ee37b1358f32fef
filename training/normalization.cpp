#include "training/normalization.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/coordinates.hpp"

namespace scorefield::training {
namespace {

/// Mean and deviation of every coordinate over some frames of every mu.
struct Moments {
  std::vector<double> sum, sum_of_squares;
  double count = 0;
};

Moments compute_moments(const data::DatasetReader& reader, std::int64_t frames_per_mu) {
  const auto& header = reader.header();
  const auto d = static_cast<std::size_t>(header.dimension());
  Moments moments{std::vector<double>(d), std::vector<double>(d), 0};
  std::vector<float> samples(static_cast<std::size_t>(header.frame_size()));
  const std::int64_t stride = std::max<std::int64_t>(1, header.frames() / frames_per_mu);
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::int64_t k = 0; k < header.frames(); k += stride) {
      reader.read_samples(m, k, samples);
      for (std::size_t i = 0; i < samples.size(); ++i) {
        moments.sum[i % d] += samples[i];
        moments.sum_of_squares[i % d] += static_cast<double>(samples[i]) * samples[i];
      }
      moments.count += static_cast<double>(header.particles);
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
  if (header.frames() < least_frames)
    throw FileError(reader.path(), "holds " + std::to_string(header.frames()) +
                                       " frame, training needs at least 2. Generate it with more --frames.");

  models::Normalizer normalizer;
  normalizer.periods = header.periods;
  normalizer.velocity_of = data::velocity_coordinates(header.coordinates);
  normalizer.time_start = header.time.front();
  normalizer.time_span = header.frames() > 1 ? header.time.back() - header.time.front() : 1;
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
