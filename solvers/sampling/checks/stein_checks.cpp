// Stein's identity E[s f + grad f] = 0, which holds for the target and for hardly anything else.
#include <algorithm>
#include <cmath>

#include "core/random_subset.hpp"
#include "solvers/sampling/checks/check.hpp"

namespace scorefield::sampling {
namespace {

using gas::Matrix;
using gas::Vector;

constexpr Eigen::Index kSlices = 6, kMostPairs = 64;

/// The cloud in units of its own mean and deviation, particles in rows: columns are contiguous.
struct Standard {
  Matrix z, s;  ///< [N, d]
};

Standard standardise(const Subject& subject) {
  const auto& x = subject.cloud.x;
  const Vector mean = x.rowwise().mean();
  Matrix z = (x.colwise() - mean).transpose();
  Matrix s = subject.cloud.score.transpose();
  const double n = static_cast<double>(z.rows());
  for (Eigen::Index j = 0; j < z.cols(); ++j) {
    const double deviation = std::max(z.col(j).norm() / std::sqrt(n), 1e-300);
    z.col(j) /= deviation;
    s.col(j) *= deviation;
  }
  return {std::move(z), std::move(s)};
}

/// Coordinates' correlations by their ranks, those within noise left out: heavy tails do not sway it.
Matrix rank_correlation(const Matrix& z) {
  const auto n = z.rows(), d = z.cols();
  Matrix rank(n, d);
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  for (Eigen::Index j = 0; j < d; ++j) {
    for (Eigen::Index i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
    std::sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return z(a, j) < z(b, j); });
    for (Eigen::Index i = 0; i < n; ++i)
      rank(order[static_cast<std::size_t>(i)], j) =
          std::sqrt(12.0) * ((static_cast<double>(i) + 0.5) / static_cast<double>(n) - 0.5);
  }
  Matrix c = dense::transposed_product(rank, rank) / static_cast<double>(n);
  const double noise = 4 / std::sqrt(static_cast<double>(n));
  for (Eigen::Index i = 0; i < d; ++i)
    for (Eigen::Index j = 0; j < d; ++j)
      if (i != j && std::abs(c(i, j)) < noise) c(i, j) = 0;
  return c;
}

/// u_i = s_i r_i + 1, r_i what is left of coordinate i after a regression on the others: zero in the mean for the
/// target, so that adding multiples of u to another feature takes noise away and no truth. [N, d]
Matrix scale_features(const Standard& cloud, const std::vector<CoordinateSupport>& support) {
  const auto eigen = dense::symmetric_eigen(rank_correlation(cloud.z));
  const Matrix half = eigen.vectors * eigen.values.cwiseMax(0.02).cwiseInverse().asDiagonal();
  Matrix precision = dense::product_transposed(half, eigen.vectors);
  for (Eigen::Index i = 0; i < precision.rows(); ++i) precision.row(i) /= double(precision(i, i));
  Matrix u = cloud.s.cwiseProduct(dense::product_transposed(cloud.z, precision)).array() + 1;
  for (Eigen::Index i = 0; i < u.cols(); ++i)
    if (!support[static_cast<std::size_t>(i)].open()) u.col(i).setZero();
  return u;
}

/// What is to be added to the score's coordinate j to take its noise away: for every half of the particles fitted to
/// the other half. [N, d]
Matrix noise_controls(const Matrix& s, const Matrix& u, std::uint64_t seed) {
  constexpr double kRidge = 0.03;
  const auto n = s.rows(), d = s.cols();
  Matrix controls = Matrix::Zero(n, d);
  if (d < 2 || d > 200) return controls;
  const auto shuffled = random_subset(n, n, seed);
  std::vector<Eigen::Index> side[2];
  for (std::size_t k = 0; k < shuffled.size(); ++k) side[k % 2].push_back(shuffled[k]);
  for (int a = 0; a < 2; ++a) {
    const Matrix us = u(side[a], Eigen::all), ss = s(side[a], Eigen::all), other = u(side[1 - a], Eigen::all);
    const Matrix gram = dense::transposed_product(us, us), moments = dense::transposed_product(us, ss);
    for (Eigen::Index j = 0; j < d; ++j) {
      Matrix g = gram;
      Vector b = moments.col(j);
      g.row(j).setZero();
      g.col(j).setZero();
      g(j, j) = 1;
      b[j] = 0;
      const double ridge = kRidge * (gram.trace() - gram(j, j)) / static_cast<double>(d - 1) + 1e-300;
      g.diagonal().array() += ridge;
      const Vector c = dense::solve_symmetric(g, b);
      const Vector values = -(other * c);
      for (std::size_t k = 0; k < side[1 - a].size(); ++k)
        controls(side[1 - a][k], j) = values[static_cast<Eigen::Index>(k)];
    }
  }
  return controls;
}

/// |mean| over its standard error, of the largest.
struct Largest {
  double value = 0;
  Eigen::Index coordinate = 0;
  Eigen::Index tests = 0;

