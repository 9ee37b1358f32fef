#pragma once

#include <cstdint>

#include "core/options.hpp"

namespace scorefield::training {

enum class ConditionalMethod { probability_flow, langevin };

/// How models that sample every (mu, t) afresh are run.
struct ConditionalOptions {
  ConditionalMethod method = ConditionalMethod::probability_flow;
  std::int64_t steps = 40;  ///< Heun steps of the flow, or noise levels of annealed Langevin
  std::int64_t sweeps = 5;  ///< Langevin steps per noise level
  double step_size = 0.2;   ///< Langevin step in units of the level's variance
};

/// Keys infer.sampler, infer.sampler_steps, infer.sampler_sweeps and infer.sampler_step_size.
void bind(OptionSet& set, ConditionalOptions& options);

}  // namespace scorefield::training
