#pragma once

#include <cstdint>

#include "solvers/pic/diagnostics.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic/simulation.hpp"

namespace scorefield::test {

/// The two-stream population with a velocity perturbation of the given amplitude and number of waves.
inline pic::Population two_beams(double amplitude, double mode = 1) {
  return {{{0.5, -3, 1}, {0.5, 3, 1}}, {amplitude, mode}};
}

/// A two-stream simulation in the box of options.
template <class Real>
pic::Simulation<Real> two_beam_simulation(const pic::PicOptions& options, double mu, const pic::Population& population,
                                          std::uint64_t seed = 1) {
  return pic::Simulation<Real>(
      options, options.dt, mu,
      pic::load(population, options.box_length, options.simulated_particles, options.start, Philox(seed, 0)));
}

}  // namespace scorefield::test
