#include "training/fields/force/run_clocks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "core/dense/dense.hpp"
#include "data/mu_set.hpp"

namespace scorefield::training {
namespace {

using dense::Matrix;
using dense::Vector;
using Eigen::Index;
using models::ForceCourse;
using Rows = std::vector<std::vector<double>>;

constexpr int kIterations = 2;
/// Of the span of times: deviation of the Gaussian within which shifts are lines.
constexpr double kSmoothing = 0.15;
/// Of the sum of all normal matrices, added: where nothing happens clocks are not set.
constexpr double kRidge = 1e-6;

/// Neighbours of every run, each pair once: the two on either side of one parameter, 2 p of several.
std::vector<std::pair<std::size_t, std::size_t>> neighbours(const Rows& mu) {
  const data::MuSet set(mu);
  const std::size_t p = mu.front().size();
  std::set<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < mu.size(); ++a) {
    const auto offsets = set.offsets(mu[a]);
    std::vector<std::pair<double, std::size_t>> far;
    for (std::size_t b = 0; b < mu.size(); ++b)
      if (b != a)
        far.emplace_back(std::inner_product(offsets[b].begin(), offsets[b].end(), offsets[b].begin(), 0.0), b);
    std::sort(far.begin(), far.end());
    for (std::size_t i = 0; i < std::min(2 * p, far.size()); ++i)
      pairs.insert({std::min(a, far[i].second), std::max(a, far[i].second)});
  }
  return {pairs.begin(), pairs.end()};
}

std::vector<double> units_of(const Rows& mu) {
  const data::MuSet set(mu);
  std::vector<double> units;
  for (std::size_t j = 0; j < mu.front().size(); ++j) {
    const double range = set.high()[j] - set.low()[j];
    units.push_back(range > 0 ? range : 1);
  }
  return units;
}

/// How much later it is in the run at `mu` than at `at`, at every time.
std::vector<double> shifts_to(const RunClocks& clocks, const std::vector<double>& mu, const std::vector<double>& at) {
  const std::size_t p = mu.size();
  std::vector<double> shifts(clocks.time.size());
  for (std::size_t k = 0; k < shifts.size(); ++k)
    for (std::size_t j = 0; j < p; ++j) shifts[k] += clocks.shift[k * p + j] * (at[j] - mu[j]) / clocks.unit[j];
  return shifts;
}

/// The run at times[k] + shifts[k], within its own; slopes with respect to times[k].
ForceCourse shifted(const ForceCourse& run, const std::vector<double>& shifts) {
  const std::size_t n = run.size(), count = run.time.size();
  ForceCourse course{run.time, std::vector<double>(count * n), std::vector<double>(count * n)};
  const auto rates = models::spline_slopes(run.time, shifts);
  for (std::size_t k = 0; k < count; ++k) {
    const double t = std::clamp(run.time[k] + shifts[k], run.time.front(), run.time.back());
    const std::span value(course.value.data() + k * n, n), slope(course.slope.data() + k * n, n);
    run.at(t, value);
    run.slope_at(t, slope);
    for (double& rate : slope) rate *= 1 + rates[k];
  }
  return course;
}

double squared(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Normal matrices [p, p] and right sides [p] of the shifts at every time, before they are averaged.
struct Normals {
  std::vector<Matrix> matrix;
  std::vector<Vector> right;
  double left = 0;  ///< sum of |F_b - F_a|^2
};

Normals normals_of(const RunClocks& clocks, const Rows& mu, const std::vector<ForceCourse>& runs) {
  const auto p = static_cast<Index>(mu.front().size());
  const std::size_t count = clocks.time.size(), n = runs.front().size();
  Normals normals{std::vector<Matrix>(count, Matrix::Zero(p, p)), std::vector<Vector>(count, Vector::Zero(p))};
  for (const auto& [a, b] : neighbours(mu)) {
    std::vector<double> middle;
    Vector way(p);
    for (Index j = 0; j < p; ++j) {
      const auto i = static_cast<std::size_t>(j);
      middle.push_back((mu[a][i] + mu[b][i]) / 2);
      way[j] = (mu[b][i] - mu[a][i]) / clocks.unit[i];
    }
    const auto from = shifted(runs[a], shifts_to(clocks, mu[a], middle));
    const auto to = shifted(runs[b], shifts_to(clocks, mu[b], middle));
    std::vector<double> change(n), slope(n);
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t i = 0; i < n; ++i) {
        change[i] = to.value[k * n + i] - from.value[k * n + i];
        slope[i] = (to.slope[k * n + i] + from.slope[k * n + i]) / 2;
      }
      normals.matrix[k] += squared(slope, slope) * way * way.transpose();
      normals.right[k] += squared(slope, change) * way;
      normals.left += squared(change, change);
    }
  }
  return normals;
}

