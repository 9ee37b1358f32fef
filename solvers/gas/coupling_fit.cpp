// Which coordinates drive the others, and how: maximum likelihood of x_j given the coordinates that stay.
#include <algorithm>
#include <cmath>

#include "solvers/gas/coupling.hpp"

namespace scorefield::gas {
namespace {

constexpr double kNoticed = 0.25;     ///< correlation from which on a coordinate counts as a driver
constexpr double kWorthwhile = 0.04;  ///< gain in nats a particle of one more coordinate that stays
constexpr std::size_t kMostDrivers = 6, kMostFixed = 10;
constexpr Eigen::Index kMostCoordinates = 64, kMostFitted = 2000;

/// A cloud in units of its mean and deviation, and log of the score's squares.
struct Standard {
  Matrix z, log_force;  ///< [d, N]
  Vector mean, deviation;
};

Matrix centred_rows(const Matrix& m) {
  Matrix c = m.colwise() - Vector(m.rowwise().mean());
  for (Eigen::Index i = 0; i < c.rows(); ++i) c.row(i) /= c.row(i).norm() + 1e-300;
  return c;
}

Standard standardise(const Cloud& cloud) {
  Standard s;
  const double n = static_cast<double>(cloud.count());
  s.mean = cloud.x.rowwise().mean();
  s.z = cloud.x.colwise() - s.mean;
  s.deviation = (s.z.rowwise().norm() / std::sqrt(n)).cwiseMax(1e-300);
  s.z = s.deviation.cwiseInverse().asDiagonal() * s.z;
  const Matrix force = s.deviation.asDiagonal() * cloud.score;
  s.log_force = (force.array().square() + 1e-12).log();
  return s;
}

/// What each coordinate does to others: the squares of noticed correlations of log s_j^2, and of x_j with u^2.
struct Influence {
  Vector scale, bend;  ///< [d]
};

Influence influence(const Standard& s) {
  const Matrix u = centred_rows(s.z), log_force = centred_rows(s.log_force), squares = centred_rows(s.z.cwiseAbs2());
  const Matrix drives = dense::product_transposed(u, log_force), bends = dense::product_transposed(squares, u);
  const auto noticed = [](const Matrix& m, Eigen::Index i) {
    double sum = 0;
    for (Eigen::Index j = 0; j < m.cols(); ++j)
      if (i != j && std::abs(m(i, j)) > kNoticed) sum += m(i, j) * m(i, j);
    return sum;
  };
  Influence found{Vector(u.rows()), Vector(u.rows())};
  for (Eigen::Index i = 0; i < u.rows(); ++i) {
    found.scale[i] = noticed(drives, i);
    found.bend[i] = noticed(bends, i);
  }
  return found;
}

/// Features of the coordinates that stay.
struct Features {
  Matrix mean, log, add;  ///< [1 + F + curves, N], [1 + 2 scales, N], [scales, N]
  std::vector<std::size_t> curves, scales;
};

Features features(const Standard& s, const std::vector<std::int64_t>& fixed, const Influence& of) {
  Features f;
  for (std::size_t k = 0; k < fixed.size(); ++k) {
    if (of.bend[fixed[k]] > 0) f.curves.push_back(k);
    if (of.scale[fixed[k]] > 0) f.scales.push_back(k);
  }
  const auto n = s.z.cols(), F = static_cast<Eigen::Index>(fixed.size()),
             C = static_cast<Eigen::Index>(f.curves.size()), D = static_cast<Eigen::Index>(f.scales.size());
  const Matrix u = s.z(fixed, Eigen::all), ud = u(f.scales, Eigen::all);
  f.mean = Matrix::Ones(1 + F + C, n);
  f.mean.middleRows(1, F) = u;
  f.mean.bottomRows(C) = Matrix(u(f.curves, Eigen::all)).cwiseAbs2();
  f.log = Matrix::Ones(1 + 2 * D, n);
  f.log.middleRows(1, D) = ud;
  f.log.bottomRows(D) = (1 + ud.array().square()).sqrt();
  f.add = ud;
  return f;
}

/// x = a' mean + e^l (z + b' add), l = g' log.
struct Row {
  Vector a, b, g;
  double likelihood = -1e300;  ///< nats a particle, up to a constant
};

/// Least squares with a slight pull to zero.
Vector regress(const Matrix& f, const Vector& y) {
  Matrix gram = dense::product_transposed(f, f);
  gram.diagonal().array() += 1e-4 * gram.trace() / static_cast<double>(gram.rows()) + 1e-300;
  return dense::solve_symmetric(gram, f * y);
}

/// One coordinate by alternation: the mean by weighted least squares, the scale first from log r^2, then by scoring.
Row fit_row(const Features& f, const Vector& x, Vector g) {
  constexpr int kRounds = 10, kRough = 4;
  const auto p = f.mean.rows(), q = f.add.rows();
  Row best;
  for (int round = 0; round < kRounds; ++round) {
    const Vector log = (f.log.transpose() * g).cwiseMax(-12).cwiseMin(12);
    const Eigen::RowVectorXd weight = (-log).array().exp();
    Matrix all(p + q, x.size());  // both sides divided by e^l
    all.topRows(p) = f.mean * weight.asDiagonal();
    all.bottomRows(q) = f.add;
    const Vector y = x.cwiseProduct(weight.transpose()), c = regress(all, y), r = y - all.transpose() * c;
    const double likelihood = -(log + 0.5 * r.cwiseAbs2()).mean();
    if (likelihood > best.likelihood) best = {c.head(p), c.tail(q), g, likelihood};
    if (round < kRough) {
      g = regress(f.log, 0.5 * ((r.cwiseAbs2().array() + 1e-10).log() + 1.27).matrix() + log);
    } else {
      Vector step = 0.5 * regress(f.log, (r.cwiseAbs2().array().min(9.0) - 1).matrix());
      const double longest = (f.log.transpose() * step).cwiseAbs().maxCoeff();
      g += step * std::min(1.0, 1 / (longest + 1e-300));
    }
  }
  return best;
}

/// Everything about one choice of coordinates that stay.
struct Candidate {
  Coupling coupling;
  double gain = 0;  ///< nats a particle over the identity
};

double log_volume(const Matrix& z) {
  Matrix c = dense::covariance(z, z.rowwise().mean());
  c.diagonal().array() += 1e-10 * c.trace() / static_cast<double>(c.rows()) + 1e-300;
  const auto factor = dense::try_cholesky(c, "the cloud's covariance");
  return factor ? factor->diagonal().array().log().sum() : 1e300;
}

Candidate try_fixed(const Standard& s, const std::vector<std::int64_t>& fixed, const Influence& of, double volume) {
  const auto d = s.z.rows(), F = static_cast<Eigen::Index>(fixed.size());
  const auto f = features(s, fixed, of);
  Coupling c;
  c.fixed = fixed;
  for (std::int64_t j = 0; j < d; ++j)
    if (std::find(fixed.begin(), fixed.end(), j) == fixed.end()) c.driven.push_back(j);
  const auto R = static_cast<Eigen::Index>(c.driven.size());
  c.A = c.G = Matrix::Zero(R, 1 + 2 * F);
  c.B = Matrix::Zero(R, F);
  c.centre = Vector::Zero(F);
  c.scale = Vector::Ones(F);
  for (Eigen::Index k = 0; k < R; ++k) {
    const auto j = c.driven[static_cast<std::size_t>(k)];
    const Vector x = s.z.row(j).transpose();
    const Vector by_force = regress(f.log, -0.5 * s.log_force.row(j).transpose());
    Row row = fit_row(f, x, Vector::Zero(f.log.rows()));
    if (const Row other = fit_row(f, x, by_force); other.likelihood > row.likelihood) row = other;
    c.A.row(k).head(1 + F) = row.a.head(1 + F);
    for (std::size_t i = 0; i < f.curves.size(); ++i)
      c.A(k, 1 + F + static_cast<Eigen::Index>(f.curves[i])) = row.a[1 + F + static_cast<Eigen::Index>(i)];
    c.G(k, 0) = row.g[0];
    const auto D = static_cast<Eigen::Index>(f.scales.size());
    for (Eigen::Index i = 0; i < D; ++i) {
      const auto at = static_cast<Eigen::Index>(f.scales[static_cast<std::size_t>(i)]);
      c.G(k, 1 + at) = row.g[1 + i];
      c.G(k, 1 + F + at) = row.g[1 + D + i];
      c.B(k, at) = row.b[i];
    }
  }
  const Matrix z = c.to_straight(s.z);
  if (!z.allFinite()) return {{}, -1e300};
  return {c, volume - log_volume(z) - c.log_stretch(z).mean()};
}

/// From units of the standardised cloud to its own.
Coupling in_own_units(Coupling c, const Standard& s) {
  for (std::size_t i = 0; i < c.fixed.size(); ++i) {
    c.centre[static_cast<Eigen::Index>(i)] = s.mean[c.fixed[i]];
    c.scale[static_cast<Eigen::Index>(i)] = s.deviation[c.fixed[i]];
  }
  for (std::size_t k = 0; k < c.driven.size(); ++k) {
    const auto row = static_cast<Eigen::Index>(k);
    const double unit = s.deviation[c.driven[k]];
    c.A.row(row) *= unit;
    c.A(row, 0) += s.mean[c.driven[k]];
    c.G(row, 0) += std::log(unit);
  }
  return c;
}

std::vector<std::int64_t> most_influential(const Influence& of) {
  const Vector total = of.scale + of.bend;
  std::vector<std::int64_t> order;
  for (Eigen::Index i = 0; i < total.size(); ++i)
    if (total[i] > 0) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return total[a] > total[b]; });
  if (order.size() > kMostDrivers) order.resize(kMostDrivers);
  return order;
}

