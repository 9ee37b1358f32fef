#pragma once

#include <vector>

#include "solvers/sampling/method.hpp"

namespace scorefield::ift {

/// Methods ift, mmd-flow, noisy-mmd-flow and wfr; they share one set of options (keys ift.*), bound by the first.
/// Targets: sample sets, densities with exact draws, and with ift.energy = "kl" any density.
[[nodiscard]] std::vector<sampling::Method> methods();

}  // namespace scorefield::ift
