#pragma once

#include <vector>

#include "solvers/sampling/method.hpp"

namespace scorefield::mcmc {

/// Langevin chains, one per particle, all in one batched evaluation a step:
///   y = x + e/2 C score(x) + sqrt(e) C^(1/2) xi,   C diagonal: the cloud's variances, followed during the burn-in
/// MALA accepts y with the Metropolis rule and needs log p; ULA takes every y and is biased by O(e).
struct LangevinOptions {
  double step = 0;       ///< e; 0: tuned. MALA: to the acceptance below during the burn-in; ULA: .1 d^(-1/3)
  double burn_in = 0.5;  ///< share of the steps in which step and preconditioner adapt
  double acceptance = 0.574;
};

/// Keys langevin.*, shared by both.
void bind(OptionSet& set, LangevinOptions& options);

/// Methods ula and mala.
[[nodiscard]] std::vector<sampling::Method> methods();

}  // namespace scorefield::mcmc
