#include "solvers/sde/options.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/require.hpp"

namespace scorefield::sde {
namespace {

/// One number of the range per coordinate.
void require_numbers(const std::vector<double>& values, std::int64_t dimension, const std::string& what,
                     const Range& range) {
  require(static_cast<std::int64_t>(values.size()) == dimension, "the length of " + what, values.size(),
          "one number per coordinate, " + std::to_string(dimension));
  for (const double value : values) require(what, value, range);
}

}  // namespace

void bind(OptionSet& set, SdeOptions& options) {
  set.add("sde.duration", options.duration, above(0), "end of the simulated time");
  set.add("sde.dt", options.dt, above(0), "largest time step; shortened so that stored frames fall on steps");
  set.add("sde.scheme", options.scheme,
          {{"euler-maruyama", Scheme::euler_maruyama}, {"heun", Scheme::heun}, {"sra1", Scheme::sra1}},
          "integrator; strong order 1/2, 1, 3/2 (sra1: additive noise only)");
  set.add("sde.path_refinement", options.path_refinement, in(1, 1'000'000),
          "Brownian increments added up per step: dt and R give the path of dt / R and 1");
}

void validate(const SdeOptions& options) {
  check_ranges(options);
  require(options.duration / options.dt <= 1e9, "option 'sde.dt'", options.dt, "at most 1e9 steps in sde.duration");
}

void validate(const System& system, Scheme scheme) {
  require("the dimension of the system", system.dimension, at_least(1));
  require_numbers(system.sigma, system.dimension, "sigma", at_least(0));
  if (!system.drift) throw UsageError("the system has no drift.");
  if (system.diffusion && scheme == Scheme::sra1)
    throw UsageError(
        "option 'sde.scheme' is sra1, which is for additive noise; this system's noise depends on the state. "
        "Use heun or euler-maruyama.");
}

void validate(const Population& population, std::int64_t dimension) {
  require_numbers(population.mean, dimension, "the mean of the initial population", any_number());
  require_numbers(population.deviation, dimension, "the deviation of the initial population", at_least(0));
}

TimeGrid time_grid(const SdeOptions& options, std::int64_t frames) {
  if (frames == 1) return {.steps_per_frame = 1, .steps = 0, .dt = options.dt};
  const double interval = options.duration / static_cast<double>(frames - 1);
  TimeGrid grid;
  // The small number forgives the rounding of, say, 0.2 / 0.01.
  grid.steps_per_frame = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(interval / options.dt - 1e-6)));
  grid.steps = grid.steps_per_frame * (frames - 1);
  grid.dt = options.duration / static_cast<double>(grid.steps);
  return grid;
}

}  // namespace scorefield::sde
