#pragma once

#include <cstdint>

#include "training/mu_interpolation.hpp"

namespace scorefield::training {

/// Where the force of a frame is taken from.
enum class ForceSource {
  automatic,    ///< the first of the following that the data have
  stored,       ///< accelerations, the velocities' part of /velocities
  charge,       ///< Poisson's equation: charge and box of /field
  differences,  ///< of the velocities of particles that are followed
  momentum      ///< the balance of momentum between snapshots
};

/// Whether what happens at unlike times in neighbouring runs is brought together before it is interpolated in mu.
enum class ForceAlignment { automatic, none, clocks };

struct ForceOptions {
  ForceSource source = ForceSource::automatic;
  std::int64_t modes = 0;     ///< waves along an axis; 0: 16 in one dimension, 6 in two, 3 in three
  double charge_to_mass = 0;  ///< of the particles, with ForceSource::charge; 0: found by the balance of momentum
  MuInterpolationKind interpolation = MuInterpolationKind::automatic;
  ForceAlignment alignment = ForceAlignment::automatic;
};

}  // namespace scorefield::training
