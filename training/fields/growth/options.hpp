#pragma once

#include <cstdint>

#include "training/frame_mass.hpp"

namespace scorefield::training {

struct GrowthOptions {
  std::int64_t width = 48, depth = 2;  ///< of both networks, hidden layers
  std::int64_t particles = 400;        ///< of a rollout in training
  std::int64_t points = 600;           ///< of a frame that it is compared with
  std::int64_t steps = 32;             ///< Heun steps over the whole time
  double noise = 0.1;                  ///< sigma of dX = b dt + sigma dW, normalised units; 0: none
  double mass = 0.2;                   ///< weight of the squared error of log mass
  double action = 0;                   ///< weight of int E[|b|^2/2 + lambda g^2/2] dt
  double penalty = 1;                  ///< lambda in it
  bool autonomous = true;              ///< drift and growth know no time
  MassKind mass_of = MassKind::automatic;
};

}  // namespace scorefield::training
