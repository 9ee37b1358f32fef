#pragma once

#include <cstdint>

#include "core/options.hpp"
#include "solvers/sph/smoothing.hpp"

namespace scorefield::sph {

/// SPH-ParVI (arXiv 2407.09186): an isothermal gas, P = rho, whose particles feel the target's score.
struct SphOptions {
  enum class Force {
    score,   ///< gradient form: the score is a body force
    density  ///< density form: the body force comes from differences of log p between neighbours; no gradient is asked
             ///< for
  };
  enum class Density { summation, continuity };

  Shape kernel = Shape::wendland;
  Force force = Force::score;
  Density density = Density::summation;
  double diffusion = 0.1;  ///< delta of the continuity form's artificial diffusion, delta c h lap rho
  double alpha = 1;        ///< strength of the body force: the cloud represents p^alpha
  bool pressure = true;    ///< off: the negative control, everything falls into the modes
  double viscosity = 0.1;  ///< nu in units of c h
  double damping =
      2;             ///< of velocities, per unit of time; times the root of the force's curvature where that is above 1
  double cfl = 0.3;  ///< dt = cfl min(h/(c + |v|), sqrt(h/|a|))
  double smoothing_length = 0;     ///< final h in whitened coordinates; 0: 1 + 4.5/d mean spacings
  double initial_smoothing = 0.5;  ///< h at the start, decreasing to the final one over 60 % of the steps
  bool whiten = true;              ///< move in coordinates in which the cloud has unit covariance
  bool force_dimension = false;    ///< run above d = 6 all the same
};

/// Keys sph.*.
void bind(OptionSet& set, SphOptions& options);

}  // namespace scorefield::sph
