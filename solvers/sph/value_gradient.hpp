#pragma once

#include <vector>

#include "solvers/sph/neighbours.hpp"

namespace scorefield::sph {

/// grad f at every particle from its values f [n] there: sum_j V_j (f_j - f_i) grad W_ij with the renormalisation
/// matrix that makes it exact for linear f on any arrangement; zero where the neighbours do not span the space. x: [n,
/// d].
[[nodiscard]] std::vector<double> gradient_of_values(const Neighbours& neighbours, const Smoothing& smoothing,
                                                     const std::vector<double>& x, const std::vector<double>& rho,
                                                     const std::vector<double>& f);

/// drho/dt of the continuity equation with diffusion delta c h (c = 1):
/// sum_j m (v_i - v_j).grad W_ij + 2 delta h sum_j V_j (rho_j - rho_i) F_ij.
[[nodiscard]] std::vector<double> density_rate(const Neighbours& neighbours, const Smoothing& smoothing, double delta,
                                               const std::vector<double>& x, const std::vector<double>& v,
                                               const std::vector<double>& rho);

}  // namespace scorefield::sph