/// Least squares of a line in time around every time, whose value there is what shifts change by.
void improve(RunClocks& clocks, const Normals& normals) {
  const std::size_t count = clocks.time.size();
  const auto p = static_cast<Index>(clocks.unit.size());
  const double width = kSmoothing * (clocks.time.back() - clocks.time.front());
  Matrix all = Matrix::Zero(p, p);
  for (const auto& matrix : normals.matrix) all += matrix;
  for (std::size_t k = 0; k < count; ++k) {
    Matrix matrix = Matrix::Zero(2 * p, 2 * p);
    Vector right = Vector::Zero(2 * p);
    for (std::size_t l = 0; l < count; ++l) {
      const double away = (clocks.time[l] - clocks.time[k]) / width, share = std::exp(-away * away / 2);
      matrix.topLeftCorner(p, p) += share * normals.matrix[l];
      matrix.topRightCorner(p, p) += share * away * normals.matrix[l];
      matrix.bottomRightCorner(p, p) += share * away * away * normals.matrix[l];
      right.head(p) += share * normals.right[l];
      right.tail(p) += share * away * normals.right[l];
    }
    matrix.bottomLeftCorner(p, p) = matrix.topRightCorner(p, p);
    matrix.diagonal().array() += kRidge * all.trace();
    const Vector line = dense::solve_symmetric(matrix, right);
    for (Index j = 0; j < p; ++j) clocks.shift[k * clocks.unit.size() + static_cast<std::size_t>(j)] += line[j];
  }
}

}  // namespace

RunClocks fit_run_clocks(const Rows& mu, const std::vector<ForceCourse>& runs) {
  RunClocks clocks{runs.front().time, {}, units_of(mu)};
  if (runs.size() < 3 || clocks.time.size() < 4) return {};
  clocks.shift.assign(clocks.time.size() * clocks.unit.size(), 0);
  auto normals = normals_of(clocks, mu, runs);
  RunClocks best;
  double least = normals.left;
  for (int i = 0; i < kIterations; ++i) {
    improve(clocks, normals);
    normals = normals_of(clocks, mu, runs);
    if (!(normals.left < least)) continue;
    least = normals.left;
    best = clocks;
  }
  return best;
}

std::vector<ForceCourse> at_clock(const RunClocks& clocks, const Rows& mu, const std::vector<ForceCourse>& runs,
                                  const std::vector<double>& at) {
  if (clocks.time.empty()) return runs;
  const double first = clocks.time.front(), last = clocks.time.back();
  std::vector<std::vector<double>> shifts;
  std::vector<std::pair<double, std::size_t>> largest;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    shifts.push_back(shifts_to(clocks, mu[m], at));
    double most = 0;
    for (const double shift : shifts[m]) most = std::max(most, std::abs(shift));
    largest.emplace_back(most, m);
  }
  std::sort(largest.begin(), largest.end());
  // The clocks of the nearest runs stay within their times.
  const std::size_t near = std::min(at.size() + 1, runs.size());
  std::vector<double> share(clocks.time.size(), 1);
  for (std::size_t k = 0; k < share.size(); ++k)
    for (std::size_t i = 0; i < near; ++i) {
      const double way = std::abs(shifts[largest[i].second][k]);
      const double room = std::min(clocks.time[k] - first, last - clocks.time[k]);
      if (way > room) share[k] = std::min(share[k], room / way);
    }
  std::vector<ForceCourse> set;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    for (std::size_t k = 0; k < share.size(); ++k) shifts[m][k] *= share[k];
    set.push_back(shifted(runs[m], shifts[m]));
  }
  return set;
}

}  // namespace scorefield::training
