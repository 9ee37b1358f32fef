#include "solvers/pic/options.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "core/error.hpp"

namespace scorefield::pic {
namespace {

template <class Number>
void require(bool holds, const std::string& key, Number found, const std::string& expected) {
  if (holds) return;
  std::ostringstream message;
  message << "option 'pic." << key << "' is " << found << ", expected " << expected << '.';
  throw UsageError(message.str());
}

void require_positive(const std::string& key, double value) {
  require(std::isfinite(value) && value > 0, key, value, "a finite number above 0");
}

}  // namespace

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
  require_positive("box_length", options.box_length);
  require(options.cells >= kMinCells && options.cells <= kMaxCells, "cells", options.cells,
          "a whole number from " + std::to_string(kMinCells) + " to " + std::to_string(kMaxCells));
  require_positive("dt", options.dt);
  require_positive("duration", options.duration);
  require(options.duration / options.dt <= 1e9, "dt", options.dt, "at most 1e9 steps in pic.duration");
  require(options.simulated_particles >= 1 && options.simulated_particles <= kMaxParticles, "simulated_particles",
          options.simulated_particles, "a whole number from 1 to " + std::to_string(kMaxParticles));
  if (!(std::isfinite(mu) && mu > 0)) {
    std::ostringstream message;
    message << "mu is " << mu << ", expected a finite number above 0 (it is the plasma period over 2 pi).";
    throw UsageError(message.str());
  }
  std::ostringstream limit;
  limit << "less than 2 mu = " << 2 * mu << " (leapfrog is unstable beyond 2 / plasma frequency)";
  require(options.dt < 2 * mu, "dt", options.dt, limit.str());
}

}  // namespace scorefield::pic
