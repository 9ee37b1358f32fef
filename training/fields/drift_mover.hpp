#pragma once

#include <memory>

#include "training/fields/mover.hpp"

namespace scorefield::models {
class ScoreNetwork;
}

namespace scorefield::training {

/// dX/dt = f(X) + b(X; mu, t) by the integrators, b the network's field and f the known part, as the loss's DriftUse
/// has it. growth: lambda of d log w/dt = s/lambda; 0: mass stays.
[[nodiscard]] std::shared_ptr<const Mover> make_drift_mover(std::shared_ptr<models::ScoreNetwork> network,
                                                            std::shared_ptr<const Loss> loss, double growth = 0);

}  // namespace scorefield::training
