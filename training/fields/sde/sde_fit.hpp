#pragma once

#include "training/fields/sde/increments.hpp"
#include "training/fields/sde/sde_model.hpp"
#include "training/fields/single_run.hpp"

namespace scorefield::training {

/// Fits drift and noise to increments: the drift to E[(X+ - X)/h | X] by the loss
///   mean over pairs and coordinates of (X+ - X - h b_midpoint(X))^2 / (h q),   q = E[(X+ - X)^2]/E[h],
/// whose minimiser makes one explicit midpoint step right, not the derivative; with the drift the noise, sigma^2 =
/// E[(X+ - X - h b_midpoint)^2]/E[h] at the end, or its logarithm as a network of the state by maximum likelihood
/// beside the drift. The model ends with averaged weights and a drift whose last layer is solved for by least squares.
/// `report`: at logging intervals. @throws DivergenceError
[[nodiscard]] SingleRun fit_sde(const IncrementTable& table, const models::Normalizer& normalizer,
                                const SingleRunOptions& options, SdeModel& model, const RunObserver& report);

}  // namespace scorefield::training
