#pragma once

#include <cstdint>
#include <functional>

#include "training/fields/sde/increments.hpp"
#include "training/fields/sde/sde_model.hpp"
#include "training/optim/options.hpp"
#include "training/verdict.hpp"

namespace scorefield::training {

/// How an SDE is trained.
struct SdeTraining {
  std::int64_t steps = 0;         ///< of the optimiser
  double time_limit_seconds = 0;  ///< 0: none
  std::int64_t log_every = 100;
  optim::OptimizerOptions optimizer{};
};

/// Where a training is; of its end.
struct SdeProgress {
  std::int64_t step = 0;
  double loss = 0, validation_loss = 0, learning_rate = 0, seconds = 0;
};

struct SdeFit {
  SdeProgress end;
  double step_seconds = 0;  ///< mean
  bool time_limit_reached = false, interrupted = false;
  History history;
};

/// Fits drift and noise to increments: the drift to E[(X+ - X)/h | X] by the loss
///   mean over pairs and coordinates of (X+ - X - h b_midpoint(X))^2 / (h q),   q = E[(X+ - X)^2]/E[h],
/// whose minimiser makes one explicit midpoint step right, not the derivative; with the drift the noise, sigma^2 =
/// E[(X+ - X - h b_midpoint)^2]/E[h] at the end, or its logarithm as a network of the state by maximum likelihood
/// beside the drift. The model ends with averaged weights and a drift whose last layer is solved for by least squares.
/// `report`: at logging intervals. @throws DivergenceError
[[nodiscard]] SdeFit fit_sde(const IncrementTable& table, const models::Normalizer& normalizer,
                             const SdeTraining& training, SdeModel& model,
                             const std::function<void(const SdeProgress&)>& report);

}  // namespace scorefield::training
