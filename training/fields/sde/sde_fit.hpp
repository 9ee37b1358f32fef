#pragma once

#include "training/fields/sde/increments.hpp"
#include "training/fields/sde/sde_model.hpp"
#include "training/fields/single_run.hpp"

namespace scorefield::training {

/// Fits drift and noise to increments. The drift is E[(X+ - X)/h | X] by the loss
///   mean over pairs and coordinates of (X+ - X - step of b)^2 / (h q),   q = E[(X+ - X)^2]/E[h],
/// with a Runge-Kutta step: first as a combination of a library's functions, of degrees that held-back increments
/// choose, by least squares; then with a network beside it, kept where held-back increments gain by it. The noise is
/// sigma^2 = E[(X+ - X - step of b)^2]/E[h] at the end, or its logarithm as a network of the state by maximum
/// likelihood beside the drift. `report`: at logging intervals. @throws DivergenceError
[[nodiscard]] SingleRun fit_sde(const IncrementTable& table, const models::Normalizer& normalizer,
                                const SingleRunOptions& options, SdeModel& model, const RunObserver& report);

}  // namespace scorefield::training
