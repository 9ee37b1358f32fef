#pragma once

#include <cstdint>

#include "core/options.hpp"
#include "solvers/pic/options.hpp"

namespace scorefield::pic3d {

/// A 3D3V electrostatic particle-in-cell run in a periodic cube, mu = 1; units as in solvers/pic/README.md.
struct Pic3dOptions {
  double box_length = 12.566370614359172;        ///< L of the cube; the problem's to choose, so not bound here
  std::int64_t cells = 32;                       ///< along each axis, a power of two from 8 to 128
  double dt = 0.05;                              ///< largest time step; shortened so that frames fall on steps
  double duration = 9;                           ///< t runs over [0, duration]
  std::int64_t simulated_particles = 4'194'304;  ///< of which a generator stores a prefix
  std::int64_t sort_interval = 20;               ///< steps between two sorts of the particles by cell
  pic::Start start = pic::Start::quiet;
};

/// Keys pic.cells, pic.dt, pic.duration, pic.simulated_particles, pic.sort_interval, pic.start.
void bind(OptionSet& set, Pic3dOptions& options);

/// @throws UsageError naming the key
void validate(const Pic3dOptions& options);

}  // namespace scorefield::pic3d
