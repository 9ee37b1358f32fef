#include "training/optim/options.hpp"

namespace scorefield::optim {

void bind(OptionSet& set, OptimizerOptions& options) {
  set.add("optimizer.name", options.kind, {{"adam", OptimizerKind::adam}, {"soap", OptimizerKind::soap}},
          "algorithm: soap (Adam in the eigenbasis of Kronecker factors) or adam");
  set.add("optimizer.beta1", options.beta1, below(1), "memory of the mean gradient; -1: adam 0.9, soap 0.95");
  set.add("optimizer.beta2", options.beta2, below(1), "memory of the mean squared gradient; -1: adam 0.999, soap 0.95");
  set.add("optimizer.epsilon", options.epsilon, above(0), "added to the root of the mean squared gradient");
  set.add("optimizer.weight_decay", options.weight_decay, at_least(0), "decoupled weight decay");
  set.add("optimizer.precondition_frequency", options.precondition_frequency, at_least(1),
          "soap: steps between two refreshes of an eigenbasis");
  set.add("optimizer.max_precond_dim", options.max_precond_dim, at_least(0),
          "soap: matrix sides longer than this are not preconditioned");
  set.add("training.learning_rate", options.learning_rate, above(0), "peak learning rate");
  set.add("training.warmup", options.warmup, in(0, 1), "fraction of the run over which the learning rate rises from 0");
  set.add("training.final_fraction", options.final_fraction, in(0, 1),
          "learning rate at the end over its peak (cosine decay)");
  set.add("training.clip_norm", options.clip_norm, at_least(0), "largest norm of the whole gradient; 0: no clipping");
  set.add("training.ema_decay", options.ema_decay, at_least(0).below(1),
          "decay of the averaged weights; 0: no averaging");
}

}  // namespace scorefield::optim
