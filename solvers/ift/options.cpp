#include "solvers/ift/options.hpp"

#include "core/require.hpp"

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
  set.add("ift.step", options.step, "transport step in units of h^2; 0: 1, and .02 for the published variant");
  set.add("ift.weight_rate", options.weight_rate, "weight step as a fraction of the largest stable one");
  set.add("ift.published_rate", options.published_rate, "weight step 2 lr_w N of the published variant");
  set.add("ift.ess", options.ess, "split heavy particles while the weight ESS is below this share of N; 0: never");
  set.add("ift.noise", options.noise, "noise of noisy-mmd-flow in units of h, in the first 4/9 of the steps");
  set.add("ift.data", options.data,
          {{"auto", FlowOptions::Data::automatic},
           {"fixed", FlowOptions::Data::fixed},
           {"fresh", FlowOptions::Data::fresh}},
          "one target sample for all steps or a fresh one each; auto: fresh where exact draws exist");
  set.add("ift.target_samples", options.target_samples,
          "target points of a step; 0: as many as particles, or the whole sample set");
  set.add("ift.loss_every", options.loss_every, "fresh data: iterations between two losses against held-out draws");
  set.add("ift.double_precision", options.double_precision, "pair sums in double instead of float");
}

void validate(const FlowOptions& o) {
  const auto positive = [](const std::string& key, double value) {
    require_positive("option 'ift." + key + "'", value);
  };
  if (o.step != 0) positive("step", o.step);
  positive("weight_rate", o.weight_rate);
  require(o.weight_rate <= 1, "option 'ift.weight_rate'", o.weight_rate, "at most 1, the limit of stability");
  positive("published_rate", o.published_rate);
  require(o.ess >= 0 && o.ess < 1, "option 'ift.ess'", o.ess, "a number from 0 to below 1");
  require(o.noise >= 0, "option 'ift.noise'", o.noise, "a number from 0");
  require(o.target_samples >= 0, "option 'ift.target_samples'", o.target_samples, "a whole number from 0");
  require(o.loss_every >= 1, "option 'ift.loss_every'", o.loss_every, "a whole number from 1");
}

}  // namespace scorefield::ift
