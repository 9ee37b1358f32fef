#pragma once

#include <cstdint>
#include <string>

#include "core/options.hpp"

namespace scorefield::metrics {

/// How an evaluation compares.
struct EvaluateOptions {
  bool floor = true;              ///< whether to have the floor baseline
  std::string floor_file;         ///< an independent run at the same mu; empty: generate one
  std::string coarse_file;        ///< a run of the solver on a coarse mesh, at the same mu; empty: none
  std::int64_t points = 1024;     ///< points per cloud for the Sinkhorn divergence
  double epsilon = 0.05;          ///< its regularisation, squared coordinates of unit spread
  std::int64_t projections = 64;  ///< directions of the sliced W2
  std::int64_t frames = 11;       ///< frames whose clouds are compared, equally spaced, both ends; 0: all
};

/// Adds the keys evaluate.*.
void bind(OptionSet& set, EvaluateOptions& options);

}  // namespace scorefield::metrics
