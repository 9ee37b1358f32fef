#include "solvers/pic/options.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "core/error.hpp"
#include "core/require.hpp"

namespace scorefield::pic {

void bind(OptionSet& set, PicOptions& options) {
  set.add("pic.cells", options.cells, "grid cells; keep the spacing below the Debye length mu");
  set.add("pic.dt", options.dt, "largest time step; shortened so that stored frames fall on steps");
  set.add("pic.duration", options.duration, "end of the simulated time");
  set.add("pic.simulated_particles", options.simulated_particles, "particles in the simulation, at least those stored");
  set.add("pic.shape", options.shape, {{"cic", Shape::cic}, {"tsc", Shape::tsc}},
          "particle shape for deposit and gather: linear (cic) or quadratic (tsc)");
  set.add("pic.start", options.start, {{"quiet", Start::quiet}, {"random", Start::random}},
          "initial sampling: low-discrepancy (quiet) or independent draws (random)");
  set.add("pic.precision", options.precision, {{"float", Precision::single}, {"double", Precision::double_}},
          "arithmetic of velocities and fields");
}

void validate(const PicOptions& options, double mu) {
  require_positive("option 'pic.box_length'", options.box_length);
  require(options.cells >= kMinCells && options.cells <= kMaxCells, "option 'pic.cells'", options.cells,
          "a whole number from " + std::to_string(kMinCells) + " to " + std::to_string(kMaxCells));
  require_positive("option 'pic.dt'", options.dt);
  require_positive("option 'pic.duration'", options.duration);
  require(options.duration / options.dt <= 1e9, "option 'pic.dt'", options.dt, "at most 1e9 steps in pic.duration");
  require(options.simulated_particles >= 1 && options.simulated_particles <= kMaxParticles,
          "option 'pic.simulated_particles'", options.simulated_particles,
          "a whole number from 1 to " + std::to_string(kMaxParticles));
  if (!(std::isfinite(mu) && mu > 0)) {
    std::ostringstream message;
    message << "mu is " << mu << ", expected a finite number above 0 (it is the plasma period over 2 pi).";
    throw UsageError(message.str());
  }
  std::ostringstream limit;
  limit << "less than 2 mu = " << 2 * mu << " (leapfrog is unstable beyond 2 / plasma frequency)";
  require(options.dt < 2 * mu, "option 'pic.dt'", options.dt, limit.str());
}

}  // namespace scorefield::pic
