#pragma once

#include <vector>

namespace scorefield::training {

/// x with H x = g, H [n, n] symmetric and positive semi-definite, row-major. Components that H leaves undetermined are
/// 0, as if the unknown were not there.
[[nodiscard]] std::vector<double> solve_semidefinite(std::vector<double> matrix, std::vector<double> right);

/// F(at + s) = F + slope.s + s.curvature.s / 2 on the box [low, high].
struct QuadraticModel {
  std::vector<double> at, slope, curvature;  ///< [p], [p], [p, p]
  std::vector<double> low, high;             ///< [p]
};

/// Where the model is least: its minimum, and wherever that leaves the box, the minimum over the parameters that are
/// left with the others on the boundary.
[[nodiscard]] std::vector<double> bounded_minimum(const QuadraticModel& model);

}  // namespace scorefield::training
