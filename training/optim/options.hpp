#pragma once

#include <cstdint>

#include "core/options.hpp"

namespace scorefield::optim {

enum class OptimizerKind { adam, soap };

/// How the weights are moved: the algorithm, its learning-rate schedule, clipping and averaging.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::soap;
  double learning_rate = 5e-3;   ///< peak of the schedule
  double warmup = 0.02;          ///< fraction of the run over which the rate rises linearly from 0
  double final_fraction = 0.01;  ///< rate at the end over the peak
  double beta1 = -1;             ///< memory of the mean gradient; negative: the method's own (adam .9, soap .95)
  double beta2 = -1;             ///< memory of the mean square; negative: the method's own (adam .999, soap .95)
  double epsilon = 1e-8;         ///< added to the root of the mean square
  double weight_decay = 0;       ///< decoupled: weights shrink by learning_rate * weight_decay a step
  std::int64_t precondition_frequency = 10;  ///< soap: steps between two refreshes of an eigenbasis
  std::int64_t max_precond_dim = 256;        ///< soap: longer sides of a matrix are not preconditioned
  double clip_norm = 1;                      ///< largest norm of all gradients together; 0: no clipping
  double ema_decay = 0.999;                  ///< decay of the averaged weights; 0: the weights themselves

  /// The betas in force: those set, else the method's own.
  [[nodiscard]] double resolved_beta1() const { return beta1 >= 0 ? beta1 : kind == OptimizerKind::adam ? 0.9 : 0.95; }
  [[nodiscard]] double resolved_beta2() const {
    return beta2 >= 0 ? beta2 : kind == OptimizerKind::adam ? 0.999 : 0.95;
  }
};

/// Keys optimizer.* (the algorithm) and training.learning_rate, .warmup, .final_fraction, .clip_norm, .ema_decay.
void bind(OptionSet& set, OptimizerOptions& options);

}  // namespace scorefield::optim
