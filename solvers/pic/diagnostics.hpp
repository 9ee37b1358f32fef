#pragma once

#include <complex>
#include <cstdint>
#include <functional>
#include <vector>

#include "solvers/pic/simulation.hpp"

namespace scorefield::pic {

/// What a run records at every step, D = steps + 1, both ends included.
struct History {
  std::vector<double> time;
  std::vector<double> electric_energy;
  std::vector<double> kinetic_energy;
  std::vector<double> momentum;
  std::vector<std::complex<double>> field_modes;  ///< [D, mode_count]
  std::int64_t mode_count = 0;

  /// The complex amplitude of mode k = 1 .. mode_count over time, [D].
  [[nodiscard]] std::vector<std::complex<double>> mode(std::int64_t k) const;
};

/// Advances `simulation` by `steps` and records. `observe` is called at every step 0 .. steps before the advance;
/// what it throws ends the run.
template <class Real>
[[nodiscard]] History run(Simulation<Real>& simulation, std::int64_t steps,
                          const std::function<void(const Simulation<Real>&)>& observe = {});

extern template History run(Simulation<float>&, std::int64_t, const std::function<void(const Simulation<float>&)>&);
extern template History run(Simulation<double>&, std::int64_t, const std::function<void(const Simulation<double>&)>&);

}  // namespace scorefield::pic
