#include "solvers/vlasov/options.hpp"

#include <cmath>
#include <sstream>
#include <string>

#include "core/error.hpp"
#include "core/require.hpp"
#include "solvers/fft/fft.hpp"
#include "solvers/vlasov/interpolation.hpp"

namespace scorefield::vlasov {

void bind(OptionSet& set, VlasovOptions& options) {
  set.add("vlasov.cells", options.cells, "grid cells along x, a power of two");
  set.add("vlasov.velocity_cells", options.velocity_cells, "grid cells along v, a multiple of 8");
  set.add("vlasov.v_max", options.v_max, "the grid covers velocities in [-v_max, v_max)");
  set.add("vlasov.dt", options.dt, "largest time step; shortened so that stored frames fall on steps");
  set.add("vlasov.duration", options.duration, "end of the simulated time");
  set.add("vlasov.degree", options.degree, "degree of the interpolating polynomials: 3, 5, 7 or 9");
}

void validate(const VlasovOptions& options, double box_length, double mu, double diffusion) {
  require(fft::is_power_of_two(options.cells) && options.cells >= 16 && options.cells <= 65536, "option 'vlasov.cells'",
          options.cells, "a power of two from 16 to 65536");
  require(options.velocity_cells >= 32 && options.velocity_cells % 8 == 0 &&
              options.velocity_cells <= kMaxGridCells / options.cells,
          "option 'vlasov.velocity_cells'", options.velocity_cells,
          "a multiple of 8 from 32, at most " + std::to_string(kMaxGridCells / options.cells) + " with these cells");
  require_positive("option 'vlasov.v_max'", options.v_max);
  require_positive("option 'vlasov.dt'", options.dt);
  require_positive("option 'vlasov.duration'", options.duration);
  require(options.duration / options.dt <= 1e9, "option 'vlasov.dt'", options.dt,
          "at most 1e9 steps in vlasov.duration");
  require(options.degree % 2 == 1 && options.degree >= kMinDegree && options.degree <= kMaxDegree,
          "option 'vlasov.degree'", options.degree, "3, 5, 7 or 9");
  require_positive("option 'vlasov.box_length'", box_length);
  require(std::isfinite(mu) && mu > 0, "mu", mu, "a finite number above 0 (it is the plasma period over 2 pi)");
  require(options.dt < 2 * mu, "option 'vlasov.dt'", options.dt,
          "less than 2 mu, the period of the fastest oscillation over pi");
  const double spacing = 2 * options.v_max / static_cast<double>(options.velocity_cells);
  require(
      diffusion * options.dt <= kLargestDiffusion * spacing * spacing, "collisions.diffusion times vlasov.dt",
      diffusion * options.dt,
      "at most " + std::to_string(kLargestDiffusion) + " cells^2 of velocity; use a smaller vlasov.dt or fewer cells");
}

}  // namespace scorefield::vlasov
