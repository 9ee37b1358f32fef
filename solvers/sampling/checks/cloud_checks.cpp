// What a look at the cloud itself tells.
#include <algorithm>
#include <cmath>

#include "solvers/sampling/checks/check.hpp"

namespace scorefield::sampling {
namespace {

using gas::Cloud;
using gas::Matrix;
using gas::Vector;

Vector deviations(const Matrix& x) {
  const Vector mean = x.rowwise().mean();
  return (x.colwise() - mean).rowwise().norm() / std::sqrt(static_cast<double>(x.cols()));
}

/// The largest difference of an array evaluated alone from the same in a batch, in units of its size.
double relative_difference(const Matrix& a, const Matrix& b) {
  if (!a.allFinite() || !b.allFinite()) return 0;
  return (a - b).cwiseAbs().maxCoeff() / (1 + std::max(a.cwiseAbs().maxCoeff(), b.cwiseAbs().maxCoeff()));
}

}  // namespace

std::optional<Check> check_finite(const Subject& subject) {
  double bad = 0;
  for (Eigen::Index i = 0; i < subject.cloud.count(); ++i)
    bad += !subject.cloud.x.col(i).allFinite() || !subject.cloud.score.col(i).allFinite() ||
           (subject.has_density() && !std::isfinite(subject.cloud.log_p[i]));
  return Check{"finite", bad, 0,
               "particles lie where log p or its gradient is no finite number, outside of the target's support. Start "
               "inside (--initial, sample.start_shift), or use --method gas."};
}

std::optional<Check> check_moved(const Subject& subject) {
  if (subject.initial.cols() != subject.cloud.count()) return std::nullopt;
  double still = 0;
  for (Eigen::Index i = 0; i < subject.cloud.count(); ++i) still += subject.initial.col(i) == subject.cloud.x.col(i);
  return Check{"moved", still / static_cast<double>(subject.cloud.count()), 0.5,
               "most particles are where they started: the steps are too small or too large for the target's scale."};
}

std::optional<Check> check_at_rest(const Subject& subject) {
  if (!subject.at_rest) return std::nullopt;
  return Check{"at_rest", *subject.at_rest ? 0.0 : 1.0, 0,
               "the cloud has not come to rest in its steps. Raise --steps, or use --method gas."};
}

std::optional<Check> check_constant(const Subject& subject) {
  const Vector deviation = deviations(subject.cloud.x), size = subject.cloud.x.cwiseAbs().rowwise().maxCoeff();
  return Check{"constant_coordinates", static_cast<double>((deviation.array() <= 1e-13 * size.array()).count()), 0,
               "coordinates are the same for all particles."};
}

std::optional<Check> check_force(const Subject& subject) {
  if (!subject.unbounded()) return std::nullopt;  // a uniform density on a box has none
  const Vector deviation = deviations(subject.cloud.x);
  const Vector force = (deviation.asDiagonal() * subject.cloud.score).cwiseAbs().rowwise().mean();
  return Check{"force", static_cast<double>((force.array() < 1e-3).count()), 0,
               "in some coordinates no force acts on the cloud: the density is flat there, or the units are not those "
               "of the start (sample.start_scale)."};
}

std::optional<Check> check_growth(const Subject& subject) {
  if (!subject.unbounded()) return std::nullopt;
  const Vector mean = subject.cloud.x.rowwise().mean();
  const Matrix z = subject.cloud.x.colwise() - mean;
  const Matrix pull = z.cwiseProduct(subject.cloud.score);
  const Vector virial = pull.rowwise().mean();  // -1 each at rest in a density
  // In a hierarchy few particles carry most of it: it counts as far as it is known.
  const Vector error = (pull.colwise() - virial).rowwise().norm() / static_cast<double>(pull.cols());
  return Check{"growth", (virial - 3 * error).maxCoeff(), -0.05,
               "the force drives the cloud outwards, as where there is no density to be at rest in. Is forward(x) "
               "-log p instead of log p, or p not integrable?"};
}

std::optional<Check> check_distinct(const Subject& subject) {
  const auto n = subject.cloud.count();
  if (subject.weights.size() > 0) {
    const double ess = subject.weights.sum() * subject.weights.sum() / subject.weights.squaredNorm();
    return Check{"effective_particles", 1 - ess / static_cast<double>(subject.weights.size()), 0.9,
                 "few particles carry nearly all of the weight."};
  }
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  for (Eigen::Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  const auto& x = subject.cloud.x;
  std::sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return x(0, a) < x(0, b); });
  double copies = 0;
  for (std::size_t k = 1; k < order.size(); ++k) copies += x.col(order[k]) == x.col(order[k - 1]);
  return Check{"effective_particles", copies / static_cast<double>(n), 0.5,
               "most particles are copies of others: they did not move after they were resampled."};
}

std::optional<Check> check_tail_weight(const Subject& subject) {
  const Vector deviation = deviations(subject.cloud.x).cwiseMax(1e-300), mean = subject.cloud.x.rowwise().mean();
  const Matrix z = deviation.cwiseInverse().asDiagonal() * (subject.cloud.x.colwise() - mean);
  Eigen::Index coordinate = 0;
  const double n = static_cast<double>(subject.cloud.count());
  const double kurtosis = z.array().square().square().rowwise().mean().maxCoeff(&coordinate);
  return Check{"tail_weight", 0.5 * std::sqrt(std::max(0.0, kurtosis - 1) / n), 0.08,
               "the deviation of coordinate " + std::to_string(coordinate) +
                   " rests on few particles far out, so that as many exact draws would not know it better than the "
                   "value. Use its quantiles, or raise --particles."};
}

std::optional<Check> check_coupling(const Subject& subject) {
  const auto some = some_particles(subject.cloud, 5);
  Cloud together;
  together.x = some.x;
  subject.evaluate(together, true);
  double worst = 0;
  for (Eigen::Index i = 0; i < together.count(); ++i) {
    Cloud alone;
    alone.x = together.x.col(i);
    subject.evaluate(alone, true);
    worst = std::max(worst, relative_difference(alone.score, together.score.col(i)) / 1e-3);
    if (subject.has_density())
      worst = std::max(worst, relative_difference(alone.log_p, together.log_p.segment(i, 1)) / 1e-4);
  }
  return Check{
      "batch_coupling", worst, 1,
      "the target couples the rows of a batch: what it says of a particle depends on the particles beside it."};
}

}  // namespace scorefield::sampling
