#pragma once

#include <array>
#include <cstdint>

namespace scorefield::vlasov {

inline constexpr int kMinDegree = 3, kMaxDegree = 9;
inline constexpr int kMaxTaps = kMaxDegree + 5;
inline constexpr double kLargestDiffusion = 0.375;  ///< eta dt / h^2 for which no wave is amplified

/// A displacement by any number of cells as weights on neighbouring nodes: new[j] = sum_m weight[m] old[j + first + m].
struct Stencil {
  std::int64_t first = 0;
  int taps = 0;
  std::array<double, kMaxTaps> weight{};
};

/// Moves a grid function by `shift` cells to the right: Lagrange interpolation at j - shift of odd degree p through the
/// p + 1 nodes around it. Centred, so it amplifies no wave; the weights sum to one, so sums over the nodes are kept,
/// and so are the moments up to degree p of what it moves.
[[nodiscard]] Stencil shift_stencil(double shift, std::int64_t degree);

/// The same, then one explicit step of diffusion with the fourth-order second difference; `number` = eta dt / h^2.
[[nodiscard]] Stencil shift_and_diffuse_stencil(double shift, std::int64_t degree, double number);

}  // namespace scorefield::vlasov
