#include <algorithm>
#include <cmath>

#include "solvers/sampling/checks/check.hpp"

namespace scorefield::sampling {
namespace {

using gas::Cloud;
using gas::Matrix;
using gas::Vector;

constexpr CheckFunction kChecks[] = {check_finite,
                                     check_moved,
                                     check_at_rest,
                                     check_constant,
                                     check_force,
                                     check_growth,
                                     check_distinct,
                                     check_coupling,
                                     check_stein_slices,
                                     check_stein_moments,
                                     check_kernel_discrepancy,
                                     check_tail_weight,
                                     check_importance,
                                     check_mode_shares,
                                     check_lost_modes,
                                     check_split_r_hat,
                                     check_replica_shares};

constexpr std::int64_t kMostParticles = 4000, kProbes = 4000, kMostFitted = 2000, kClusters = 16;

/// Where log p of probes beside some particles is no finite number.
std::vector<CoordinateSupport> find_support(const Subject& subject) {
  const auto d = subject.cloud.dimension();
  std::vector<CoordinateSupport> support(static_cast<std::size_t>(d));
  if (!subject.has_density()) return support;
  const auto some = some_particles(subject.cloud, std::clamp<std::int64_t>(kProbes / (2 * d), 10, 200));
  const Vector mean = subject.cloud.x.rowwise().mean();
  const Vector deviation =
      (subject.cloud.x.colwise() - mean).rowwise().norm() / std::sqrt(static_cast<double>(subject.cloud.count()));
  const Vector low = subject.cloud.x.rowwise().minCoeff(), high = subject.cloud.x.rowwise().maxCoeff();
  Cloud probes;
  const auto n = some.count();
  probes.x.resize(d, 2 * d * n);
  for (Eigen::Index j = 0; j < 2 * d; ++j) {
    probes.x.middleCols(j * n, n) = some.x;
    probes.x.row(j / 2).segment(j * n, n).array() += (j % 2 == 0 ? -0.5 : 0.5) * deviation[j / 2];
  }
  subject.evaluate(probes, false);
  for (Eigen::Index k = 0; k < probes.count(); ++k) {
    if (std::isfinite(probes.log_p[k])) continue;
    const auto j = k / n / 2;
    auto& at = support[static_cast<std::size_t>(j)];
    const double place = probes.x(j, k);
    if (place < low[j]) at.lower_face = true;
    else if (place > high[j]) at.upper_face = true;
    else at.edge = true;
  }
  return support;
}

}  // namespace

bool Subject::unbounded() const {
  return std::all_of(support.begin(), support.end(), [](const CoordinateSupport& s) { return s.open(); });
}

Cloud some_particles(const Cloud& cloud, std::int64_t most) {
  const auto n = cloud.count();
  if (n <= most) return cloud;
  std::vector<Eigen::Index> chosen;
  for (std::int64_t k = 0; k < most; ++k) chosen.push_back(k * n / most);
  Cloud some;
  some.x = cloud.x(Eigen::all, chosen);
  if (cloud.score.size() > 0) some.score = cloud.score(Eigen::all, chosen);
  if (cloud.log_p.size() > 0) some.log_p = cloud.log_p(chosen);
  return some;
}

double joint_quantile(double tests) {
  const double tail = 0.0005 / tests;  // on either side
  double low = 0, high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(middle / std::sqrt(2.0)) > tail ? low : high) = middle;
  }
  return high;
}

std::vector<Check> check_cloud(Subject subject) {
  std::vector<Check> all;
  if (auto finite = check_finite(subject); finite && !finite->passed()) return {*finite};
  if (subject.replica.empty()) subject.cloud = some_particles(subject.cloud, kMostParticles);
  subject.support = find_support(subject);
  if (subject.has_density())
    subject.mixture = gas::Mixture::choose(some_particles(subject.cloud, kMostFitted).x, kClusters);
  for (const auto check : kChecks)
    if (auto found = check(subject)) all.push_back(std::move(*found));
  return all;
}

}  // namespace scorefield::sampling
