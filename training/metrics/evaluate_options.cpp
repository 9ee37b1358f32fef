#include "training/metrics/evaluate_options.hpp"

#include "core/error.hpp"

namespace scorefield::metrics {

void bind(OptionSet& set, EvaluateOptions& options) {
  set.add("evaluate.floor", options.floor, "compare an independent high-fidelity run at the same mu as well");
  set.add("evaluate.floor_file", options.floor_file, "that run, as a dataset file; empty: generate it now");
  set.add("evaluate.points", options.points, "points per cloud for the Sinkhorn divergence");
  set.add("evaluate.epsilon", options.epsilon, "its regularisation, in squared coordinates of unit spread");
  set.add("evaluate.projections", options.projections, "directions of the sliced W2 distance");
  set.add("evaluate.frames", options.frames, "frames whose clouds are compared, equally spaced; 0: all");
}

void validate(const EvaluateOptions& options) {
  const auto require = [](bool holds, const char* key, const char* expected) {
    if (!holds) throw UsageError(std::string(key) + " must be " + expected);
  };
  require(options.points >= 2, "evaluate.points", "at least 2");
  require(options.epsilon > 0, "evaluate.epsilon", "positive");
  require(options.projections >= 1, "evaluate.projections", "at least 1");
  require(options.frames >= 0, "evaluate.frames", "0 (all frames) or more");
}

}  // namespace scorefield::metrics
