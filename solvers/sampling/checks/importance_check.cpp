// The cloud's moments and marginals beside those of importance sampling, which knows nothing of how the cloud was made.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "solvers/gas/student_mixture.hpp"
#include "solvers/sampling/checks/check.hpp"

namespace scorefield::sampling {
namespace {

using gas::Cloud;
using gas::Matrix;
using gas::Vector;

constexpr std::int64_t kDraws = 10000;
constexpr double kFewest = 800;                                  ///< effective draws that say something
constexpr double kMean = 0.1, kDeviation = 0.08, kShare = 0.05;  ///< errors that a user would not mind
constexpr double kKnown = 0.05;  ///< relative error of a deviation above which its error is not known, either
constexpr double kErrors = 5;    ///< standard errors of importance sampling that are allowed besides

/// Weighted draws, shares of 1.
struct Draws {
  Matrix x;
  Vector share;
};

/// Mean of values by their shares, with its standard error.
struct Estimate {
  double value, error;
};
Estimate estimate(const Eigen::ArrayXd& values, const Vector& share) {
  const double mean = share.dot(values.matrix());
  return {mean, std::sqrt((share.array() * (values - mean)).square().sum())};
}

/// How far a coordinate of the cloud is from that of the draws, in units of what is allowed.
double excess(const Eigen::ArrayXd& cloud, const Eigen::ArrayXd& draws, const Vector& share) {
  const auto mean = estimate(draws, share);
  const auto variance = estimate((draws - mean.value).square(), share);
  const double deviation = std::sqrt(std::max(variance.value, 1e-300));
  const double own_mean = cloud.mean(), own = std::sqrt((cloud - own_mean).square().mean());
  double worst = std::abs(own_mean - mean.value) / deviation / (kMean + kErrors * mean.error / deviation);
  const double relative = 0.5 * variance.error / std::max(variance.value, 1e-300);
  if (relative < kKnown)
    worst = std::max(worst, std::abs(std::log(std::max(own, 1e-300) / deviation)) / (kDeviation + kErrors * relative));
  Eigen::ArrayXd sorted = cloud;
  std::sort(sorted.begin(), sorted.end());
  constexpr int kPlaces = 19;
  for (int k = 1; k <= kPlaces; ++k) {
    const double q = static_cast<double>(k) / (kPlaces + 1);
    const double place = sorted[static_cast<Eigen::Index>(q * static_cast<double>(sorted.size()))];
    const auto below = estimate((draws < place).cast<double>(), share);
    worst = std::max(worst, std::abs(below.value - q) / (kShare + kErrors * below.error));
  }
  return worst;
}

/// Draws of a mixture of Student t fitted to the cloud with their weights; without rows where few carry them.
Draws draw(const Subject& subject) {
  const gas::StudentMixture proposal(subject.mixture);
  constexpr std::uint64_t kStream = (std::uint64_t{0x63} << 56) + 3000;
  Cloud cloud;
  cloud.x = proposal.draw(kDraws, subject.seed, kStream);
  subject.evaluate(cloud, false);
  Vector log_weight = cloud.log_p - proposal.log_density(cloud.x);
  for (auto& w : log_weight)
    if (!std::isfinite(w)) w = -INFINITY;
  if (!std::isfinite(log_weight.maxCoeff())) return {};
  Vector share = (log_weight.array() - log_weight.maxCoeff()).exp();
  share /= share.sum();
  if (1 / share.squaredNorm() < kFewest || share.maxCoeff() > 0.01) return {};
  return {std::move(cloud.x), std::move(share)};
}

}  // namespace

std::optional<Check> check_importance(const Subject& subject) {
  if (!subject.has_density()) return std::nullopt;
  const auto draws = draw(subject);
  if (draws.x.size() == 0) return std::nullopt;
  double worst = 0;
  Eigen::Index coordinate = 0;
  for (Eigen::Index j = 0; j < draws.x.rows(); ++j) {
    const double value = excess(subject.cloud.x.row(j).transpose(), draws.x.row(j).transpose(), draws.share);
    if (value <= worst) continue;
    worst = value;
    coordinate = j;
  }
  return Check{"importance", worst, 1,
               "importance sampling finds another mean, deviation or distribution of coordinate " +
                   std::to_string(coordinate) + ": tails or parts of the target are missing. Use --method gas."};
}

}  // namespace scorefield::sampling
