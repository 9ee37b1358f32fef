#pragma once

#include <cstdint>
#include <span>

#include "solvers/mpm/options.hpp"

namespace scorefield::mpm {

/// Kirchhoff stress of one particle over its mass, in units where the isothermal gas has -I. Unit density at F = I.
/// Lame's parameters from Young's modulus and Poisson's ratio. Neo-Hookean: mu (F F^T - I) + lambda log J I; fixed
/// corotated: 2 mu (F - R) F^T + lambda (J - 1) J I; linear: (2 mu e + lambda tr e I) F^T, e = (F + F^T)/2 - I; von
/// Mises: Hencky's law with return mapping of the deviator, which changes F; Tait: -((1/J)^gamma - 1) J / gamma I, and
/// no tension: 0 for J > 1.
/// @param F [d * d] row-major, in and out; tau [d * d] out
void kirchhoff_stress(const MpmOptions& options, int d, double* F, double* tau);

/// Speed of sound in units of the gas's, which time steps must resolve: Tait's fluid J^(-(gamma - 1)/2), the solids' at
/// rest. F: [d * d] row-major
[[nodiscard]] double wave_speed(const MpmOptions& options, int d, const double* F);

}  // namespace scorefield::mpm
