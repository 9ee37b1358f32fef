#include "training/losses/conditional_options.hpp"

namespace scorefield::training {

void bind(OptionSet& set, ConditionalOptions& options) {
  set.add("infer.sampler", options.method,
          {{"probability-flow", ConditionalMethod::probability_flow}, {"langevin", ConditionalMethod::langevin}},
          "ncsm models: integrate the probability flow, or annealed Langevin steps");
  set.add("infer.sampler_steps", options.steps, at_least(1),
          "ncsm and cfm models: Heun steps per (mu, time), or noise levels of langevin");
  set.add("infer.sampler_sweeps", options.sweeps, at_least(1), "langevin: steps per noise level");
  set.add("infer.sampler_step_size", options.step_size, above(0).up_to(1),
          "langevin: step in units of the level's variance");
}

}  // namespace scorefield::training
