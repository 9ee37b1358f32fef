#pragma once

#include <span>
#include <vector>

#include "solvers/pic/loading.hpp"

namespace scorefield::vlasov {

/// A periodic grid function between its nodes: Lagrange interpolation of degree 5, x in any period.
[[nodiscard]] double interpolate_periodic(std::span<const double> values, double box_length, double x);

/// Moves particles along the characteristics of a field that is given at nodes: a kick by a dt with a = -E(x), then a
/// drift by v dt, velocities being half a step behind as everywhere. x stays in [0, L).
void advance_particles(pic::Particles& particles, std::span<const double> field, double box_length, double dt);

}  // namespace scorefield::vlasov
