#pragma once

#include <span>
#include <vector>

#include "models/fields/position_basis.hpp"

namespace scorefield::models {

/// Linear combinations of a basis' functions at many positions, single precision: exp(i k.x) of a wave is a product of
/// powers of exp(2 pi i x_a / length_a), one of each axis, many positions side by side.
class WaveSum {
 public:
  /// The basis outlives this object.
  explicit WaveSum(const PositionBasis& basis);

  /// out_a += scale sum_j coefficients_ja phi_j(x).  coefficients: s C numbers, those of a component together; x, out:
  /// [N, s] row-major
  void add(std::span<const double> coefficients, float scale, std::span<const float> x, std::span<float> out) const;

 private:
  /// A function of the circle along one of its cells: base + share slope.
  struct Cell {
    float base, slope;
  };

  const PositionBasis& basis_;
  std::vector<Cell> cosine_, sine_;
};

}  // namespace scorefield::models
