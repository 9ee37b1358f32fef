#include "training/optim/options.hpp"

#include <cmath>
#include <sstream>

#include "core/error.hpp"
#include "core/require.hpp"

namespace scorefield::optim {

void bind(OptionSet& set, OptimizerOptions& options) {
  set.add("optimizer.name", options.kind, {{"adam", OptimizerKind::adam}, {"soap", OptimizerKind::soap}},
          "algorithm: soap (Adam in the eigenbasis of Kronecker factors) or adam");
  set.add("optimizer.beta1", options.beta1, "memory of the mean gradient; -1: adam 0.9, soap 0.95");
  set.add("optimizer.beta2", options.beta2, "memory of the mean squared gradient; -1: adam 0.999, soap 0.95");
  set.add("optimizer.epsilon", options.epsilon, "added to the root of the mean squared gradient");
  set.add("optimizer.weight_decay", options.weight_decay, "decoupled weight decay");
  set.add("optimizer.precondition_frequency", options.precondition_frequency,
          "soap: steps between two refreshes of an eigenbasis");
  set.add("optimizer.max_precond_dim", options.max_precond_dim,
          "soap: matrix sides longer than this are not preconditioned");
  set.add("training.learning_rate", options.learning_rate, "peak learning rate");
  set.add("training.warmup", options.warmup, "fraction of the run over which the learning rate rises from 0");
  set.add("training.final_fraction", options.final_fraction, "learning rate at the end over its peak (cosine decay)");
  set.add("training.clip_norm", options.clip_norm, "largest norm of the whole gradient; 0: no clipping");
  set.add("training.ema_decay", options.ema_decay, "decay of the averaged weights; 0: no averaging");
}

namespace {

void require(bool accepted, const char* key, double value, const char* range) {
  if (accepted) return;
  std::ostringstream message;
  message << "option '" << key << "' must be " << range << ", got " << value << ".";
  throw UsageError(message.str());
}

bool in(double value, double low, double high) { return value >= low && value <= high; }

}  // namespace

void validate(const OptimizerOptions& o) {
  require(o.learning_rate > 0 && std::isfinite(o.learning_rate), "training.learning_rate", o.learning_rate, "positive");
  require(in(o.warmup, 0, 1), "training.warmup", o.warmup, "between 0 and 1");
  require(in(o.final_fraction, 0, 1), "training.final_fraction", o.final_fraction, "between 0 and 1");
  require(o.beta1 < 1, "optimizer.beta1", o.beta1, "below 1 (negative: the method's own)");
  require(o.beta2 < 1, "optimizer.beta2", o.beta2, "below 1 (negative: the method's own)");
  require(o.epsilon > 0 && std::isfinite(o.epsilon), "optimizer.epsilon", o.epsilon, "positive");
  require(o.weight_decay >= 0 && std::isfinite(o.weight_decay), "optimizer.weight_decay", o.weight_decay,
          "zero or positive");
  require(o.precondition_frequency >= 1, "optimizer.precondition_frequency",
          static_cast<double>(o.precondition_frequency), "1 or more");
  require(o.max_precond_dim >= 0, "optimizer.max_precond_dim", static_cast<double>(o.max_precond_dim), "0 or more");
  require(o.clip_norm >= 0 && std::isfinite(o.clip_norm), "training.clip_norm", o.clip_norm, "zero or positive");
  require(o.ema_decay >= 0 && o.ema_decay < 1, "training.ema_decay", o.ema_decay, "in [0, 1)");
}

}  // namespace scorefield::optim
