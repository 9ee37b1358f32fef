#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "data/problems/plasma_case.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/vlasov/simulation.hpp"
#include "tests/support/plasma_dispersion.hpp"

namespace scorefield::test {

/// A grid simulation of a case at one mu.
inline vlasov::Simulation grid_simulation(const problems::PlasmaSetup& setup, const vlasov::VlasovOptions& options) {
  return {options, options.dt, vlasov::Plasma{setup.box_length, setup.mu, setup.diffusion},
          pic::PhaseSpaceDensity(setup.population, setup.box_length)};
}

/// The complex amplitude of one mode of the field at every step, 0 .. steps.
inline std::vector<Complex> grid_mode(vlasov::Simulation simulation, std::int64_t mode, std::int64_t steps) {
  std::vector<Complex> signal;
  for (std::int64_t step = 0; step <= steps; ++step) {
    signal.push_back(simulation.field_modes()[static_cast<std::size_t>(mode - 1)]);
    if (step < steps) simulation.advance();
  }
  return signal;
}

}  // namespace scorefield::test
