#pragma once

#include "solvers/gas/bridge.hpp"

namespace scorefield::gas {

/// log Z = log of the integral of p, and its standard error.
struct Evidence {
  double log_z = 0, error = 0;
};

/// By bridge sampling between each half of the points of p and draws of a mixture fitted to the other half, cluster by
/// cluster; the error is that of the bridges together with what the halves differ by. `independent`: how many
/// independent points they are worth, over their number.
[[nodiscard]] Evidence compute_evidence(const Cloud& points, const Mixture& mixture, double independent,
                                        std::uint64_t seed, std::uint64_t stream, const Evaluator& evaluate);

}  // namespace scorefield::gas
