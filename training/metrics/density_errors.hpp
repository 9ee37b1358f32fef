#pragma once

#include <optional>
#include <vector>

#include "data/mu_weights.hpp"
#include "training/metrics/run.hpp"
#include "training/metrics/scores.hpp"

namespace scorefield::metrics {

/// Whose densities on a grid are compared at one mu.
struct Densities {
  RunAtMu truth;
  Compared<RunAtMu> runs;                             ///< where a source is one run
  const Run* training = nullptr;                      ///< the runs whose densities are
  Compared<std::optional<data::MuWeights>> combined;  ///< combined
};

/// Relative L2 of f over the grid's nodes, [K] at the frames nearest to the times; empty where a run has no density.
/// @throws FileError where grids differ
[[nodiscard]] ScoreHistory density_errors(const Densities& densities, const std::vector<double>& times);

}  // namespace scorefield::metrics
