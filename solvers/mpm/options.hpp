#pragma once

#include <cstdint>

#include "core/options.hpp"

namespace scorefield::mpm {

/// What the particles are made of. Only the gas samples: its pressure balances the score exactly at the target.
enum class Body { gas, none, neo_hookean, corotated, linear, von_mises, tait };

enum class Precision { single_, double_ };

struct MpmOptions {
  Body body = Body::gas;
  bool affine = true;  ///< APIC; false: PIC
  Precision precision = Precision::double_;
  double dt = 0.1;                  ///< largest time step, in units of (whitened length) / (sound speed)
  double courant = 0.6;             ///< dt at most courant h / sound speed
  double damping = 2;               ///< rate, in units of the whitened cloud's sqrt(curvature)
  double per_cell = 3;              ///< particles per occupied cell: sets the grid spacing
  bool whiten = true;               ///< move in coordinates where the cloud has unit covariance
  double temperature = 4;           ///< at the start; 1 after 'cooling'
  double cooling = 0.3;             ///< share of the steps in which the temperature falls to 1
  std::int64_t teleport_every = 5;  ///< steps between two birth-death steps; 0: none
  double teleport_rate = 1;         ///< per unit time
  double tolerance = 2e-3;  ///< of the stopping rule: change of the free energy over 20 steps, and mean square speed
  double young = 1;         ///< solids: Young's modulus in units of the gas pressure at unit density
  double poisson = 0.3;
  double yield = 0.5;  ///< von Mises: yield stress in the same units
  double gamma = 7;    ///< Tait
};

void bind(OptionSet& set, MpmOptions& options);

}  // namespace scorefield::mpm
