#include "solvers/gas/options.hpp"

namespace scorefield::gas {

void bind(OptionSet& set, GasOptions& o) {
  set.add("gas.widen", o.widen, above(0),
          "factor by which the initial cloud is widened: a mode without a particle is invisible");
  set.add("gas.ess", o.ess, above(0).below(1),
          "effective sample size over N that chooses the next temperature; its sixth power while far moves alone mix");
  set.add("gas.leapfrog", o.leapfrog, at_least(1), "leapfrog steps of one kick");
  set.add("gas.sweeps", o.sweeps, at_least(0), "kicks at each temperature; at every third while far moves alone mix");
  set.add("gas.final_sweeps", o.final_sweeps, at_least(1), "kicks at temperature 1");
  set.add("gas.clusters", o.clusters, at_least(1), "most components of the fitted mixtures");
  set.add("gas.teleport", o.teleport,
          "independence moves, proposed by a mixture fitted to the other half of the cloud");
  set.add("gas.bridge", o.bridge, "mode weights by bridge sampling between clusters");
  set.add("gas.thinning", o.thinning, at_least(0),
          "choose the particles, as support points, from the clouds of that many last kicks; 0: take the last cloud");
  set.add("gas.search", o.search, in(0, 100000),
          "starts of the optimisations that look for modes which the ladder has lost; 0: none");
  set.add("gas.straighten", o.straighten,
          "last sweeps in partially non-centred coordinates fitted to the cloud, where the scale or place of some "
          "coordinates depends on others (funnels, hierarchies, curved ridges)");
  set.add("gas.polish", o.polish, at_least(0), "local-affine steps at the end, at most; 0: none");
}

void bind(OptionSet& set, SmcOptions& o) {
  set.add("smc.ess", o.ess, above(0).below(1), "effective sample size over N that chooses the next temperature");
  set.add("smc.leapfrog", o.leapfrog, at_least(1), "leapfrog steps of one move");
  set.add("smc.sweeps", o.sweeps, at_least(0), "moves at each temperature");
  set.add("smc.final_sweeps", o.final_sweeps, at_least(1), "moves at temperature 1");
  set.add("smc.widen", o.widen, above(0), "factor by which the initial cloud is widened");
}

void bind(OptionSet& set, AffineOptions& o) {
  set.add("affine.dt", o.dt, above(0), "time step of the affine gas in whitened coordinates (mpm above d = 3)");
  set.add("affine.limit", o.limit, at_least(1),
          "largest eigenvalue of C E[s s'] that is accepted; 1 for an elliptic target");
  set.add("affine.force", o.force, "go on whatever the validity test says");
  set.add("affine.sliced", o.sliced, "sliced gas: one-dimensional pressures along a random frame each step");
  set.add("affine.cells", o.cells, at_least(4), "sliced gas: cells of each one-dimensional grid");
  set.add("affine.tolerance", o.tolerance, above(0), "stop when the mean square velocity is below this");
}

}  // namespace scorefield::gas
