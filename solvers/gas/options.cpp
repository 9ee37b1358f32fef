#include "solvers/gas/options.hpp"

#include "core/require.hpp"

namespace scorefield::gas {

void bind(OptionSet& set, GasOptions& o) {
  set.add("gas.widen", o.widen, "factor by which the initial cloud is widened: a mode without a particle is invisible");
  set.add("gas.ess", o.ess, "effective sample size over N that chooses the next temperature");
  set.add("gas.leapfrog", o.leapfrog, "leapfrog steps of one kick");
  set.add("gas.sweeps", o.sweeps, "kicks at each temperature");
  set.add("gas.final_sweeps", o.final_sweeps, "kicks at temperature 1");
  set.add("gas.clusters", o.clusters, "most components of the fitted mixtures");
  set.add("gas.teleport", o.teleport,
          "independence moves, proposed by a mixture fitted to the other half of the cloud");
  set.add("gas.bridge", o.bridge, "mode weights by bridge sampling between clusters");
  set.add("gas.thinning", o.thinning,
          "choose the particles, as support points, from the clouds of that many last kicks; 0: take the last cloud");
  set.add("gas.polish", o.polish, "local-affine steps at the end; 0: none");
}

namespace {

/// What the tempered gas and tempered SMC share.
template <class Options>
void validate_ladder(const Options& o, const std::string& method) {
  const auto key = [&](const char* name) { return "option '" + method + "." + name + "'"; };
  require_positive(key("widen"), o.widen);
  require(o.ess > 0 && o.ess < 1, key("ess"), o.ess, "a number between 0 and 1");
  require(o.leapfrog >= 1, key("leapfrog"), o.leapfrog, "a number from 1");
  require(o.sweeps >= 0, key("sweeps"), o.sweeps, "a number from 0");
  require(o.final_sweeps >= 1, key("final_sweeps"), o.final_sweeps, "a number from 1");
}

}  // namespace

void validate(const GasOptions& o) {
  validate_ladder(o, "gas");
  require(o.clusters >= 1, "option 'gas.clusters'", o.clusters, "a number from 1");
  require(o.thinning >= 0, "option 'gas.thinning'", o.thinning, "a number from 0");
  require(o.polish >= 0, "option 'gas.polish'", o.polish, "a number from 0");
}

void validate(const SmcOptions& o) { validate_ladder(o, "smc"); }

void validate(const AffineOptions& o) {
  require_positive("option 'affine.dt'", o.dt);
  require(o.limit >= 1, "option 'affine.limit'", o.limit, "a number from 1");
  require(o.cells >= 4, "option 'affine.cells'", o.cells, "a number from 4");
  require_positive("option 'affine.tolerance'", o.tolerance);
}

void bind(OptionSet& set, SmcOptions& o) {
  set.add("smc.ess", o.ess, "effective sample size over N that chooses the next temperature");
  set.add("smc.leapfrog", o.leapfrog, "leapfrog steps of one move");
  set.add("smc.sweeps", o.sweeps, "moves at each temperature");
  set.add("smc.final_sweeps", o.final_sweeps, "moves at temperature 1");
  set.add("smc.widen", o.widen, "factor by which the initial cloud is widened");
}

void bind(OptionSet& set, AffineOptions& o) {
  set.add("affine.dt", o.dt, "time step of the affine gas in whitened coordinates (mpm above d = 3)");
  set.add("affine.limit", o.limit, "largest G = E[s' C s]/d that is accepted; 1 for an elliptic target");
  set.add("affine.force", o.force, "go on whatever the validity test says");
  set.add("affine.sliced", o.sliced, "sliced gas: one-dimensional pressures along a random frame each step");
  set.add("affine.cells", o.cells, "sliced gas: cells of each one-dimensional grid");
  set.add("affine.tolerance", o.tolerance, "stop when the mean square velocity is below this");
}

}  // namespace scorefield::gas
