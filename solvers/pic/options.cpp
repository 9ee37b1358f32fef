#include "solvers/pic/options.hpp"

#include <cmath>
#include <string>

#include "core/require.hpp"

namespace scorefield::pic {

void bind(OptionSet& set, PicOptions& options) {
  set.add("pic.cells", options.cells, in(kMinCells, kMaxCells),
          "grid cells; keep the spacing below the Debye length mu");
  set.add("pic.dt", options.dt, above(0), "largest time step; shortened so that stored frames fall on steps");
  set.add("pic.duration", options.duration, above(0), "end of the simulated time");
  set.add("pic.simulated_particles", options.simulated_particles, in(1, kMaxParticles),
          "particles in the simulation, at least those stored");
  set.add("pic.shape", options.shape, {{"cic", Shape::cic}, {"tsc", Shape::tsc}},
          "particle shape for deposit and gather: linear (cic) or quadratic (tsc)");
  set.add("pic.start", options.start, {{"quiet", Start::quiet}, {"random", Start::random}},
          "initial sampling: low-discrepancy (quiet) or independent draws (random)");
  set.add("pic.precision", options.precision, {{"float", Precision::single}, {"double", Precision::double_}},
          "arithmetic of velocities and fields");
}

void validate(const PicOptions& options, double mu) {
  check_ranges(options);
  require("option 'pic.box_length'", options.box_length, above(0));
  require(options.duration / options.dt <= 1e9, "option 'pic.dt'", options.dt, "at most 1e9 steps in pic.duration");
  require(std::isfinite(mu) && mu > 0, "mu", mu, "a number above 0 (it is the plasma period over 2 pi)");
  require(options.dt < 2 * mu, "option 'pic.dt'", options.dt,
          "less than 2 mu = " + number_text(2 * mu) + " (leapfrog is unstable beyond 2 / plasma frequency)");
}

}  // namespace scorefield::pic
