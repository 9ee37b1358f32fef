#pragma once

#include <cstdint>
#include <string>

namespace scorefield::training {

/// Where rollouts start that are given no population.
enum class StartKind {
  automatic,  ///< at a training mu what the model keeps, else what the problem of the training data starts from at that
              ///< mu
  nearest     ///< what the model keeps of the nearest training mu
};

struct StartOptions {
  std::string path{};  ///< dataset whose first frame is the population; empty: `kind` decides
  StartKind kind = StartKind::automatic;
  std::int64_t particles = 0;  ///< 0: as many as there are
};

}  // namespace scorefield::training
