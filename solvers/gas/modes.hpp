#pragma once

#include <cstdint>
#include <vector>

#include "solvers/gas/bridge.hpp"
#include "solvers/gas/cloud.hpp"
#include "solvers/gas/mixture.hpp"

namespace scorefield::gas {

/// A maximum of log p with the Gaussian of its curvature (Laplace).
struct Mode {
  Vector x;
  double log_p = 0;
  Matrix covariance;
  double log_mass = 0;  ///< log p + d/2 log 2 pi + 1/2 log det covariance
};

/// Where to look for maxima: draws of N(mean, deviation^2 I), wide and less wide, and points of promise.
struct Search {
  Vector mean;
  double deviation = 1;
  std::int64_t starts = 64;
  std::uint64_t seed = 0, stream = 0;
  bool along_axes = true;  ///< look on lines through the maxima found, too
  Matrix promising{};      ///< more starts, [d, m]
};

/// Maxima by quasi-Newton ascent (L-BFGS, all starts in one batch) from draws of the search region, and from where log
/// p rises again on lines along the axes through the maxima of most mass and through the mean of `cloud`: a narrow
/// mode's basin is too small a part of space to be met by a start, but on its axis it is seen. Saddles and places
/// without curvature are left out; the most massive mode comes first.
[[nodiscard]] std::vector<Mode> find_modes(const Search& search, const Cloud& cloud, const Evaluator& evaluate);

/// A mode that a cloud has lost, and the share of the whole that it should have.
struct LostMode {
  Mode mode;
  double share = 0;
};

/// Modes of more than a hundredth of the mass, as Laplace's formula and draws of its Gaussian say, which hardly a
/// particle is near and where the cloud's mixture has next to no density. log_z: of the cloud's clusters together
/// (bridge_weights).
[[nodiscard]] std::vector<LostMode> lost_modes(std::vector<Mode> modes, const Cloud& cloud, const Mixture& mixture,
                                               double log_z, const Evaluator& evaluate);

}  // namespace scorefield::gas
