#include "solvers/sde/options.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/require.hpp"

namespace scorefield::sde {
namespace {

/// One finite number per coordinate, none negative when `positive`.
void require_numbers(const std::vector<double>& values, std::int64_t dimension, const std::string& what,
                     bool positive) {
  require(static_cast<std::int64_t>(values.size()) == dimension, "the length of " + what, values.size(),
          "one number per coordinate, " + std::to_string(dimension));
  for (const double value : values)
    require(std::isfinite(value) && (!positive || value >= 0), what, value,
            positive ? "finite numbers from 0" : "finite numbers");
}

}  // namespace

void bind(OptionSet& set, SdeOptions& options) {
  set.add("sde.duration", options.duration, "end of the simulated time");
  set.add("sde.dt", options.dt, "largest time step; shortened so that stored frames fall on steps");
  set.add("sde.scheme", options.scheme,
          {{"euler-maruyama", Scheme::euler_maruyama}, {"heun", Scheme::heun}, {"sra1", Scheme::sra1}},
          "integrator; strong order 1/2, 1, 3/2 (sra1: additive noise only)");
  set.add("sde.path_refinement", options.path_refinement,
          "Brownian increments added up per step: dt and R give the path of dt / R and 1");
}

void validate(const SdeOptions& options) {
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  require(positive(options.duration), "option 'sde.duration'", options.duration, "a finite number above 0");
  require(positive(options.dt), "option 'sde.dt'", options.dt, "a finite number above 0");
  require(options.duration / options.dt <= 1e9, "option 'sde.dt'", options.dt, "at most 1e9 steps in sde.duration");
  require(options.path_refinement >= 1 && options.path_refinement <= 1'000'000, "option 'sde.path_refinement'",
          options.path_refinement, "a whole number from 1 to 1000000");
}

void validate(const System& system, Scheme scheme) {
  require(system.dimension >= 1, "the dimension of the system", system.dimension, "at least 1");
  require_numbers(system.sigma, system.dimension, "sigma", true);
  if (!system.drift) throw UsageError("the system has no drift.");
  if (system.diffusion && scheme == Scheme::sra1)
    throw UsageError(
        "option 'sde.scheme' is sra1, which is for additive noise; this system's noise depends on the state. "
        "Use heun or euler-maruyama.");
}

void validate(const Population& population, std::int64_t dimension) {
  require_numbers(population.mean, dimension, "the mean of the initial population", false);
  require_numbers(population.deviation, dimension, "the deviation of the initial population", true);
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
