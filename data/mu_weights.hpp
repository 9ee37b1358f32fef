#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "data/mu_set.hpp"

namespace scorefield::data {

/// The share of one value of a MuSet in what is made of several.
struct MuWeight {
  std::int64_t index = 0;
  double weight = 0;
};
/// Shares that add up to 1, by index; those that are 0 are left out.
using MuWeights = std::vector<MuWeight>;

/// Barycentric coordinates of `at` [p] in the simplex of the Delaunay triangulation that holds it, at most p + 1 shares
/// above 0; for one parameter, its two neighbours. Linear functions of mu are sum_i w_i f(mu_i) exactly. They are the
/// shares of least sum_i w_i |mu_i - at|^2 in units of the set, a linear programme. A value of the set is that alone.
/// Absent outside the convex hull (up to 1e-9 of a unit).
[[nodiscard]] std::optional<MuWeights> barycentric_weights(const MuSet& set, const std::vector<double>& at);

/// In inverse proportion to the distance, of the p + 1 values that are nearest. A value of the set is that alone.
[[nodiscard]] MuWeights inverse_distance_weights(const MuSet& set, const std::vector<double>& at);

/// Lagrange's weights of the four values around `at`, two on either side (the last four near an end); cubics of mu are
/// exact. Shares may be below 0. For one parameter and at least four values; for several, products of these where the
/// values are a full grid of at least three along every parameter (of three, parabolas). Absent otherwise, and outside
/// their range.
[[nodiscard]] std::optional<MuWeights> cubic_weights(const MuSet& set, const std::vector<double>& at);

}  // namespace scorefield::data
