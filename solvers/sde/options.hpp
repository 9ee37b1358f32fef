#pragma once

#include <cstdint>

#include "core/options.hpp"
#include "solvers/sde/system.hpp"

namespace scorefield::sde {

/// Orders of convergence, strong / weak: euler_maruyama 1/2 / 1 (1 / 1 with additive noise); heun 1 / 1 (1 / 2 with
/// additive noise); sra1 3/2 / 2, additive noise only (schemes.hpp).
enum class Scheme { euler_maruyama, heun, sra1 };

struct SdeOptions {
  double duration = 1;  ///< t runs over [0, duration]
  double dt = 0.01;     ///< largest time step; shortened so that frames fall on steps
  Scheme scheme = Scheme::heun;
  std::int64_t path_refinement = 1;  ///< Brownian increments that are drawn and added up per step
};

/// Keys sde.duration, sde.dt, sde.scheme, sde.path_refinement.
void bind(OptionSet& set, SdeOptions& options);

/// Checks every field. @throws UsageError naming the key
void validate(const SdeOptions& options);

/// Checks a system's lengths, amplitudes and functions, and the scheme against its noise. @throws UsageError
void validate(const System& system, Scheme scheme);

/// Lengths, finite numbers, deviations >= 0. @throws UsageError
void validate(const Population& population, std::int64_t dimension);

/// Time steps between two of `frames` >= 2 equally spaced outputs, both ends of [0, duration] included, and the step,
/// not above options.dt, that makes them fit.
struct TimeGrid {
  std::int64_t steps_per_frame = 0;
  std::int64_t steps = 0;  ///< in all
  double dt = 0;
};
[[nodiscard]] TimeGrid time_grid(const SdeOptions& options, std::int64_t frames);

}  // namespace scorefield::sde
