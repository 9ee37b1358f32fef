#pragma once

#include <cstdint>
#include <span>

#include "solvers/mpm/options.hpp"

namespace scorefield::mpm {

/// Kirchhoff stress of one particle over its mass, in units where the isothermal gas has -I. Unit density at F = I.
/// Lame's parameters from Young's modulus and Poisson's ratio. Neo-Hookean: mu (F F^T - I) + lambda log J I; fixed
/// corotated: 2 mu (F - R) F^T + lambda (J - 1) J I; linear: 2 mu e + lambda tr e I, e = (F + F^T)/2 - I; von Mises: Hencky's
/// law with return mapping of the deviator, which changes F; Tait: -((1/J)^gamma - 1) J / gamma I.
/// @param F [d * d] row-major, in and out; tau [d * d] out
void kirchhoff_stress(const MpmOptions& options, int d, double* F, double* tau);

}  // namespace scorefield::mpm
