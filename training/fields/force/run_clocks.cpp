#include "training/fields/force/run_clocks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
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

/// Pairs of runs within whose sphere, that between them as a diameter, no other run lies (Gabriel's graph): waves that
/// differ by more than a fraction of a period say nothing of a shift.
std::vector<std::pair<std::size_t, std::size_t>> neighbours(const Rows& mu) {
  const data::MuSet set(mu);
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < mu.size(); ++a) {
    const auto offsets = set.offsets(mu[a]);
    for (std::size_t b = a + 1; b < mu.size(); ++b) {
      bool near = true;
      for (std::size_t c = 0; near && c < mu.size(); ++c) {
        double angle = 0;  // of a and b as seen from c: obtuse within the sphere
        for (std::size_t j = 0; j < offsets[c].size(); ++j) angle += offsets[c][j] * (offsets[c][j] - offsets[b][j]);
        near = c == a || c == b || angle >= 0;
      }
      if (near) pairs.emplace_back(a, b);
    }
  }
  return pairs;
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
ForceCourse shifted(const ForceCourse& run, const std::vector<double>& time, const std::vector<double>& shifts) {
  const std::size_t n = run.size(), count = time.size();
  ForceCourse course{time, std::vector<double>(count * n), std::vector<double>(count * n)};
  const auto rates = models::spline_slopes(time, shifts);
  for (std::size_t k = 0; k < count; ++k) {
    const double t = std::clamp(time[k] + shifts[k], run.time.front(), run.time.back());
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
  double left = 0;  ///< mean of |F_b - F_a|^2
};

bool within(const RunClocks& clocks, double t) { return t >= clocks.time.front() && t <= clocks.time.back(); }

/// A pair's part of the normal equations, at the times that both have; how many these are.
std::size_t add_pair(Normals& normals, const RunClocks& clocks, const Rows& mu, const std::vector<ForceCourse>& runs,
                     std::pair<std::size_t, std::size_t> pair) {
  const auto& [a, b] = pair;
  const std::size_t p = clocks.unit.size(), n = runs.front().size();
  std::vector<double> middle;
  Vector way(static_cast<Index>(p));
  for (std::size_t j = 0; j < p; ++j) {
    middle.push_back((mu[a][j] + mu[b][j]) / 2);
    way[static_cast<Index>(j)] = (mu[b][j] - mu[a][j]) / clocks.unit[j];
  }
  const auto to_a = shifts_to(clocks, mu[a], middle), to_b = shifts_to(clocks, mu[b], middle);
  const auto from = shifted(runs[a], clocks.time, to_a), to = shifted(runs[b], clocks.time, to_b);
  std::vector<double> change(n), slope(n);
  std::size_t seen = 0;
  for (std::size_t k = 0; k < clocks.time.size(); ++k) {
    if (!within(clocks, clocks.time[k] + to_a[k]) || !within(clocks, clocks.time[k] + to_b[k])) continue;
    ++seen;
    for (std::size_t i = 0; i < n; ++i) {
      change[i] = to.value[k * n + i] - from.value[k * n + i];
      slope[i] = (to.slope[k * n + i] + from.slope[k * n + i]) / 2;
    }
    normals.matrix[k] += squared(slope, slope) * way * way.transpose();
    normals.right[k] += squared(slope, change) * way;
    normals.left += squared(change, change);
  }
  return seen;
}

Normals normals_of(const RunClocks& clocks, const Rows& mu, const std::vector<ForceCourse>& runs) {
  const auto p = static_cast<Index>(clocks.unit.size());
  const std::size_t count = clocks.time.size();
  Normals normals{std::vector<Matrix>(count, Matrix::Zero(p, p)), std::vector<Vector>(count, Vector::Zero(p))};
  std::size_t seen = 0;
  for (const auto& pair : neighbours(mu)) seen += add_pair(normals, clocks, mu, runs, pair);
  normals.left /= static_cast<double>(std::max<std::size_t>(seen, 1));
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

/// How far every run has come at the last time, up to a constant: sum_j shift_j mu_mj / unit_j.
std::vector<double> progress(const RunClocks& clocks, const Rows& mu) {
  const std::size_t p = clocks.unit.size(), end = clocks.shift.size() - p;
  std::vector<double> reached(mu.size());
  for (std::size_t m = 0; m < mu.size(); ++m)
    for (std::size_t j = 0; j < p; ++j) reached[m] += clocks.shift[end + j] * mu[m][j] / clocks.unit[j];
  return reached;
}

/// The run for `longer` after its end, as `donor` went on from where it was `ahead` before: its changes are added.
ForceCourse continued(ForceCourse run, const ForceCourse& donor, double ahead, double longer) {
  const std::size_t n = run.size(), last = run.time.size() - 1;
  const double end = run.time[last], step = (end - run.time.front()) / static_cast<double>(last);
  std::vector<double> value(n), slope(n), offset(n), drift(n);
  donor.at(end - ahead, value);
  donor.slope_at(end - ahead, slope);
  for (std::size_t i = 0; i < n; ++i) {
    offset[i] = run.value[last * n + i] - value[i];
    drift[i] = run.slope[last * n + i] - slope[i];
  }
  const auto steps = static_cast<std::size_t>(std::ceil(longer / step));
  for (std::size_t k = 1; k <= steps; ++k) {
    const double after = static_cast<double>(k) * step;
    donor.at(end - ahead + after, value);
    donor.slope_at(end - ahead + after, slope);
    run.time.push_back(end + after);
    for (std::size_t i = 0; i < n; ++i) {
      run.value.push_back(value[i] + offset[i] + after * drift[i]);
      run.slope.push_back(slope[i] + drift[i]);
    }
  }
  return run;
}

/// The runs beyond their end, as far as the run that is furthest on has come: each goes on as the nearest one that is
/// further on did.
std::vector<ForceCourse> continued_runs(const RunClocks& clocks, const Rows& mu, std::vector<ForceCourse> runs) {
  const data::MuSet set(mu);
  const auto reached = progress(clocks, mu);
  std::vector<std::size_t> order(runs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return reached[a] > reached[b]; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::size_t m = order[i];
    const auto offsets = set.offsets(mu[m]);
    const auto far = [&](std::size_t b) {
      return std::inner_product(offsets[b].begin(), offsets[b].end(), offsets[b].begin(), 0.0);
    };
    const auto donor = *std::min_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(i),
                                         [&](std::size_t a, std::size_t b) { return far(a) < far(b); });
    const double ahead = reached[donor] - reached[m];
    if (ahead > 0) runs[m] = continued(std::move(runs[m]), runs[donor], ahead, reached[order.front()] - reached[m]);
  }
  return runs;
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
  const auto longer = continued_runs(clocks, mu, runs);
  std::vector<std::vector<double>> shifts;
  std::vector<std::pair<double, std::size_t>> largest;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    shifts.push_back(shifts_to(clocks, mu[m], at));
    double most = 0;
    for (const double shift : shifts[m]) most = std::max(most, std::abs(shift));
    largest.emplace_back(most, m);
  }
  std::sort(largest.begin(), largest.end());
  // No clock is set to before the first time; the nearest runs all by the same share.
  const std::size_t near = std::min(at.size() + 1, runs.size());
  std::vector<double> share(clocks.time.size(), 1);
  for (std::size_t k = 0; k < share.size(); ++k)
    for (std::size_t i = 0; i < near; ++i) {
      const double way = std::abs(shifts[largest[i].second][k]), room = clocks.time[k] - clocks.time.front();
      if (way > room) share[k] = std::min(share[k], room / way);
    }
  std::vector<ForceCourse> set;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    for (std::size_t k = 0; k < share.size(); ++k) shifts[m][k] *= share[k];
    set.push_back(shifted(longer[m], clocks.time, shifts[m]));
  }
  return set;
}

}  // namespace scorefield::training
