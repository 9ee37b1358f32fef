#include "training/metrics/moments.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/dense/dense.hpp"
#include "core/error.hpp"

namespace scorefield::metrics {
namespace {

using Eigen::Index;
using Clouds = Eigen::Map<const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

double square(double value) { return value * value; }

double deviation(const Moments& moments, std::int64_t i) {
  return std::sqrt(moments.covariance[i * moments.dimension() + i]);
}

/// x: [D, N]; weights: [N], sum 1, or none.
std::vector<std::complex<double>> modes_of(const dense::Matrix& x, const std::vector<float>& weights,
                                           const std::vector<double>& periods) {
  std::vector<std::complex<double>> modes;
  Index row = 0;
  for (const double period : periods) {
    if (period > 0) {
      const double per_radius = 2 * std::numbers::pi / period;
      std::array<std::complex<double>, kModes> sums{};
      for (Index i = 0; i < x.cols(); ++i) {
        const std::complex<double> wave(per_radius * x(row, i), per_radius * x(row + 1, i));
        const double weight = weights.empty() ? 1 / static_cast<double>(x.cols()) : weights[i];
        std::complex<double> power = weight;
        for (auto& sum : sums) sum += power *= wave;
      }
      modes.insert(modes.end(), sums.begin(), sums.end());
    }
    row += period > 0 ? 2 : 1;
  }
  return modes;
}

}  // namespace

Moments moments_of(const PointCloud& cloud, const std::vector<double>& periods) {
  const auto coordinates = on_circles(cloud, periods);
  const auto n = static_cast<Index>(cloud.count());
  if (n == 0) throw Error("an empty cloud has no moments");
  const auto d = static_cast<Index>(coordinates.size()) / n;
  const dense::Matrix x = Clouds(coordinates.data(), d, n).cast<double>();
  const auto shares = shares_of(cloud);
  dense::Vector mean;
  dense::Matrix covariance;
  if (shares.empty()) {
    mean = x.rowwise().mean();
    covariance = dense::covariance(x, mean);
  } else {
    const dense::Vector weights = Eigen::Map<const Eigen::VectorXf>(shares.data(), n).cast<double>();
    mean = x * weights / weights.sum();
    covariance = dense::covariance(x, mean, weights);
  }
  return {{mean.data(), mean.data() + d}, {covariance.data(), covariance.data() + d * d}, modes_of(x, shares, periods)};
}

Moments combined(std::span<const Moments> moments, std::span<const double> weights) {
  if (moments.empty() || moments.size() != weights.size()) throw Error("moments and their weights must be as many");
  const auto d = static_cast<std::size_t>(moments[0].dimension());
  Moments result{std::vector<double>(d), std::vector<double>(d * d),
                 std::vector<std::complex<double>>(moments[0].modes.size())};
  for (std::size_t j = 0; j < moments.size(); ++j) {
    for (std::size_t i = 0; i < d; ++i) result.mean[i] += weights[j] * moments[j].mean[i];
    for (std::size_t i = 0; i < d * d; ++i) result.covariance[i] += weights[j] * moments[j].covariance[i];
    for (std::size_t i = 0; i < result.modes.size(); ++i) result.modes[i] += weights[j] * moments[j].modes[i];
  }
  for (std::size_t i = 0; i < d; ++i) result.covariance[i * d + i] = std::max(0.0, result.covariance[i * d + i]);
  return result;
}

MomentDistance distance(const Moments& cloud, const Moments& truth) {
  if (cloud.dimension() != truth.dimension()) throw Error("moments of different dimensions cannot be compared");
  MomentDistance result;
  for (std::int64_t i = 0; i < truth.dimension(); ++i)
    result.gaussian += square(cloud.mean[i] - truth.mean[i]) + square(deviation(cloud, i) - deviation(truth, i));
  for (std::size_t i = 0; i < truth.covariance.size(); ++i)
    result.covariance += square(cloud.covariance[i] - truth.covariance[i]);
  for (std::size_t i = 0; i < truth.modes.size(); ++i)
    result.modes[i % kModes] += std::norm(cloud.modes[i] - truth.modes[i]);
  return result;
}

MomentErrors moment_errors(const std::vector<MomentDistance>& distances, const std::vector<Moments>& truth) {
  if (distances.size() != truth.size() || truth.empty())
    throw Error("distances and true moments must have the same length and not be empty");
  const std::int64_t d = truth.front().dimension();
  std::vector<double> centre(static_cast<std::size_t>(d));
  for (const Moments& moments : truth)
    for (std::int64_t i = 0; i < d; ++i) centre[i] += moments.mean[i] / static_cast<double>(truth.size());
  double gaussian = 0, covariance = 0, spread = 0, size = 0;
  for (std::size_t k = 0; k < truth.size(); ++k) {
    gaussian += distances[k].gaussian;
    covariance += distances[k].covariance;
    for (std::int64_t i = 0; i < d; ++i)
      spread += square(truth[k].mean[i] - centre[i]) + truth[k].covariance[i * d + i];
    for (const double entry : truth[k].covariance) size += entry * entry;
  }
  if (spread == 0 || size == 0)
    throw Error("the true population has no spread: an error relative to it does not exist");
  return {std::sqrt(gaussian / spread), std::sqrt(covariance / size)};
}

std::optional<double> mode_error(const std::vector<MomentDistance>& distances, const std::vector<Moments>& truth,
                                 std::size_t mode) {
  double error = 0, size = 0;
  for (const MomentDistance& distance : distances) error += distance.modes[mode - 1];
  for (const Moments& moments : truth)
    for (std::size_t i = mode - 1; i < moments.modes.size(); i += kModes) size += std::norm(moments.modes[i]);
  if (!(size > 0)) return std::nullopt;
  return std::sqrt(error / size);
}

}  // namespace scorefield::metrics
