#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "solvers/pic/kernel.hpp"
#include "solvers/pic/options.hpp"

namespace scorefield::pic {

/// x in any period of the box -> its 32-bit fraction, to the nearest.
[[nodiscard]] Position to_position(double x, double box_length);

/// Inverse of to_position, in [0, L) also after rounding to float.
[[nodiscard]] float to_coordinate(Position x, double box_length);

/// Number, sum of fractions and sum of squared fractions (TSC) of the particles in each cell, exact. Linear and
/// quadratic shapes need no more, so that a particle touches one or two numbers, not two or three.
class ChargeSums {
 public:
  ChargeSums(std::int64_t cells, Shape shape);

  void clear();
  /// Adds a block's packed sums (kernel.hpp); `squares` is looked at for TSC only.
  void add(const std::uint64_t* counts, const std::uint64_t* squares);
  /// Adds the sums of other particles in the same cells.
  void add(const ChargeSums& other);
  /// Adds particles one by one: the reference of the kernels' deposit, and the way in for foreign particles.
  void add(std::span<const Position> positions);
  /// n at nodes with mean 1 over `particles`. density: [cells]
  void density(std::int64_t particles, std::span<double> density) const;

 private:
  void fold(std::int64_t cell, double lower, double centre, double upper, std::span<double> density) const;

  std::int64_t cells_;
  Shape shape_;
  std::vector<std::int64_t> count_, first_, second_;  ///< [cells + 1]; the last cell is the first one, a box later
};

/// The velocity gained in one step, as the kernels look it up: [cells + 1] kicks, from -E dt at the nodes.
template <class Real>
class KickTable {
 public:
  KickTable(std::int64_t cells, Shape shape);

  void fill(std::span<const double> field, double dt);
  [[nodiscard]] const void* data() const {
    return shape_ == Shape::cic ? static_cast<const void*>(linear_.data())
                                : static_cast<const void*>(quadratic_.data());
  }
  /// -E dt at a particle.
  [[nodiscard]] Real at(Position x) const;

 private:
  std::int64_t cells_;
  Shape shape_;
  std::vector<LinearKick<Real>> linear_;
  std::vector<QuadraticKick<Real>> quadratic_;
};

/// 1/2 mu^2 integral of E^2 of equally weighted particles by the same deposit and solve as a run's.
/// samples: [N, stride] row-major with the position (any period) in the first column.
/// @throws Error naming the first particle whose position is not finite, or when there is none
[[nodiscard]] double electric_energy(std::span<const float> samples, std::int64_t stride, const PicOptions& options,
                                     double mu);

}  // namespace scorefield::pic
