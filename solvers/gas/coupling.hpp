#pragma once

#include <cstdint>
#include <vector>

#include "solvers/gas/cloud.hpp"

namespace scorefield::gas {

/// Coordinates z in which a funnel, a centred hierarchy or a curved ridge is nearly a Gaussian. Some coordinates F
/// stay, u = (x_F - centre) / scale; every other one is
///
///   x_j = m_j(u) + e^(l_j(u)) (z_j + b_j(u)),   l_j = G_j (1, u, sqrt(1 + u^2)),   m_j = A_j (1, u, u^2),   b_j = B_j
///   u.
///
/// With l_j = log tau and m_j = mu that is the non-centred form of a hierarchy. A bijection whatever the numbers are.
struct Coupling {
  std::vector<std::int64_t> fixed, driven;  ///< coordinates that stay, in order of their choice; the others
  Vector centre, scale;                     ///< [F]
  Matrix A, B, G;                           ///< [R, 1 + 2 F], [R, F], [R, 1 + 2 F]

  [[nodiscard]] bool empty() const { return fixed.empty(); }
  [[nodiscard]] Matrix to_straight(const Matrix& x) const;  ///< z from x, [d, N]
  [[nodiscard]] Matrix to_curved(const Matrix& z) const;    ///< x from z
  [[nodiscard]] Vector log_stretch(const Matrix& z) const;  ///< log |dx/dz|, [N]
  /// Density and score of x as those of z: log p + log |dx/dz| and its gradient.
  [[nodiscard]] Cloud straightened(const Cloud& x) const;
  [[nodiscard]] Evaluator straightened(const Evaluator& evaluate) const;

  void exchange(StateArchive& archive, std::int64_t d);
};

/// The coupling that makes the cloud most nearly Gaussian, chosen greedily coordinate by coordinate; an empty one where
/// neither the score's size nor a coordinate's mean depends on another coordinate, or where the gain is small. Only
/// d <= 64.
[[nodiscard]] Coupling fit_coupling(const Cloud& cloud);

}  // namespace scorefield::gas
