#include "solvers/pic3d/options.hpp"

#include <cmath>
#include <sstream>
#include <string>

#include "core/error.hpp"
#include "solvers/fft/fft.hpp"

namespace scorefield::pic3d {
namespace {

template <class Number>
void require(bool holds, const std::string& key, Number found, const std::string& expected) {
  if (holds) return;
  std::ostringstream message;
  message << "option 'pic." << key << "' is " << found << ", expected " << expected << '.';
  throw UsageError(message.str());
}

}  // namespace

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
  const auto positive = [](const std::string& key, double value) {
    require(std::isfinite(value) && value > 0, key, value, "a finite number above 0");
  };
  positive("box_length", options.box_length);
  require(fft::is_power_of_two(options.cells) && options.cells >= 8 && options.cells <= 128, "cells", options.cells,
          "a power of two from 8 to 128");
  positive("dt", options.dt);
  positive("duration", options.duration);
  require(options.duration / options.dt <= 1e9, "dt", options.dt, "at most 1e9 steps in pic.duration");
  require(options.dt < 2, "dt", options.dt, "less than 2 (leapfrog is unstable beyond 2 / plasma frequency)");
  require(options.simulated_particles >= 1 && options.simulated_particles <= pic::kMaxParticles, "simulated_particles",
          options.simulated_particles, "a whole number from 1 to " + std::to_string(pic::kMaxParticles));
  require(options.sort_interval >= 1, "sort_interval", options.sort_interval, "a whole number from 1");
}

}  // namespace scorefield::pic3d
