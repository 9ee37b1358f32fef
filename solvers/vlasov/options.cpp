#include "solvers/vlasov/options.hpp"

#include <cmath>
#include <string>

#include "core/require.hpp"
#include "solvers/vlasov/interpolation.hpp"

namespace scorefield::vlasov {

void bind(OptionSet& set, VlasovOptions& options) {
  set.add("vlasov.cells", options.cells, power_of_two(16, 65536), "grid cells along x, a power of two");
  set.add("vlasov.velocity_cells", options.velocity_cells, at_least(32).multiple_of(8),
          "grid cells along v, a multiple of 8");
  set.add("vlasov.v_max", options.v_max, above(0), "the grid covers velocities in [-v_max, v_max)");
  set.add("vlasov.dt", options.dt, above(0), "largest time step; shortened so that stored frames fall on steps");
  set.add("vlasov.duration", options.duration, above(0), "end of the simulated time");
  set.add("vlasov.degree", options.degree, one_of({3, 5, 7, 9}),
          "degree of the interpolating polynomials: 3, 5, 7 or 9");
}

void validate(const VlasovOptions& options, double box_length, double mu, double diffusion) {
  check_ranges(options);
  require(options.velocity_cells <= kMaxGridCells / options.cells, "option 'vlasov.velocity_cells'",
          options.velocity_cells, "at most " + std::to_string(kMaxGridCells / options.cells) + " with these cells");
  require(options.duration / options.dt <= 1e9, "option 'vlasov.dt'", options.dt,
          "at most 1e9 steps in vlasov.duration");
  require("option 'vlasov.box_length'", box_length, above(0));
  require(std::isfinite(mu) && mu > 0, "mu", mu, "a number above 0 (it is the plasma period over 2 pi)");
  require(options.dt < 2 * mu, "option 'vlasov.dt'", options.dt,
          "less than 2 mu, the period of the fastest oscillation over pi");
  const double spacing = 2 * options.v_max / static_cast<double>(options.velocity_cells);
  require(diffusion * options.dt <= kLargestDiffusion * spacing * spacing, "collisions.diffusion times vlasov.dt",
          diffusion * options.dt,
          "at most " + number_text(kLargestDiffusion) + " cells^2 of velocity; use a smaller vlasov.dt or fewer cells");
}

}  // namespace scorefield::vlasov