Cloud some_of(const Cloud& cloud, Eigen::Index most) {
  if (cloud.count() <= most) return cloud;
  std::vector<Eigen::Index> chosen;
  for (Eigen::Index k = 0; k < most; ++k) chosen.push_back(k * cloud.count() / most);
  Cloud some;
  some.x = cloud.x(Eigen::all, chosen);
  some.score = cloud.score(Eigen::all, chosen);
  return some;
}

/// `fixed` with one more coordinate, or with a driver and another: whichever gains most.
Candidate extend(const Standard& s, const std::vector<std::int64_t>& fixed, const Influence& of, double volume,
                 const std::vector<std::int64_t>& drivers) {
  Candidate best{{}, -1e300};
  const auto consider = [&](std::vector<std::int64_t> more) {
    if (static_cast<Eigen::Index>(more.size()) >= s.z.rows() || more.size() > kMostFixed) return;
    if (auto found = try_fixed(s, more, of, volume); found.gain > best.gain) best = std::move(found);
  };
  const auto without = [&](std::int64_t i) { return std::find(fixed.begin(), fixed.end(), i) == fixed.end(); };
  for (const auto i : drivers) {
    if (!without(i)) continue;
    auto more = fixed;
    more.push_back(i);
    consider(more);
  }
  for (std::int64_t j = 0; j < s.z.rows(); ++j) {  // its mean alone matters
    if (!without(j)) continue;
    auto more = fixed;
    if (fixed.empty()) more.push_back(drivers.front());
    if (std::find(more.begin(), more.end(), j) != more.end()) continue;
    more.push_back(j);
    consider(more);
  }
  return best;
}

}  // namespace

Coupling fit_coupling(const Cloud& cloud) {
  if (cloud.dimension() < 2 || cloud.dimension() > kMostCoordinates || cloud.count() < 20 * cloud.dimension())
    return {};
  const auto s = standardise(some_of(cloud, kMostFitted));
  const auto of = influence(s);
  const auto drivers = most_influential(of);
  if (drivers.empty()) return {};
  const double volume = log_volume(s.z);
  Candidate best;
  for (;;) {
    auto next = extend(s, best.coupling.fixed, of, volume, drivers);
    const double more = static_cast<double>(next.coupling.fixed.size() - best.coupling.fixed.size());
    if (!(next.gain > best.gain + kWorthwhile * more)) break;
    best = std::move(next);
  }
  return best.coupling.empty() ? Coupling{} : in_own_units(std::move(best.coupling), s);
}

}  // namespace scorefield::gas
