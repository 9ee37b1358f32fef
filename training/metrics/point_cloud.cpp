#include "training/metrics/point_cloud.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace scorefield::metrics {
namespace {

std::int64_t checked_count(std::size_t values, std::int64_t dimension) {
  if (dimension < 1 || values % static_cast<std::size_t>(dimension) != 0)
    throw Error("a cloud of " + std::to_string(values) + " values does not divide into points of dimension " +
                std::to_string(dimension));
  return static_cast<std::int64_t>(values) / dimension;
}

void check_weights(std::span<const float> weights, std::int64_t points) {
  if (!weights.empty() && static_cast<std::int64_t>(weights.size()) != points)
    throw Error(std::to_string(weights.size()) + " weights do not fit a cloud of " + std::to_string(points) +
                " points");
}

double total_weight(std::span<const float> weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(total > 0)) throw Error("a cloud whose points have no weight has no distribution");
  return total;
}

}  // namespace

SpreadMeter::SpreadMeter(std::vector<double> periods)
    : periods_(std::move(periods)), sum_(periods_.size()), squares_(periods_.size()) {}

void SpreadMeter::add(std::span<const float> samples, std::span<const float> weights) {
  const auto d = static_cast<std::int64_t>(periods_.size());
  const std::int64_t n = checked_count(samples.size(), d);
  if (n == 0) return;
  if (shift_.empty()) {
    shift_.assign(samples.begin(), samples.begin() + d);
    least_ = largest_ = shift_;
  }
  check_weights(weights, n);
  const double per_weight = weights.empty() ? 1 : static_cast<double>(n) / total_weight(weights);
  for (std::int64_t i = 0; i < n; ++i) {
    const double weight = weights.empty() ? 1 : per_weight * weights[i];
    for (std::int64_t k = 0; k < d; ++k) {
      const double value = samples[i * d + k] - shift_[k];
      least_[k] = std::min<double>(least_[k], samples[i * d + k]);
      largest_[k] = std::max<double>(largest_[k], samples[i * d + k]);
      sum_[k] += weight * value;
      squares_[k] += weight * value * value;
    }
  }
  count_ += static_cast<double>(n);
}

StateSpace SpreadMeter::space() const {
  constexpr double kFarthest = 4;  // spreads from the mean
  const std::vector<double> zeros(periods_.size());
  StateSpace space{std::vector<double>(periods_.size(), 1.0), zeros, zeros, zeros};
  for (std::size_t k = 0; k < periods_.size(); ++k) {
    if (periods_[k] > 0) {
      space.scales[k] = periods_[k] / std::sqrt(12.0);
      space.high[k] = space.periods[k] = periods_[k] / space.scales[k];
    } else if (count_ > 0) {
      const double mean = sum_[k] / count_;
      const double variance = squares_[k] / count_ - mean * mean;
      if (variance > 0) space.scales[k] = std::sqrt(variance);
      const double centre = (shift_[k] + mean) / space.scales[k];
      space.low[k] = std::max(least_[k] / space.scales[k], centre - kFarthest);
      space.high[k] = std::min(largest_[k] / space.scales[k], centre + kFarthest);
    }
  }
  return space;
}

PointCloud normalised(std::span<const float> samples, const StateSpace& space, std::span<const float> weights) {
  const std::int64_t d = space.dimension();
  const std::int64_t n = checked_count(samples.size(), d);
  check_weights(weights, n);
  PointCloud cloud{d, std::vector<float>(samples.size()), {weights.begin(), weights.end()}};
  for (std::int64_t k = 0; k < d; ++k) {
    const double inverse = 1.0 / space.scales[k];
    const double period = space.periods[k];
    for (std::int64_t i = 0; i < n; ++i) {
      double value = samples[i * d + k] * inverse;
      if (period > 0) value -= period * std::floor(value / period);
      cloud.values[i * d + k] = static_cast<float>(value);
    }
  }
  return cloud;
}

std::vector<float> shares_of(const PointCloud& cloud) {
  check_weights(cloud.weights, cloud.count());
  std::vector<float> shares = cloud.weights;
  if (shares.empty()) return shares;
  const double total = total_weight(shares);
  for (float& share : shares) share = static_cast<float>(share / total);
  return shares;
}

std::vector<float> on_circles(const PointCloud& cloud, const std::vector<double>& periods) {
  const std::int64_t n = cloud.count();
  const auto wound = std::count_if(periods.begin(), periods.end(), [](double period) { return period > 0; });
  std::vector<float> embedded(static_cast<std::size_t>((cloud.dimension + wound) * n));
  float* out = embedded.data();
  for (std::int64_t k = 0; k < cloud.dimension; ++k) {
    const float* values = cloud.values.data() + k;
    if (periods[k] > 0) {
      const double radius = periods[k] / (2 * std::numbers::pi);
      for (std::int64_t i = 0; i < n; ++i) {
        const double angle = values[i * cloud.dimension] / radius;
        out[i] = static_cast<float>(radius * std::cos(angle));
        out[n + i] = static_cast<float>(radius * std::sin(angle));
      }
      out += 2 * n;
    } else {
      for (std::int64_t i = 0; i < n; ++i) out[i] = values[i * cloud.dimension];
      out += n;
    }
  }
  return embedded;
}

}  // namespace scorefield::metrics
