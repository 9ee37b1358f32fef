#include "solvers/pic/deposit.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "solvers/pic/poisson.hpp"

namespace scorefield::pic {
namespace {

struct Site {
  std::int64_t cell;
  std::int64_t fraction;
};

/// As in kernel.inl; here for the few particles outside of the hot loop.
Site site(Position x, std::int64_t cells, Shape shape) {
  const std::uint64_t half_cell = shape == Shape::tsc ? 0x80000000u : 0u;
  const std::uint64_t bits = (x * static_cast<std::uint64_t>(cells) + half_cell) >> kFractionBits;
  return {static_cast<std::int64_t>(bits >> kFractionBits), static_cast<std::int64_t>(bits & 0xffffu)};
}

}  // namespace

Position to_position(double x, double box_length) {
  const double turns = x / box_length;
  return static_cast<Position>(static_cast<std::uint64_t>(std::nearbyint((turns - std::floor(turns)) * 0x1p32)));
}

float to_coordinate(Position x, double box_length) {
  const auto coordinate = static_cast<float>(static_cast<double>(x) * 0x1p-32 * box_length);
  return coordinate < static_cast<float>(box_length) ? coordinate : 0.0f;
}

ChargeSums::ChargeSums(std::int64_t cells, Shape shape)
    : cells_(cells),
      shape_(shape),
      count_(static_cast<std::size_t>(cells + 1)),
      first_(count_.size()),
      second_(shape == Shape::tsc ? count_.size() : 0) {}

void ChargeSums::clear() {
  std::fill(count_.begin(), count_.end(), 0);
  std::fill(first_.begin(), first_.end(), 0);
  std::fill(second_.begin(), second_.end(), 0);
}

void ChargeSums::add(const std::uint64_t* counts, const std::uint64_t* squares) {
  for (std::size_t j = 0; j < count_.size(); ++j) {
    count_[j] += static_cast<std::int64_t>(counts[j] >> 32);
    first_[j] += static_cast<std::int64_t>(counts[j] & 0xffffffffu);
  }
  for (std::size_t j = 0; j < second_.size(); ++j) second_[j] += static_cast<std::int64_t>(squares[j]);
}

void ChargeSums::add(const ChargeSums& other) {
  for (std::size_t j = 0; j < count_.size(); ++j) {
    count_[j] += other.count_[j];
    first_[j] += other.first_[j];
  }
  for (std::size_t j = 0; j < second_.size(); ++j) second_[j] += other.second_[j];
}

void ChargeSums::add(std::span<const Position> positions) {
  for (const Position x : positions) {
    const auto [cell, fraction] = site(x, cells_, shape_);
    const auto j = static_cast<std::size_t>(cell);
    count_[j] += 1;
    first_[j] += fraction;
    if (shape_ == Shape::tsc) second_[j] += fraction * fraction;
  }
}

void ChargeSums::fold(std::int64_t cell, double lower, double centre, double upper, std::span<double> density) const {
  const std::int64_t left = cell == 0 ? cells_ - 1 : cell - 1, right = cell + 1 == cells_ ? 0 : cell + 1;
  density[static_cast<std::size_t>(left)] += lower;
  density[static_cast<std::size_t>(cell)] += centre;
  density[static_cast<std::size_t>(right)] += upper;
}

void ChargeSums::density(std::int64_t particles, std::span<double> density) const {
  std::fill(density.begin(), density.end(), 0.0);
  const double scale = static_cast<double>(cells_) / static_cast<double>(particles);
  for (std::size_t j = 0; j < count_.size(); ++j) {
    const std::int64_t cell = static_cast<std::int64_t>(j) % cells_;
    const auto number = static_cast<double>(count_[j]);
    if (shape_ == Shape::cic) {
      const double upper = static_cast<double>(first_[j]) / kFractions;
      fold(cell, 0, scale * (number - upper), scale * upper, density);
      continue;
    }
    // Sums of d and d^2, d = (w - 32768) / 65536 in [-1/2, 1/2); the weights are (1/2 -+ d)^2 / 2 and 3/4 - d^2.
    const std::int64_t half = 32768;
    const double d = static_cast<double>(first_[j] - half * count_[j]) / kFractions;
    const double d2 =
        static_cast<double>(second_[j] - 2 * half * first_[j] + half * half * count_[j]) / (kFractions * kFractions);
    const double outer = 0.125 * number + 0.5 * d2;
    fold(cell, scale * (outer - 0.5 * d), scale * (0.75 * number - d2), scale * (outer + 0.5 * d), density);
  }
}

template <class Real>
KickTable<Real>::KickTable(std::int64_t cells, Shape shape)
    : cells_(cells),
      shape_(shape),
      linear_(shape == Shape::cic ? static_cast<std::size_t>(cells + 1) : 0),
      quadratic_(shape == Shape::tsc ? static_cast<std::size_t>(cells + 1) : 0) {}

template <class Real>
void KickTable<Real>::fill(std::span<const double> field, double dt) {
  const auto cells = static_cast<std::size_t>(cells_);
  for (std::size_t j = 0; j < cells; ++j) {
    const double centre = -dt * field[j];
    const double right = -dt * field[j + 1 == cells ? 0 : j + 1];
    if (shape_ == Shape::cic) {
      linear_[j] = {static_cast<Real>(centre), static_cast<Real>((right - centre) / kFractions)};
      continue;
    }
    const double left = -dt * field[j == 0 ? cells - 1 : j - 1];
    quadratic_[j] = {static_cast<Real>(0.75 * centre + 0.125 * (left + right)),
                     static_cast<Real>(0.5 * (right - left) / kFractions),
                     static_cast<Real>((0.5 * (left + right) - centre) / (kFractions * kFractions)), Real(0)};
  }
  if (shape_ == Shape::cic) linear_[cells] = linear_[0];
  else quadratic_[cells] = quadratic_[0];
}

template <class Real>
Real KickTable<Real>::at(Position x) const {
  const auto [cell, fraction] = site(x, cells_, shape_);
  if (shape_ == Shape::cic) {
    const auto& kick = linear_[static_cast<std::size_t>(cell)];
    return kick.base + static_cast<Real>(fraction) * kick.slope;
  }
  const auto& kick = quadratic_[static_cast<std::size_t>(cell)];
  const Real offset = static_cast<Real>(fraction - 32768);
  return kick.base + offset * (kick.slope + offset * kick.curvature);
}

template class KickTable<float>;
template class KickTable<double>;

double electric_energy(std::span<const float> samples, std::int64_t stride, const PicOptions& options, double mu) {
  const auto step = static_cast<std::size_t>(stride);
  if (samples.empty() || samples.size() % step != 0)
    throw Error("electric energy of " + std::to_string(samples.size()) + " numbers in rows of " +
                std::to_string(stride) + ": expected a whole number of particles, at least one.");
  std::vector<Position> positions(samples.size() / step);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const double x = samples[i * step];
    if (!std::isfinite(x))
      throw Error("electric energy: the position of particle " + std::to_string(i) + " is not finite.");
    positions[i] = to_position(x, options.box_length);
  }
  ChargeSums charge(options.cells, options.shape);
  charge.add(positions);
  std::vector<double> density(static_cast<std::size_t>(options.cells)), field(density.size());
  charge.density(static_cast<std::int64_t>(positions.size()), density);
  const PeriodicPoisson poisson(options.cells, options.box_length, mu);
  poisson.solve(density, field);
  return poisson.energy(field);
}

}  // namespace scorefield::pic
