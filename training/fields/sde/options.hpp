#pragma once

#include <cstdint>

namespace scorefield::training {

/// How strong the noise sigma dW is.
enum class NoiseKind {
  constant,  ///< one number for all coordinates, physical units
  diagonal,  ///< one number a coordinate
  state      ///< one function of (x, mu, t) a coordinate
};

struct SdeOptions {
  NoiseKind noise = NoiseKind::diagonal;
  std::int64_t width = 128, depth = 3;  ///< of the drift's network, hidden layers
  std::int64_t batch = 4096;            ///< increments a step
  bool autonomous = false;              ///< the drift knows no time
  bool alike = false;                   ///< coordinates are those of bodies that are alike
  std::int64_t functions = 320;         ///< of the library, at most
};

}  // namespace scorefield::training
