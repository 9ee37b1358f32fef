#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace scorefield::vlasov {

/// Draws from a density on a grid, periodic in x and zero beyond the ends in v, bilinear between the nodes: the inverse
/// of the cumulative distribution in x, then in v given x. Negative values count as zero; what that adds is
/// negative_share().
class GridSampler {
 public:
  /// f: [cells, velocities.size()], kept by reference
  GridSampler(std::span<const double> f, std::span<const double> velocities, double box_length);

  /// (x, v) from two uniform numbers in (0, 1), x in [0, L).
  [[nodiscard]] std::array<double, 2> draw(double along_x, double along_v) const;

  /// Mass of the negative part over the mass of the positive one, at least 0.
  [[nodiscard]] double negative_share() const { return negative_share_; }

 private:
  [[nodiscard]] double cumulative(std::size_t left, std::size_t right, double weight, std::size_t j) const;

  std::span<const double> f_, velocities_;
  double box_length_;
  std::size_t cells_, count_;
  std::vector<double> row_cumulative_;  ///< [cells, count]: integral along v, in cells
  std::vector<double> density_;         ///< [cells], its end
  std::vector<double> cumulative_;      ///< [cells + 1]: integral along x, in cells
  double negative_share_ = 0;
};

}  // namespace scorefield::vlasov
