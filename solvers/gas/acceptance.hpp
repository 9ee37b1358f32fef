#pragma once

#include <string>
#include <vector>

#include "solvers/gas/cloud.hpp"
#include "solvers/gas/mixture.hpp"

namespace scorefield::gas {

/// Squared energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'| of two clouds [d, N], and what two independent clouds of
/// their number have between them on average.
struct EnergyDistance {
  double value = 0, floor = 0;
};
[[nodiscard]] EnergyDistance energy_distance(const Matrix& x, const Matrix& y);

/// Sum of squares of E[s f + grad f] over random waves f under a bell around the component, in its whitened
/// coordinates: 0 for the target, up to sampling noise, which leaves the floor in independent draws. No feature is
/// affine.
struct SteinResidual {
  double value = 0, floor = 0;
};
[[nodiscard]] SteinResidual stein_residual(const Cloud& cloud, const Mixture::Component& component);

/// Why these particles of a component (column numbers) should stay as they were before a correction; empty: the
/// correction is an improvement. It is none where log p ceases to be a finite number, where the energy distance between
/// before and after is above its floor, or where the Stein residual grows and is
/// above half of its floor.
[[nodiscard]] std::string objection(const Cloud& before, const Cloud& after, const std::vector<Eigen::Index>& members,
                                    const Mixture::Component& component);

}  // namespace scorefield::gas
