#include "training/metrics/evaluate_options.hpp"

namespace scorefield::metrics {

void bind(OptionSet& set, EvaluateOptions& options) {
  set.add("evaluate.floor", options.floor, "compare an independent high-fidelity run at the same mu as well");
  set.add("evaluate.floor_file", options.floor_file, "that run, as a dataset file; empty: generate it now");
  set.add("evaluate.coarse_file", options.coarse_file,
          "a run of the solver at the same mu with as many particles as the rollout and a coarse mesh and step, as a "
          "dataset "
          "file, to compare as well; empty: none");
  set.add("evaluate.points", options.points, at_least(2), "points per cloud for the Sinkhorn divergence");
  set.add("evaluate.epsilon", options.epsilon, above(0), "its regularisation, in squared coordinates of unit spread");
  set.add("evaluate.projections", options.projections, at_least(1), "directions of the sliced W2 distance");
  set.add("evaluate.frames", options.frames, at_least(0), "frames whose clouds are compared, equally spaced; 0: all");
}

}  // namespace scorefield::metrics
