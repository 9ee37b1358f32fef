#pragma once

#include <cstdint>
#include <string>

#include "solvers/gas/cloud.hpp"
#include "solvers/gas/mixture.hpp"

namespace scorefield::gas {

struct PolishResult {
  double moved = 0;  ///< root mean square displacement in units of the clusters' deviations
  std::string note;  ///< where it was left out, and why
};

/// Moves every component's particles by affine velocities until Stein's identity holds for affine functions weighted
/// with the component's responsibility r: E[r s z^T + grad r z^T] + E[r] I = 0 and E[r s + grad r] = 0, z the
/// component's whitened coordinates. The target satisfies both exactly, so exact draws stay but for their sampling
/// error, which shrinks. Components whose scores are far from linear (G = E[r |s|^2] / (d E[r]) above 2) are left
/// alone, and so are clusters where the polished particles are no improvement (acceptance.hpp).
[[nodiscard]] PolishResult polish_cloud(Cloud& cloud, const Mixture& mixture, std::int64_t steps,
                                        const Evaluator& evaluate);

}  // namespace scorefield::gas
