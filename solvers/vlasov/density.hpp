#pragma once

#include <span>
#include <vector>

#include "solvers/vlasov/simulation.hpp"

namespace scorefield::vlasov {

/// f at the present step at points (x_i, v_j), [x.size(), v.size()]: the grid's polynomials in x and, half a kick ahead
/// of what the grid holds, in v. x in any period.
[[nodiscard]] std::vector<double> density_at(const Simulation& simulation, std::span<const double> x,
                                             std::span<const double> v);

}  // namespace scorefield::vlasov
