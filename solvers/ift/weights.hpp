#pragma once

#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace scorefield::ift {

/// Nearest point of the simplex {w >= 0, sum w = 1} in Euclidean distance.
void project_on_simplex(std::vector<double>& w);

/// 1 / sum w^2 for weights of sum 1: between 1 and their number.
[[nodiscard]] double effective_size(const std::vector<double>& w);

/// Puts the lightest particles beside the heaviest, both with half of the pair's mass, until the effective size reaches
/// `share` of the number or no particle is at least twice as heavy as the lightest. The copy lies half the distance to
/// the nearest neighbour (before any split) away (at least `spread` / 50) in a random direction. x: [n, d]. Returns the
/// number of splits.
std::int64_t split_heavy(std::vector<double>& x, std::vector<double>& w, std::int64_t d, double share, double spread,
                         const Philox& random);

}  // namespace scorefield::ift
