#include "solvers/pic3d/options.hpp"

#include "core/require.hpp"
#include "solvers/pic3d/kernel.hpp"

namespace scorefield::pic3d {

void bind(OptionSet& set, Pic3dOptions& options) {
  set.add("pic.cells", options.cells, power_of_two(8, kMaxCells),
          "grid cells along each axis, a power of two; keep the spacing below 1, the Debye length");
  set.add("pic.dt", options.dt, above(0).below(2),
          "largest time step; shortened so that stored frames fall on steps; leapfrog is unstable from 2 plasma "
          "periods over 2 pi on");
  set.add("pic.duration", options.duration, above(0), "end of the simulated time");
  set.add("pic.simulated_particles", options.simulated_particles, in(1, pic::kMaxParticles),
          "particles in the simulation, at least those stored");
  set.add("pic.sort_interval", options.sort_interval, at_least(1), "steps between two sorts of the particles by cell");
  set.add("pic.start", options.start, {{"quiet", pic::Start::quiet}, {"random", pic::Start::random}},
          "initial sampling: low-discrepancy (quiet) or independent draws (random)");
}

void validate(const Pic3dOptions& options) {
  check_ranges(options);
  require("the length of the box", options.box_length, above(0));
  require(options.duration / options.dt <= 1e9, "option 'pic.dt'", options.dt, "at most 1e9 steps in pic.duration");
}

}  // namespace scorefield::pic3d
