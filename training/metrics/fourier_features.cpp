#include "training/metrics/fourier_features.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/random.hpp"

namespace scorefield::metrics {
namespace {

constexpr std::uint64_t kFrequencyStream = 0x6d6d64;
constexpr Eigen::Index kBlock = 512;  // points at a time

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

FourierFeatures::FourierFeatures(const StateSpace& space, std::int64_t seed)
    : periods_(space.periods), bandwidth_(std::sqrt(static_cast<double>(space.dimension())) / 2) {
  const auto wound = std::count_if(periods_.begin(), periods_.end(), [](double period) { return period > 0; });
  const auto count = static_cast<std::size_t>(kCount * (space.dimension() + wound));
  const Philox random(static_cast<std::uint64_t>(seed), kFrequencyStream);
  for (std::size_t i = 0; i < count; ++i) frequencies_.push_back(static_cast<float>(random.normals(i)[0] / bandwidth_));
}

std::vector<double> FourierFeatures::means(const PointCloud& cloud) const {
  const auto coordinates = on_circles(cloud, periods_);
  const auto shares = shares_of(cloud);
  const auto n = static_cast<Eigen::Index>(cloud.count());
  if (n == 0) throw Error("an empty cloud has no features");
  const auto dimension = static_cast<Eigen::Index>(coordinates.size()) / n;
  const Eigen::Map<const Rows> x(coordinates.data(), dimension, n), w(frequencies_.data(), kCount, dimension);
  Eigen::VectorXf weights = Eigen::VectorXf::Constant(n, 1.0F / static_cast<float>(n));
  if (!shares.empty()) weights = Eigen::Map<const Eigen::VectorXf>(shares.data(), n);
  Eigen::VectorXd cosines = Eigen::VectorXd::Zero(kCount), sines = cosines;
  for (Eigen::Index begin = 0; begin < n; begin += kBlock) {
    const Eigen::Index size = std::min(kBlock, n - begin);
    Eigen::MatrixXf phases = Eigen::MatrixXf::Zero(kCount, size);
    for (Eigen::Index k = 0; k < dimension; ++k) phases.noalias() += w.col(k) * x.row(k).segment(begin, size);
    const auto of_block = weights.segment(begin, size);
    cosines += (phases.array().cos().matrix() * of_block).cast<double>();
    sines += (phases.array().sin().matrix() * of_block).cast<double>();
  }
  std::vector<double> means(cosines.data(), cosines.data() + kCount);
  means.insert(means.end(), sines.data(), sines.data() + kCount);
  return means;
}

double feature_distance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) throw Error("means of different features cannot be compared");
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(2 * sum / static_cast<double>(a.size()));
}

}  // namespace scorefield::metrics
