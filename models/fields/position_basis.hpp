#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::models {

/// One position coordinate of a force.
struct PositionAxis {
  double origin = 0;      ///< where its waves begin
  double length = 1;      ///< the longest wave: the period, or the padded range of a coordinate that is not periodic
  bool periodic = false;  ///< else a linear function joins the waves
};

/// Functions phi_j of s positions, s = 1, 2 or 3, in which forces are linear:
///   1,   (x_a - middle) / length of every axis that is not periodic,   cos(k.x) and sin(k.x) of waves k
/// with k_a = 2 pi n_a / length_a, n whole, |n| <= modes, one of n and -n.
class PositionBasis {
 public:
  /// @throws Error unless there are one to three axes of positive length and modes is at least 1
  PositionBasis(std::vector<PositionAxis> axes, std::int64_t modes);

  /// s
  [[nodiscard]] std::size_t dimension() const { return axes_.size(); }
  /// C
  [[nodiscard]] std::size_t size() const { return first_wave() + 2 * waves_.size(); }
  [[nodiscard]] const std::vector<PositionAxis>& axes() const { return axes_; }
  [[nodiscard]] std::int64_t modes() const { return modes_; }

  /// Where the cosine of the first wave stands; cosine and sine of wave w at first_wave() + 2 w and one further.
  [[nodiscard]] std::size_t first_wave() const { return 1 + linear_.size(); }
  [[nodiscard]] std::size_t waves() const { return waves_.size(); }
  /// n of wave w; 0 beyond s.
  [[nodiscard]] const std::array<std::int64_t, 3>& periods(std::size_t w) const { return waves_[w]; }
  /// Axes of the linear functions, in their order.
  [[nodiscard]] const std::vector<std::size_t>& linear_axes() const { return linear_; }
  /// The angular wave numbers of wave w, [s].
  [[nodiscard]] std::vector<double> wave(std::size_t w) const;

  /// x: [s] -> phi [C].
  void values(std::span<const double> x, std::span<double> phi) const;
  /// The same with slopes dphi_j/dx_a at a * C + j, [s C].
  void values(std::span<const double> x, std::span<double> phi, std::span<double> slopes) const;

 private:
  std::vector<PositionAxis> axes_;
  std::int64_t modes_;
  std::vector<std::size_t> linear_;                 ///< axes that are not periodic
  std::vector<std::array<std::int64_t, 3>> waves_;  ///< n
};

}  // namespace scorefield::models
