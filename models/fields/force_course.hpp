#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::models {

/// Coefficients of a force over time at one mu: values and slopes at K times, cubic in between (Hermite), as they are
/// at the first and last time beyond those.
struct ForceCourse {
  std::vector<double> time;   ///< [K], increasing
  std::vector<double> value;  ///< [K, n]
  std::vector<double> slope;  ///< [K, n], d/dt

  [[nodiscard]] std::size_t size() const { return value.size() / time.size(); }
  /// n numbers at time t.
  void at(double t, std::span<double> coefficients) const;
  /// Their d/dt at time t, 0 beyond the first and last one.
  void slope_at(double t, std::span<double> slopes) const;
};

/// d/dt at the knots of the cubic spline through values [K, n] (not-a-knot; a parabola through three, a line through
/// two, 0 of one). @throws Error unless times increase
[[nodiscard]] std::vector<double> spline_slopes(const std::vector<double>& time, const std::vector<double>& value);

}  // namespace scorefield::models
