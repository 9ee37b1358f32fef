#include "solvers/reduction/reduction.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/dense/dense.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "solvers/gas/support_points.hpp"
#include "solvers/pairs/pair_sums.hpp"

namespace scorefield::reduction {
namespace {

using dense::Matrix;
using dense::Vector;

double period_of(const Population& population, std::int64_t c) {
  return population.periods.empty() ? 0 : population.periods[static_cast<std::size_t>(c)];
}

double weight_of(const Population& population, std::int64_t n) {
  return population.weights ? population.weights[n] : 1.0;
}

/// Coordinates of unit deviation, [e, N]; a periodic one becomes cosine and sine of its angle.
Matrix metric_coordinates(const Population& population) {
  std::int64_t rows = 0;
  for (std::int64_t c = 0; c < population.dimension; ++c) rows += period_of(population, c) > 0 ? 2 : 1;
  Matrix z(rows, population.count);
  Vector weights(population.count);
  for (std::int64_t n = 0; n < population.count; ++n) weights[n] = weight_of(population, n);
  weights /= weights.sum();
  std::int64_t row = 0;
  for (std::int64_t c = 0; c < population.dimension; ++c) {
    const double period = period_of(population, c);
    for (std::int64_t n = 0; n < population.count; ++n) {
      const double x = population.x[n * population.dimension + c];
      const double angle = period > 0 ? 2 * std::numbers::pi * x / period : 0;
      z(row, n) = period > 0 ? std::cos(angle) : x;
      if (period > 0) z(row + 1, n) = std::sin(angle);
    }
    if (period == 0) {
      const double mean = z.row(row).dot(weights);
      z.row(row).array() -= mean;
      const double variance = z.row(row).cwiseAbs2().dot(weights);
      z.row(row) /= variance > 0 ? std::sqrt(variance) : 1.0;
    }
    row += period > 0 ? 2 : 1;
  }
  return z;
}

/// Different particles, one drawn by weight from each of equal steps through the summed weights; all where there are
/// few. Not every k-th: of a low-discrepancy sequence, as quiet starts are, those lie in one corner.
std::vector<std::int64_t> draw_candidates(const Population& population, std::int64_t wanted, const Philox& random) {
  std::vector<std::int64_t> rows;
  double total = 0, sum = 0;
  for (std::int64_t n = 0; n < population.count; ++n) total += weight_of(population, n);
  const double step = wanted >= population.count ? 0 : total / static_cast<double>(wanted);
  std::uint64_t drawn = 0;
  double next = step * random.uniforms(drawn)[0];
  for (std::int64_t n = 0; n < population.count; ++n) {
    sum += weight_of(population, n);
    if (weight_of(population, n) == 0 || (step > 0 && next >= sum)) continue;
    rows.push_back(n);
    while (step > 0 && next < sum) {
      ++drawn;
      next = step * (static_cast<double>(drawn) + random.uniforms(drawn)[0]);
    }
  }
  return rows;
}

/// E|z_i - Y| over the whole population, for the candidates.
Vector distances_to_all(const Matrix& z, const Population& population, const Matrix& candidates) {
  Vector weights(population.count);
  for (std::int64_t n = 0; n < population.count; ++n) weights[n] = weight_of(population, n);
  weights /= weights.sum();
  Vector sums(candidates.cols());
  constexpr double kNoSoftening = 1e-4;  // |r| to 1e-6 of the deviation
  const pairs::RadialKernel kernel{pairs::Form::energy, {kNoSoftening}};
  const pairs::PairInputs in{
      .x = candidates.data(), .n = candidates.cols(), .z = z.data(), .m = z.cols(), .d = z.rows(), .a = weights.data()};
  pairs::fused_pair_sums(false)(kernel, in, {.value = sums.data()});
  return -sums;
}

/// Features of the chosen particles, each of mean 0 and deviation 1 in the population, with what their weighted sums
/// must be; the first is 1, whose sum is the charge.
struct Constraints {
  Matrix f;                       ///< [c, n]
  std::vector<long double> sums;  ///< [c]
};

Constraints constraints_of(const Population& population, const Features& features,
                           const std::vector<std::int64_t>& rows) {
  Constraints constraints{
      Matrix::Ones(static_cast<Eigen::Index>(features.size() + 1), static_cast<Eigen::Index>(rows.size())), {}};
  long double charge = 0;
  for (std::int64_t n = 0; n < population.count; ++n) charge += weight_of(population, n);
  constraints.sums.push_back(charge);
  for (std::size_t c = 0; c < features.size(); ++c) {
    long double mean = 0, square = 0, sum = 0;
    const auto at = [&](std::int64_t n) { return features[c][static_cast<std::size_t>(n)]; };
    for (std::int64_t n = 0; n < population.count; ++n)
      mean += static_cast<long double>(weight_of(population, n)) * at(n) / charge;
    const auto shift = static_cast<double>(mean);
    for (std::int64_t n = 0; n < population.count; ++n)
      square += static_cast<long double>(weight_of(population, n)) * (at(n) - shift) * (at(n) - shift) / charge;
    const double scale = square > 0 ? 1 / std::sqrt(static_cast<double>(square)) : 0;
    const auto standard = [&](std::int64_t n) { return (at(n) - shift) * scale; };
    for (std::int64_t n = 0; n < population.count; ++n)
      sum += static_cast<long double>(weight_of(population, n)) * standard(n);
    for (std::size_t i = 0; i < rows.size(); ++i)
      constraints.f(static_cast<Eigen::Index>(c + 1), static_cast<Eigen::Index>(i)) = standard(rows[i]);
    constraints.sums.push_back(sum);
  }
  return constraints;
}

/// What the sums lack, over the charge.
Vector residual(const Constraints& constraints, const Vector& weights) {
  Vector missing(constraints.f.rows());
  for (Eigen::Index c = 0; c < missing.size(); ++c) {
    long double sum = constraints.sums[static_cast<std::size_t>(c)];
    for (Eigen::Index i = 0; i < weights.size(); ++i) sum -= static_cast<long double>(weights[i]) * constraints.f(c, i);
    missing[c] = static_cast<double>(sum / constraints.sums[0]);
  }
  return missing;
}

/// Newton's method for lambda in w_i exp(lambda . f_i); the matrix is the features' second moments.
void calibrate(const Constraints& constraints, Vector& weights) {
  constexpr int kMostSteps = 50;
  const auto charge = static_cast<double>(constraints.sums[0]);
  double error = residual(constraints, weights).lpNorm<Eigen::Infinity>();
  for (int step = 0; step < kMostSteps && error > 1e-16; ++step) {
    const Vector missing = residual(constraints, weights);
    const Matrix weighted = constraints.f * (weights / charge).asDiagonal();
    Vector lambda = dense::solve_symmetric(dense::product_transposed(weighted, constraints.f), missing);
    const double largest = (constraints.f.transpose() * lambda).lpNorm<Eigen::Infinity>();
    if (largest > 1) lambda /= largest;  // no weight changes by more than a factor e at once
    const Vector next = weights.array() * (constraints.f.transpose() * lambda).array().exp();
    const double now = residual(constraints, next).lpNorm<Eigen::Infinity>();
    if (error < 1e-13 && now >= error) return;  // rounding has been reached
    weights = next;
    error = now;
  }
  if (error > 1e-13)
    throw Error("the weights of " + std::to_string(weights.size()) +
                " particles cannot keep momentum and energy. Ask for more particles.");
}

}  // namespace

Features moments_of(const Population& population) {
  Features features;
  for (std::int64_t c = 0; c < population.dimension; ++c) {
    if (period_of(population, c) > 0) continue;
    std::vector<double> first(static_cast<std::size_t>(population.count)), second(first.size());
    for (std::int64_t n = 0; n < population.count; ++n) {
      const double x = population.x[n * population.dimension + c];
      first[static_cast<std::size_t>(n)] = x;
      second[static_cast<std::size_t>(n)] = x * x;
    }
    features.push_back(std::move(first));
    features.push_back(std::move(second));
  }
  return features;
}

Reduced reduce(const Population& population, const Features& features, std::int64_t n, std::uint64_t seed,
               std::uint64_t stream) {
  constexpr std::size_t kParticlesPerFeature = 4;
  if (static_cast<std::size_t>(n) < kParticlesPerFeature * (features.size() + 1))
    throw Error(std::to_string(n) + " particles are too few to keep charge and " + std::to_string(features.size()) +
                " sums (momentum, energy): ask for " + std::to_string(kParticlesPerFeature * (features.size() + 1)) +
                " at least.");
  const auto rows = draw_candidates(population, kCandidates * n, Philox(seed, stream));
  if (static_cast<std::int64_t>(rows.size()) < n)
    throw Error(std::to_string(n) + " particles were asked for, there are " + std::to_string(rows.size()) +
                " whose weight is not 0.");
  const Matrix z = metric_coordinates(population);
  Matrix candidates(z.rows(), static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    candidates.col(static_cast<Eigen::Index>(i)) = z.col(static_cast<Eigen::Index>(rows[i]));
  const auto chosen = gas::support_points_among(candidates, distances_to_all(z, population, candidates), n);

  Reduced reduced;
  for (const auto i : chosen) reduced.rows.push_back(rows[static_cast<std::size_t>(i)]);
  const Constraints constraints = constraints_of(population, features, reduced.rows);
  Vector weights = Vector::Constant(n, static_cast<double>(constraints.sums[0]) / static_cast<double>(n));
  calibrate(constraints, weights);
  reduced.weights.assign(weights.data(), weights.data() + n);
  return reduced;
}

}  // namespace scorefield::reduction
