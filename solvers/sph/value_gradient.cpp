#include "solvers/sph/value_gradient.hpp"

#include <cmath>

#include "core/dense/dense.hpp"
#include "core/parallel.hpp"
#include "solvers/sph/sums_table.hpp"

namespace scorefield::sph {
namespace {

constexpr std::int64_t kParticles = 64;  // of a task

template <class Body>
void for_particles(std::int64_t n, Body&& body) {
  parallel_for((n + kParticles - 1) / kParticles, [&](std::int64_t block) {
    for (std::int64_t i = block * kParticles; i < std::min(n, (block + 1) * kParticles); ++i) body(i);
  });
}

using Small = Eigen::Matrix<double, Eigen::Dynamic, 1, Eigen::ColMajor, kMaxDimension, 1>;  // never on the heap
using Point = Eigen::Map<const Eigen::VectorXd>;
Point point(const std::vector<double>& x, std::int64_t d, std::int64_t i) { return {x.data() + i * d, d}; }

}  // namespace

std::vector<double> gradient_of_values(const Neighbours& neighbours, const Smoothing& smoothing,
                                       const std::vector<double>& x, const std::vector<double>& rho,
                                       const std::vector<double>& f) {
  const auto shape = smoothing.shape;
  const double h = smoothing.h;
  const auto n = static_cast<std::int64_t>(rho.size()), d = static_cast<std::int64_t>(x.size()) / n;
  std::vector<double> gradient(x.size(), 0.0);
  for_particles(n, [&](std::int64_t i) {
    dense::Matrix spread = dense::Matrix::Zero(d, d);
    Small sum = Small::Zero(d);
    double total = 0;
    neighbours.for_neighbours(i, [&](std::int64_t j) {
      const Small apart = (point(x, d, j) - point(x, d, i)) / h;
      const double weight = profile(shape, apart.norm()).F / rho[static_cast<std::size_t>(j)];
      spread.noalias() += weight * apart * apart.transpose();
      sum += weight * (f[static_cast<std::size_t>(j)] - f[static_cast<std::size_t>(i)]) * apart;
      total += weight;
    });
    // A little ridge: neighbours on a line or too few of them say nothing about the other directions.
    spread.diagonal().array() += 1e-3 * total + 1e-300;
    Eigen::Map<Eigen::VectorXd>(gradient.data() + i * d, d) = dense::solve_symmetric(spread, sum) / h;
  });
  return gradient;
}

std::vector<double> density_rate(const Neighbours& neighbours, const Smoothing& smoothing, double delta,
                                 const std::vector<double>& x, const std::vector<double>& v,
                                 const std::vector<double>& rho) {
  const auto shape = smoothing.shape;
  const double h = smoothing.h;
  const auto n = static_cast<std::int64_t>(rho.size()), d = static_cast<std::int64_t>(x.size()) / n;
  const double mass = 1.0 / static_cast<double>(n);
  const double norm = normalisation(shape, d) / std::pow(h, static_cast<double>(d + 2));
  std::vector<double> rate(rho.size(), 0.0);
  for_particles(n, [&](std::int64_t i) {
    double sum = 0;
    neighbours.for_neighbours(i, [&](std::int64_t j) {
      const Small apart = point(x, d, i) - point(x, d, j);
      const double F = norm * profile(shape, apart.norm() / h).F, there = rho[static_cast<std::size_t>(j)];
      sum -= mass * F * (point(v, d, i) - point(v, d, j)).dot(apart);
      sum += 2 * delta * h * mass / there * F * (there - rho[static_cast<std::size_t>(i)]);
    });
    rate[static_cast<std::size_t>(i)] = sum;
  });
  return rate;
}

}  // namespace scorefield::sph
