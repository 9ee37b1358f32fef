#pragma once

#include <cstdint>
#include <vector>

namespace scorefield::reduction {

/// Weighted particles, row-major; the arrays must outlive it.
struct Population {
  std::int64_t count = 0, dimension = 0;  ///< N, d
  const double* x = nullptr;              ///< [N, d]
  const double* weights = nullptr;        ///< [N], not negative; null: all 1
  std::vector<double> periods{};          ///< [d], 0 = not periodic; empty: none is
};

/// Quantities [c][N] whose weighted sums over the particles are kept.
using Features = std::vector<std::vector<double>>;

/// The charge (the sum of weights) is always kept. Per coordinate that is not periodic: x_c and x_c^2, which keep
/// momentum and energy whichever coordinates are velocities.
[[nodiscard]] Features moments_of(const Population& population);

/// Particles that stand for a population.
struct Reduced {
  std::vector<std::int64_t> rows;  ///< [n] of the population, each at most once
  std::vector<double> weights;     ///< [n], above 0
};

/// Chooses n of the particles by least energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| to all of them: support
/// points (Mak and Joseph, Ann. Statist. 46, 2562) by herding and one exchange of each, in coordinates of unit
/// deviation, periodic ones on their circle. Candidates are kCandidates n particles drawn by weight; their distances to
/// the whole population are exact. Equal weights then become w_i exp(lambda . f_i) with the least lambda that keeps the
/// charge and the features' sums, to rounding (1e-12 of sum w |f|). O(kCandidates n N d); the same for any number of
/// threads.
/// @throws Error if n is too small for the features (fewer than 4 particles for each), or above the population's number
[[nodiscard]] Reduced reduce(const Population& population, const Features& features, std::int64_t n, std::uint64_t seed,
                             std::uint64_t stream);

constexpr std::int64_t kCandidates = 10;

}  // namespace scorefield::reduction
