#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/differences.hpp"
#include "training/batch/marginal_index.hpp"

namespace scorefield::training {

/// How trajectories pass through the frames between which differences are taken.
enum class PathKind {
  automatic,  ///< measured, for every coordinate by itself
  smooth,     ///< with a second derivative
  rough       ///< with a quadratic variation, as those of stochastic systems
};

/// Which frames differences may be taken between, and which of their two one-sided ones counts how much.
struct DifferencePlan {
  data::Differences differences;
  std::string description;            ///< for the user; empty where times are even and nothing had to be chosen
  std::vector<std::string> warnings;  ///< about steps near half of a period
};

/// Measures some frames of the trajectories that are trained on (`marginals`, with both ends).
///
/// The second difference r of the one-sided velocities around a frame tells how paths go: over steps dt its square is
/// sigma^2 (1/dt+ + 1/dt-) where they have a quadratic variation sigma^2 dt, and x''^2 (dt+ + dt-)^2 / 4 where they are
/// smooth, so from steps to twice the steps it halves or becomes four times as large.
///
/// Warnings say where particles go about half of a period from frame to frame, or further by their velocities: the
/// short way is then not theirs.
[[nodiscard]] DifferencePlan plan_differences(const data::DatasetReader& reader, const MarginalIndex& marginals,
                                              PathKind paths);

}  // namespace scorefield::training
