#include "training/metrics/sinkhorn.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/require.hpp"
#include "training/metrics/anderson.hpp"
#include "training/metrics/softmin.hpp"

namespace scorefield::metrics {
namespace {

constexpr std::int64_t kLargestMatrix = std::int64_t{1} << 28;
constexpr double kScalingFactor = 0.5;  // epsilon from one level of the scaling to the next
constexpr float kDamping = 0.5f;        // the averaged update
constexpr std::int64_t kMemory = 6;     // of the acceleration
constexpr float kLeastMass = 1e-30F;    // times the number of points: points of none stay finite

/// C_ij = |x_i - y_j|^2 with rows padded for SoftminRows.
struct CostMatrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;
  std::vector<float> values;
};

void fill_row(std::span<const float> point, const PointCloud& y, std::span<const double> periods, float* row) {
  for (std::int64_t j = 0; j < y.count(); ++j) {
    const float* other = y.values.data() + j * y.dimension;
    float squared = 0;
    for (std::int64_t k = 0; k < y.dimension; ++k) {
      float difference = point[k] - other[k];
      if (periods[k] > 0) {
        const auto period = static_cast<float>(periods[k]);
        difference -= period * std::nearbyint(difference / period);
      }
      squared += difference * difference;
    }
    row[j] = squared;
  }
}

CostMatrix squared_distances(const PointCloud& x, const PointCloud& y, std::span<const double> periods) {
  CostMatrix cost{x.count(), y.count(), (y.count() + kRowPadding - 1) / kRowPadding * kRowPadding, {}};
  cost.values.assign(static_cast<std::size_t>(cost.rows * cost.stride), kPaddingCost);
  for (std::int64_t i = 0; i < cost.rows; ++i) fill_row(x.point(i), y, periods, cost.values.data() + i * cost.stride);
  return cost;
}

double largest_cost(const CostMatrix& cost) {
  float largest = 0;
  for (std::int64_t i = 0; i < cost.rows; ++i) {
    const float* row = cost.values.data() + i * cost.stride;
    largest = std::max(largest, *std::max_element(row, row + cost.columns));
  }
  return largest;
}

/// One marginal of a transport problem: the cost as its points see it, its dual potential, and the latter's update.
struct Marginal {
  CostMatrix cost;
  std::vector<float> potential = std::vector<float>(cost.rows);
  std::vector<float> update = std::vector<float>(cost.rows);
  std::vector<float> scaled_other = std::vector<float>(cost.stride);  ///< other potential in the units of SoftminRows
  std::vector<float> mass{};                                          ///< of its points, sum 1; empty: all alike

