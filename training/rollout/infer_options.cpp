#include "training/rollout/infer_options.hpp"

namespace scorefield::training {

void bind(OptionSet& set, InferOptions& options) {
  set.add("infer.mu", options.mu, "physics parameters to predict, a list, or tuples of several");
  set.add("infer.parameters", options.parameters,
          "names of the parameters in the order of infer.mu, as in \"mu, perturbation.amplitude\"; empty: the model's");
  set.add("infer.particles", options.start.particles, at_least(0),
          "particles per rollout, some that stand for the initial population; 0: all of it");
  set.add("infer.frames", options.frames, at_least(0),
          "output times, equally spaced as far as the training times allow, of which they are (more than those: "
          "between them); 0 = all of them");
  set.add("infer.initial", options.start.path, "dataset whose first frame is the initial population");
  set.add("infer.start", options.start.kind, {{"auto", StartKind::automatic}, {"nearest", StartKind::nearest}},
          "initial population without that: at an unseen mu made by the problem of the training data where it is known "
          "(auto), or of the nearest training mu");
  set.add(
      "infer.log_density", options.log_density,
      {{"none", LogDensityKind::none}, {"gaussian", LogDensityKind::gaussian}, {"change", LogDensityKind::change}},
      "also write /log_density: from a Gaussian fitted to the initial population, or the change since the first time");
  data::bind(set, "infer", options.density);
  set.add(
      "infer.guide", options.guide,
      {{"none", GuideKind::none}, {"moments", GuideKind::moments}, {"modes", GuideKind::modes}},
      "hold the population to observables of the training runs, interpolated to mu, by the least displacement after "
      "every step: means and covariances, or density modes of the periodic coordinates. Errors of what guides are no "
      "test of the model");
  integrators::bind(set, options.integration);
  bind(set, options.conditional);
}

}  // namespace scorefield::training
