#include "solvers/mpm/options.hpp"

#include "core/require.hpp"

namespace scorefield::mpm {

void bind(OptionSet& set, MpmOptions& o) {
  set.add("mpm.body", o.body,
          {{"gas", Body::gas},
           {"none", Body::none},
           {"neo-hookean", Body::neo_hookean},
           {"corotated", Body::corotated},
           {"linear", Body::linear},
           {"von-mises", Body::von_mises},
           {"tait", Body::tait}},
          "what the particles are made of; only the gas comes to rest at the target, the others are biased");
  set.add("mpm.affine", o.affine, "APIC transfers; false: PIC");
  set.add("mpm.precision", o.precision, {{"single", Precision::single_}, {"double", Precision::double_}},
          "of particles and grid");
  set.add("mpm.dt", o.dt, "largest time step, in units of whitened length over sound speed");
  set.add("mpm.courant", o.courant, "time step at most courant * grid spacing / sound speed");
  set.add("mpm.damping", o.damping, "damping rate in units of the whitened cloud's frequency");
  set.add("mpm.per_cell", o.per_cell, "particles per occupied cell, which sets the grid spacing");
  set.add("mpm.whiten", o.whiten, "move in running coordinates where the cloud has unit covariance");
  set.add("mpm.temperature", o.temperature, "temperature of the target at the start, 1: no annealing");
  set.add("mpm.cooling", o.cooling, "share of the steps in which the temperature falls to 1");
  set.add("mpm.teleport_every", o.teleport_every,
          "steps between two birth-death steps, which move mass between modes; 0: none");
  set.add("mpm.teleport_rate", o.teleport_rate, "rate of birth and death");
  set.add("mpm.tolerance", o.tolerance,
          "stop when the free energy and the mean square speed change less over 20 steps");
  set.add("mpm.young", o.young, "solids: Young's modulus");
  set.add("mpm.poisson", o.poisson, "solids: Poisson's ratio");
  set.add("mpm.yield", o.yield, "von-mises: yield stress");
  set.add("mpm.gamma", o.gamma, "tait: exponent of the equation of state");
}

void validate(const MpmOptions& o) {
  require_positive("option 'mpm.dt'", o.dt);
  require_positive("option 'mpm.courant'", o.courant);
  require(o.damping >= 0, "option 'mpm.damping'", o.damping, "a number from 0");
  require_positive("option 'mpm.per_cell'", o.per_cell);
  require(o.temperature >= 1, "option 'mpm.temperature'", o.temperature, "a number from 1");
  require(o.cooling >= 0 && o.cooling <= 0.8, "option 'mpm.cooling'", o.cooling, "a number from 0 to .8");
  require(o.teleport_every >= 0, "option 'mpm.teleport_every'", o.teleport_every, "a number from 0");
  require(o.teleport_rate >= 0, "option 'mpm.teleport_rate'", o.teleport_rate, "a number from 0");
  require(o.young >= 0, "option 'mpm.young'", o.young, "a number from 0");
  require(o.poisson > -1 && o.poisson < 0.5, "option 'mpm.poisson'", o.poisson, "a number between -1 and .5");
  require_positive("option 'mpm.gamma'", o.gamma);
}

}  // namespace scorefield::mpm
