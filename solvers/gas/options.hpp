#pragma once

#include <cstdint>

#include "core/options.hpp"

namespace scorefield::gas {

/// The tempered gas.
struct GasOptions {
  double widen = 2;                ///< factor of the initial cloud's deviation
  double ess = 0.9;                ///< effective sample size, over N, that chooses the next temperature
  std::int64_t leapfrog = 6;       ///< steps of one kick
  std::int64_t sweeps = 1;         ///< kicks at each temperature
  std::int64_t final_sweeps = 10;  ///< kicks at temperature 1
  std::int64_t clusters = 16;      ///< most components of the fitted mixtures
  bool teleport = true;            ///< independence moves from a mixture fitted to the other half
  bool bridge = true;              ///< mode weights by bridge sampling between clusters
  std::int64_t thinning =
      9;  ///< last kicks at temperature 1 whose clouds the particles are chosen from; 0: the last one
  std::int64_t polish = 25;  ///< local-affine steps at the end; 0: none
  bool straighten = true;    ///< the last sweeps in straightened coordinates, where the cloud is a funnel or curved
  std::int64_t search = 64;  ///< starts of the search for modes that the ladder has lost; 0: none
};
void bind(OptionSet& set, GasOptions& options);

/// Tempered sequential Monte Carlo: the same ladder and kicks, resampling alone moves the mass.
struct SmcOptions {
  double ess = 0.9;
  std::int64_t leapfrog = 6;
  std::int64_t sweeps = 1;
  std::int64_t final_sweeps = 5;
  double widen = 2;
};
void bind(OptionSet& set, SmcOptions& options);

/// The affine gas: one nearly elliptic mode in any dimension.
struct AffineOptions {
  double dt = 0.2;
  double limit = 2;         ///< largest eigenvalue of C E[s s'] that is accepted
  bool force = false;       ///< go on whatever the validity test says
  bool sliced = false;      ///< instead: the sliced gas
  std::int64_t cells = 64;  ///< sliced: cells of each one-dimensional grid
  double tolerance = 1e-4;
};
void bind(OptionSet& set, AffineOptions& options);

}  // namespace scorefield::gas