  void consider(const Eigen::ArrayXd& feature, Eigen::Index j) {
    const double mean = feature.mean(), variance = (feature - mean).square().mean();
    const double error = std::sqrt(variance / static_cast<double>(feature.size()));
    ++tests;
    const double ratio = std::abs(mean) < kNegligible ? 0 : std::abs(mean) / std::max(error, 1e-12);
    if (ratio > value) {
      value = ratio;
      coordinate = j;
    }
  }
  static constexpr double kNegligible = 0.01;  ///< of a share of the cloud per deviation: no user would see it
};

/// Piecewise linear bump at knot m, and its slope.
void bump(const Eigen::ArrayXd& z, const Vector& knots, Eigen::Index m, Eigen::ArrayXd& value, Eigen::ArrayXd& slope) {
  const auto last = knots.size() - 1;
  value.resize(z.size());
  slope.resize(z.size());
  for (Eigen::Index i = 0; i < z.size(); ++i) {
    double v = 0, ds = 0;
    if (z[i] <= knots[m]) {
      if (m == 0) v = 1;
      else if (z[i] > knots[m - 1]) {
        const double width = knots[m] - knots[m - 1];
        v = (z[i] - knots[m - 1]) / width;
        ds = 1 / width;
      }
    } else if (m == last) {
      v = 1;
    } else if (z[i] < knots[m + 1]) {
      const double width = knots[m + 1] - knots[m];
      v = (knots[m + 1] - z[i]) / width;
      ds = -1 / width;
    }
    value[i] = v;
    slope[i] = ds;
  }
}

/// Edges of slices with equal numbers of particles, the outermost ones at the first and last particle.
Vector slice_edges(const Eigen::ArrayXd& z) {
  Eigen::ArrayXd sorted = z;
  std::sort(sorted.begin(), sorted.end());
  Vector edges(kSlices + 1);
  for (Eigen::Index m = 0; m <= kSlices; ++m) edges[m] = sorted[m * (z.size() - 1) / kSlices];
  return edges;
}

std::string coordinate_text(Eigen::Index j) { return "coordinate " + std::to_string(j); }

}  // namespace

std::optional<Check> check_stein_slices(const Subject& subject) {
  const auto cloud = standardise(subject);
  const auto d = cloud.z.cols();
  if (cloud.z.rows() < 8 * kSlices) return std::nullopt;
  const Matrix controls = noise_controls(cloud.s, scale_features(cloud, subject.support), subject.seed);
  Largest largest;
  Eigen::ArrayXd value, slope;
  for (Eigen::Index j = 0; j < d; ++j) {
    const auto& support = subject.support[static_cast<std::size_t>(j)];
    if (support.edge) continue;
    const Vector edges = slice_edges(cloud.z.col(j).array());
    const Eigen::ArrayXd pull = cloud.s.col(j) + controls.col(j);
    for (Eigen::Index m = 0; m <= kSlices; ++m) {
      if ((m == 0 && support.lower_face) || (m == kSlices && support.upper_face)) continue;
      bump(cloud.z.col(j).array(), edges, m, value, slope);
      largest.consider(pull * value + slope, j);
    }
  }
  if (largest.tests == 0) return std::nullopt;
  return Check{"stein_slices", largest.value, joint_quantile(static_cast<double>(largest.tests)),
               "Stein's identity fails in a slice of " + coordinate_text(largest.coordinate) +
                   ": part of the target is not reached, as the neck of a funnel, or the cloud is displaced. Write "
                   "the model in other coordinates (non-centred), or use more particles and --method gas."};
}

std::optional<Check> check_stein_moments(const Subject& subject) {
  const auto cloud = standardise(subject);
  const auto d = std::min<Eigen::Index>(cloud.z.cols(), kMostPairs);
  Largest largest;
  for (Eigen::Index j = 0; j < d; ++j) {
    if (!subject.support[static_cast<std::size_t>(j)].open()) continue;
    largest.consider(cloud.s.col(j).array(), j);
    for (Eigen::Index k = 0; k < d; ++k)
      largest.consider(cloud.s.col(j).array() * cloud.z.col(k).array() + (j == k ? 1.0 : 0.0), j);
  }
  if (largest.tests == 0) return std::nullopt;
  return Check{"stein_moments", largest.value, joint_quantile(static_cast<double>(largest.tests)),
               "Stein's identity for means and covariances fails in " + coordinate_text(largest.coordinate) +
                   ": the cloud's place or width is not the target's. Raise --steps, or use --method gas."};
}

}  // namespace scorefield::sampling
