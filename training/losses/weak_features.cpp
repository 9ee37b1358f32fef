#include "training/losses/weak_features.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "training/batch/random_streams.hpp"

namespace scorefield::training {
namespace {

/// Wave numbers of coordinates without a period, times the root of their number: from so long to so short waves, in
/// inverse deviations.
constexpr double kLongest = 0.25, kShortest = 3;
constexpr std::size_t kFitted = 5;  ///< times of a parabola

/// Means of all features of one frame, [K].
std::vector<double> means(const data::ParticleFrame& frame, const models::Normalizer& normalizer,
                          const WeakFeatures& features) {
  const auto d = static_cast<std::size_t>(features.dimension);
  const std::size_t n = frame.samples.size() / d;
  std::vector<double> points(n * d), mean(static_cast<std::size_t>(features.count));
  for (std::size_t i = 0; i < n * d; ++i)
    points[i] = (frame.samples[i] - normalizer.center[i % d]) / normalizer.scale[i % d];
  double total = static_cast<double>(n);
  if (!frame.weights.empty()) {
    total = 0;
    for (const float weight : frame.weights) total += weight;
  }
  parallel_for(features.count, [&](std::int64_t k) {
    const double* wave = features.waves.data() + k * features.dimension;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double angle = features.phases[static_cast<std::size_t>(k)];
      for (std::size_t c = 0; c < d; ++c) angle += wave[c] * points[i * d + c];
      sum += (frame.weights.empty() ? 1.0 : static_cast<double>(frame.weights[i])) * std::cos(angle);
    }
    mean[static_cast<std::size_t>(k)] = sum / total;
  });
  return mean;
}

/// Weights of values at `times` in the slope at t of the parabola nearest to them, or of the line through two.
std::vector<double> slope_weights(const std::vector<double>& times, double t) {
  // Normal equations of 1, s, s^2 with s = time - t, solved for the coefficient of s.
  std::array<double, 5> power{};
  for (const double time : times)
    for (std::size_t p = 0; p < power.size(); ++p) power[p] += std::pow(time - t, static_cast<double>(p));
  const auto [n, a, b, c, e] = power;
  const double determinant = n * (b * e - c * c) - a * (a * e - b * c) + b * (a * c - b * b);
  std::vector<double> weights;
  for (const double time : times) {
    const double s = time - t;
    weights.push_back((-(a * e - b * c) + (n * e - b * b) * s - (n * c - a * b) * s * s) / determinant);
  }
  return weights;
}

}  // namespace

WeakFeatures make_weak_features(const models::Normalizer& normalizer, std::int64_t count, std::uint64_t seed) {
  WeakFeatures features;
  features.count = count;
  features.dimension = normalizer.dimension();
  const Philox random(seed, kFeatureStream);
  const auto d = static_cast<double>(features.dimension);
  std::uint64_t next = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    const double size = kLongest * std::pow(kShortest / kLongest, random.uniforms(next++)[0]) / std::sqrt(d);
    double square = 0;
    for (std::int64_t c = 0; c < features.dimension; ++c) {
      double wave = size * random.normals(next++)[0];
      if (const double period = normalizer.normalized_period(c); normalizer.periods[static_cast<std::size_t>(c)] > 0) {
        const double unit = 2 * std::numbers::pi / period;
        wave = unit * std::round(wave / unit + random.uniforms(next++)[0] - 0.5);
      }
      features.waves.push_back(wave);
      square += wave * wave;
    }
    features.phases.push_back(2 * std::numbers::pi * random.uniforms(next++)[0]);
    features.weights.push_back(square > 0 ? 1 / square : 0);
  }
  return features;
}

std::vector<std::vector<float>> feature_rates(const data::DatasetReader& reader, const models::Normalizer& normalizer,
                                              const WeakFeatures& features) {
  const auto& header = reader.header();
  if (header.least_frames() < 3)
    throw FileError(reader.path(), "has fewer than three times, which loss.name = weak needs.");
  const auto width = static_cast<std::size_t>(features.count);
  std::vector<std::vector<float>> rates;
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    std::vector<double> times;
    std::vector<std::vector<double>> course;
    for (std::size_t k = 0; k < header.times(m).size(); ++k) {
      times.push_back(normalizer.normalized_time(header.times(m)[k]));
      course.push_back(means(reader.read_frame(m, static_cast<std::int64_t>(k)), normalizer, features));
    }
    auto& own = rates.emplace_back(times.size() * width);
    const std::size_t fitted = std::min(kFitted, times.size());
    for (std::size_t k = 0; k < times.size(); ++k) {
      const std::size_t first = std::min(k > fitted / 2 ? k - fitted / 2 : 0, times.size() - fitted);
      const auto weights = slope_weights({times.begin() + static_cast<std::ptrdiff_t>(first),
                                          times.begin() + static_cast<std::ptrdiff_t>(first + fitted)},
                                         times[k]);
      for (std::size_t f = 0; f < width; ++f) {
        double slope = 0;
        for (std::size_t j = 0; j < fitted; ++j) slope += weights[j] * course[first + j][f];
        own[k * width + f] = static_cast<float>(slope);
      }
    }
  }
  return rates;
}

}  // namespace scorefield::training
