#include "solvers/pic3d/options.hpp"

#include <cmath>
#include <sstream>
#include <string>

#include "core/error.hpp"
#include "core/require.hpp"
#include "solvers/fft/fft.hpp"
#include "solvers/pic3d/kernel.hpp"

namespace scorefield::pic3d {

void bind(OptionSet& set, Pic3dOptions& options) {
  set.add("pic.cells", options.cells,
          "grid cells along each axis, a power of two; keep the spacing below 1, the Debye length");
  set.add("pic.dt", options.dt, "largest time step; shortened so that stored frames fall on steps");
  set.add("pic.duration", options.duration, "end of the simulated time");
  set.add("pic.simulated_particles", options.simulated_particles, "particles in the simulation, at least those stored");
  set.add("pic.sort_interval", options.sort_interval, "steps between two sorts of the particles by cell");
  set.add("pic.start", options.start, {{"quiet", pic::Start::quiet}, {"random", pic::Start::random}},
          "initial sampling: low-discrepancy (quiet) or independent draws (random)");
}

void validate(const Pic3dOptions& options) {
  require_positive("option 'pic.box_length'", options.box_length);
  require(fft::is_power_of_two(options.cells) && options.cells >= 8 && options.cells <= kMaxCells, "option 'pic.cells'",
          options.cells, "a power of two from 8 to 128");
  require_positive("option 'pic.dt'", options.dt);
  require_positive("option 'pic.duration'", options.duration);
  require(options.duration / options.dt <= 1e9, "option 'pic.dt'", options.dt, "at most 1e9 steps in pic.duration");
  require(options.dt < 2, "option 'pic.dt'", options.dt,
          "less than 2 (leapfrog is unstable beyond 2 / plasma frequency)");
  require(options.simulated_particles >= 1 && options.simulated_particles <= pic::kMaxParticles,
          "option 'pic.simulated_particles'", options.simulated_particles,
          "a whole number from 1 to " + std::to_string(pic::kMaxParticles));
  require(options.sort_interval >= 1, "option 'pic.sort_interval'", options.sort_interval, "a whole number from 1");
}

}  // namespace scorefield::pic3d
