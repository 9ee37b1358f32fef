#pragma once

#include <cstdint>
#include <vector>

#include "solvers/gas/cloud.hpp"

namespace scorefield::gas {

/// Chooses `count` of the points x [d, M] that stand for all of them with their weights [M] (positive, any sum): those
/// of least energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| in coordinates of unit deviation, one after the other
/// (kernel herding, arXiv 1203.3472) and then each once more while the others stay. The error of such a set falls
/// nearly as 1/count, down to that of the points themselves (support points, Mak and Joseph, Ann. Statist. 46, 2562).
/// O(M (min(M, kMostReferences) + count) d), the same for any number of threads. No index comes twice.
[[nodiscard]] std::vector<Eigen::Index> support_points(const Matrix& x, const Vector& weights, std::int64_t count);

/// The same for points that are candidates for other ones Y: `mean_distance` [M] is E|x_i - Y|, in the coordinates of
/// x. O(M count d).
[[nodiscard]] std::vector<Eigen::Index> support_points_among(const Matrix& x, const Vector& mean_distance,
                                                             std::int64_t count);

constexpr std::int64_t kMostReferences = 16384;  ///< points that E|X - Y| is taken over: every k-th of more

}  // namespace scorefield::gas
