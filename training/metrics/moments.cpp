#include "training/metrics/moments.hpp"

#include <algorithm>
#include <cmath>

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
  return {{mean.data(), mean.data() + d}, {covariance.data(), covariance.data() + d * d}};
}

Moments combined(std::span<const Moments> moments, std::span<const double> weights) {
  if (moments.empty() || moments.size() != weights.size()) throw Error("moments and their weights must be as many");
  const auto d = static_cast<std::size_t>(moments[0].dimension());
  Moments result{std::vector<double>(d), std::vector<double>(d * d)};
  for (std::size_t j = 0; j < moments.size(); ++j) {
    for (std::size_t i = 0; i < d; ++i) result.mean[i] += weights[j] * moments[j].mean[i];
    for (std::size_t i = 0; i < d * d; ++i) result.covariance[i] += weights[j] * moments[j].covariance[i];
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

}  // namespace scorefield::metrics