  /// Mean over its points of value(i), i the point's number.
  template <class Value>
  [[nodiscard]] double mean(Value&& value) const {
    double sum = 0;
    for (std::size_t i = 0; i < potential.size(); ++i) sum += (mass.empty() ? 1 : mass[i]) * value(i);
    return mass.empty() ? sum / static_cast<double>(potential.size()) : sum;
  }
};

/// update_i = -eps log sum_j b_j exp((g_j - C_ij)/eps) for every marginal, g the potential of the other one, b its
/// mass.
void compute_updates(std::vector<Marginal>& marginals, double epsilon) {
  const auto k = static_cast<float>(std::numbers::log2e / epsilon);
  for (std::size_t side = 0; side < marginals.size(); ++side) {
    Marginal& m = marginals[side];
    const auto& other = marginals[marginals.size() - 1 - side].potential;
    const auto& mass = marginals[marginals.size() - 1 - side].mass;
    std::transform(other.begin(), other.end(), m.scaled_other.begin(), [k](float g) { return k * g; });
    for (std::size_t j = 0; j < mass.size(); ++j)
      m.scaled_other[j] += std::log2(std::max(mass[j] * static_cast<float>(mass.size()), kLeastMass));
    kSoftmin.chosen().rows(
        {m.cost.values.data(), m.cost.rows, m.cost.stride, m.scaled_other.data(), k, m.update.data()});
    const float log_count = std::log2(static_cast<float>(m.cost.columns));
    for (float& value : m.update) value = (log_count - value) / k;
  }
}

/// Replaces `update` by its difference from the potential; returns the largest over marginals of
/// mean |difference| / eps, to first order the mean relative error of the transport plan's marginal.
double compute_residuals(std::vector<Marginal>& marginals, double epsilon) {
  double largest = 0;
  for (Marginal& m : marginals) {
    for (std::size_t i = 0; i < m.potential.size(); ++i) m.update[i] -= m.potential[i];
    largest =
        std::max(largest, m.mean([&m](std::size_t i) { return std::abs(static_cast<double>(m.update[i])); }) / epsilon);
  }
  return largest;
}

AndersonMixer make_mixer(const std::vector<Marginal>& marginals) {
  std::vector<std::int64_t> sizes;
  for (const Marginal& m : marginals) sizes.push_back(m.cost.rows);
  return {sizes, kMemory, kDamping};
}

void advance(AndersonMixer& mixer, std::vector<Marginal>& marginals) {
  std::vector<std::span<float>> potentials;
  std::vector<std::span<const float>> residuals;
  for (Marginal& m : marginals) {
    potentials.emplace_back(m.potential);
    residuals.emplace_back(m.update);
  }
  mixer.advance(potentials, residuals);
}

struct Solution {
  double cost = 0;
  std::int64_t iterations = 0;
  bool converged = false;
};

/// The dual value f + g, as the mean of that at (T g, g) and at (f, T f): each is a lower bound of OT_eps, and short of
/// it by second order in the marginal error.
double dual_value(const std::vector<Marginal>& marginals) {
  double value = 0;
  for (const Marginal& m : marginals) {
    value += m.mean([&m](std::size_t i) { return m.potential[i] + 0.5 * m.update[i]; });
  }
  return marginals.size() == 1 ? 2 * value : value;
}

/// OT_eps of the problem with these two marginals, or with this one twice.
Solution solve(std::vector<Marginal> marginals, const SinkhornOptions& options) {
  Solution solution;
  // Down to the wanted epsilon: one averaged step f <- (f + T g)/2 per level, only a starting point is needed.
  for (double epsilon = largest_cost(marginals.front().cost); epsilon > options.epsilon; epsilon *= kScalingFactor) {
    compute_updates(marginals, epsilon);
    compute_residuals(marginals, epsilon);
    for (Marginal& m : marginals)
      for (std::size_t i = 0; i < m.potential.size(); ++i) m.potential[i] += kDamping * m.update[i];
    ++solution.iterations;
  }
  AndersonMixer mixer = make_mixer(marginals);
  for (std::int64_t i = 0; i < options.max_iterations; ++i) {
    if (i > 0) advance(mixer, marginals);
    compute_updates(marginals, options.epsilon);
    ++solution.iterations;
    solution.converged = compute_residuals(marginals, options.epsilon) < options.tolerance;
    if (solution.converged) break;
  }
  solution.cost = dual_value(marginals);
  return solution;
}

Solution entropic_cost(const PointCloud& x, const PointCloud& y, std::span<const double> periods,
                       const SinkhornOptions& options) {
  std::vector<Marginal> marginals;
  marginals.push_back({squared_distances(x, y, periods)});
  marginals.back().mass = shares_of(x);
  if (&x != &y) {
    marginals.push_back({squared_distances(y, x, periods)});
    marginals.back().mass = shares_of(y);
  }
  return solve(std::move(marginals), options);
}

void check(const PointCloud& x, const PointCloud& y, std::span<const double> periods, const SinkhornOptions& options) {
  require("epsilon of the Sinkhorn divergence", options.epsilon, above(0));
  require("the tolerance of the Sinkhorn divergence", options.tolerance, above(0));
  if (x.count() == 0 || y.count() == 0) throw Error("the Sinkhorn divergence needs two clouds that are not empty");
  if (x.dimension != y.dimension || x.dimension != static_cast<std::int64_t>(periods.size()))
    throw Error("clouds of dimension " + std::to_string(x.dimension) + " and " + std::to_string(y.dimension) +
                " with " + std::to_string(periods.size()) + " periods cannot be compared");
  const std::int64_t largest = std::max(x.count(), y.count());
  if (largest > kLargestMatrix / largest)
    throw Error("a Sinkhorn divergence of " + std::to_string(largest) +
                " points needs a cost matrix beyond 1 GiB; compare fewer points (evaluate.points)");
}

}  // namespace

SinkhornResult sinkhorn_divergence(const PointCloud& x, const PointCloud& y, std::span<const double> periods,
                                   const SinkhornOptions& options) {
  check(x, y, periods, options);
  const std::array<std::array<const PointCloud*, 2>, 3> problems{{{&x, &y}, {&x, &x}, {&y, &y}}};
  std::array<Solution, 3> solutions;
  parallel_for(
      3, [&](std::int64_t i) { solutions[i] = entropic_cost(*problems[i][0], *problems[i][1], periods, options); });
  const auto& [xy, xx, yy] = solutions;
  return {xy.cost - 0.5 * (xx.cost + yy.cost), std::max({xy.iterations, xx.iterations, yy.iterations}),
          xy.converged && xx.converged && yy.converged};
}

}  // namespace scorefield::metrics
