#pragma once

#include <cstdint>
#include <vector>

#include "core/progress.hpp"
#include "data/problems/field_energy.hpp"
#include "data/problems/problem.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {

/// What a floor run must be like.
struct FloorPlan {
  std::vector<std::vector<double>> mu;            ///< [M][p]
  std::int64_t particles = 0;                     ///< per frame
  std::int64_t seed = 0;                          ///< another one gives another run
  const problems::FieldEnergy* energy = nullptr;  ///< of E(t); null: nobody asks for it
  std::vector<double> cloud_times;                ///< when clouds are asked for
};

/// An independent high-fidelity run at the mu of a rollout, what one sample of the truth is worth: the reference's
/// solver with another seed. Its path is "generated, seed ...".
/// @throws UsageError if the problem cannot do that; Interrupted.
[[nodiscard]] Run generate_floor(const problems::Problem& problem, const Run& reference, const FloorPlan& plan,
                                 const ProgressObserver& observer);

}  // namespace scorefield::metrics
