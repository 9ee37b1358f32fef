#include "training/fields/force/own_field.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/parallel.hpp"

namespace scorefield::training {
namespace {

using dense::Matrix;
using dense::Vector;
using Eigen::Index;

constexpr std::size_t kBlock = 4096;
/// Parts of a rollout that are looked at one by one: a weak field at its start hides behind a strong one.
constexpr std::size_t kParts = 6;
/// Fields disagree where they differ by more than so many floors and by that share of what is imposed.
constexpr double kFloors = 3, kShare = 0.3;

Matrix waves_of(const models::PositionBasis& basis, const Matrix& coefficients) {
  return coefficients.bottomRows(static_cast<Index>(2 * basis.waves()));
}

/// E[phi], and sum w^2 / (sum w)^2.
std::pair<Vector, double> density_of(const models::PositionBasis& basis, const models::KineticPairs& pairs,
                                     std::span<const float> samples, std::span<const float> weights) {
  const std::size_t s = basis.dimension(), d = 2 * s, c = basis.size(), count = samples.size() / d;
  const std::size_t blocks = (count + kBlock - 1) / kBlock;
  std::vector<std::vector<double>> sums(blocks, std::vector<double>(c + 2));
  parallel_for(static_cast<std::int64_t>(blocks), [&](std::int64_t b) {
    auto& sum = sums[static_cast<std::size_t>(b)];
    std::vector<double> phi(c);
    const std::size_t begin = static_cast<std::size_t>(b) * kBlock;
    for (std::size_t i = begin; i < std::min(count, begin + kBlock); ++i) {
      std::array<double, 3> x{};
      for (std::size_t a = 0; a < s; ++a) x[a] = samples[i * d + pairs.position[a]];
      basis.values({x.data(), s}, phi);
      const double weight = weights.empty() ? 1 : weights[i];
      for (std::size_t j = 0; j < c; ++j) sum[j] += weight * phi[j];
      sum[c] += weight;
      sum[c + 1] += weight * weight;
    }
  });
  for (std::size_t b = 1; b < blocks; ++b)
    for (std::size_t j = 0; j < c + 2; ++j) sums[0][j] += sums[b][j];
  const double total = sums[0][c];
  Vector density = Eigen::Map<const Vector>(sums[0].data(), static_cast<Index>(c)) / total;
  return {std::move(density), sums[0][c + 1] / (total * total)};
}

}  // namespace

Matrix own_force(const models::PositionBasis& basis, const Vector& density, double g) {
  const auto s = static_cast<Index>(basis.dimension());
  Matrix force = Matrix::Zero(static_cast<Index>(basis.size()), s);
  for (std::size_t w = 0; w < basis.waves(); ++w) {
    const auto at = static_cast<Index>(basis.first_wave() + 2 * w);
    const auto k = basis.wave(w);
    double squared = 0;
    for (const double part : k) squared += part * part;
    for (Index a = 0; a < s; ++a) {
      const double factor = 2 * g * k[static_cast<std::size_t>(a)] / squared;
      force(at, a) = -factor * density[at + 1];
      force(at + 1, a) = factor * density[at];
    }
  }
  return force;
}

void ResponseFit::add(const models::PositionBasis& basis, const Matrix& force, const Vector& density) {
  const Matrix waves = waves_of(basis, force), own = waves_of(basis, own_force(basis, density, 1));
  product_ += waves.cwiseProduct(own).sum();
  squares_ += own.squaredNorm();
  force_squares_ += waves.squaredNorm();
}

double ResponseFit::unexplained() const {
  if (!(squares_ > 0) || !(force_squares_ > 0)) return 1;
  return std::max(0.0, 1 - product_ * product_ / squares_ / force_squares_);
}

OwnFieldWatch::OwnFieldWatch(const models::PositionBasis& basis, models::KineticPairs pairs, models::ForceCourse course,
                             double g)
    : basis_(basis), pairs_(std::move(pairs)), course_(std::move(course)), g_(g) {}

void OwnFieldWatch::see(double time, std::span<const float> samples, std::span<const float> weights) {
  const auto [density, inverse_count] = density_of(basis_, pairs_, samples, weights);
  std::vector<double> coefficients(course_.size());
  course_.at(time, coefficients);
  const auto rows = static_cast<Index>(basis_.size()), columns = static_cast<Index>(basis_.dimension());
  const Matrix imposed = waves_of(basis_, Eigen::Map<const Matrix>(coefficients.data(), rows, columns));
  const Matrix own = waves_of(basis_, own_force(basis_, density, g_));
  // E[cos], E[sin] of N random particles have the variance 1/(2 N); a wave's mean square in space is half its squares.
  double floor = 0;
  for (std::size_t w = 0; w < basis_.waves(); ++w) {
    double squared = 0;
    for (const double part : basis_.wave(w)) squared += part * part;
    floor += 2 * g_ * g_ / squared * inverse_count;
  }
  seen_.push_back({time, imposed.squaredNorm() / 2, own.squaredNorm() / 2, (own - imposed).squaredNorm() / 2, floor});
}

FieldCheck OwnFieldWatch::result() const {
  FieldCheck check;
  const auto sums = [&](std::size_t begin, std::size_t end) {
    Seen sum{};
    for (std::size_t i = begin; i < end; ++i) {
      sum.imposed += seen_[i].imposed;
      sum.own += seen_[i].own;
      sum.difference += seen_[i].difference;
      sum.floor += seen_[i].floor;
    }
    return sum;
  };
  const auto all = sums(0, seen_.size());
  if (!(all.imposed > 0)) return check;
  check.energy_ratio = all.own / all.imposed;
  check.difference = std::sqrt(all.difference / all.imposed);
  check.floor = std::sqrt(all.floor / all.imposed);
  double worst = 0;
  const std::size_t parts = std::min(kParts, seen_.size());
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = part * seen_.size() / parts, end = (part + 1) * seen_.size() / parts;
    const auto sum = sums(begin, end);
    const double allowed = std::max(kFloors * kFloors * sum.floor, kShare * kShare * sum.imposed);
    if (!(sum.difference > allowed) || !(sum.difference > worst * allowed)) continue;
    worst = sum.difference / allowed;
    char text[400];
    std::snprintf(text, sizeof text,
                  "from time %g to %g its particles make a field of %.3g times the energy of the one that moves them; "
                  "the two differ by %.3g of it, %.3g times what so few particles explain",
                  seen_[begin].time, seen_[end - 1].time, sum.own / sum.imposed,
                  std::sqrt(sum.difference / sum.imposed), std::sqrt(sum.difference / sum.floor));
    check.warning = text;
  }
  return check;
}

}  // namespace scorefield::training
