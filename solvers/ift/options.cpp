#include "solvers/ift/options.hpp"

namespace scorefield::ift {

void bind(OptionSet& set, FlowOptions& options) {
  set.add("ift.variant", options.variant,
          {{"ours", FlowOptions::Variant::ours}, {"published", FlowOptions::Variant::published}},
          "ours: true velocity, revival of dead particles; published: as the paper's code, velocity times N w_i");
  set.add("ift.energy", options.energy, {{"mmd", FlowOptions::Energy::mmd}, {"kl", FlowOptions::Energy::kl}},
          "what method ift lowers: MMD to samples, or KL to a density");
  set.add("ift.weights", options.weights, {{"mmd", FlowOptions::Weights::mmd}, {"kl", FlowOptions::Weights::kl}},
          "weight step of method ift: along the witness on the simplex, or multiplicative");
  pairs::bind(set, options.kernel, "ift");
  set.add("ift.step", options.step, at_least(0),
          "transport step in units of h^2; 0: 1, and 0.02 for the published variant");
  set.add("ift.weight_rate", options.weight_rate, above(0).up_to(1),
          "weight step as a fraction of the largest stable one");
  set.add("ift.published_rate", options.published_rate, above(0), "weight step 2 lr_w N of the published variant");
  set.add("ift.ess", options.ess, at_least(0).below(1),
          "split heavy particles while the weight ESS is below this share of N; 0: never");
  set.add("ift.noise", options.noise, at_least(0),
          "noise of noisy-mmd-flow in units of h, in the first 4/9 of the steps");
  set.add("ift.data", options.data,
          {{"auto", FlowOptions::Data::automatic},
           {"fixed", FlowOptions::Data::fixed},
           {"fresh", FlowOptions::Data::fresh}},
          "one target sample for all steps or a fresh one each; auto: fresh where exact draws exist");
  set.add("ift.target_samples", options.target_samples, at_least(0),
          "target points of a step; 0: as many as particles, or the whole sample set");
  set.add("ift.loss_every", options.loss_every, at_least(1),
          "fresh data: iterations between two losses against held-out draws");
  set.add("ift.double_precision", options.double_precision, "pair sums in double instead of float");
}

}  // namespace scorefield::ift
