#include "solvers/mpm/options.hpp"

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
  set.add("mpm.dt", o.dt, above(0), "largest time step, in units of whitened length over sound speed");
  set.add("mpm.courant", o.courant, above(0), "time step at most courant * grid spacing / sound speed");
  set.add("mpm.damping", o.damping, at_least(0), "damping rate in units of the whitened cloud's frequency");
  set.add("mpm.per_cell", o.per_cell, above(0), "particles per occupied cell, which sets the grid spacing");
  set.add("mpm.whiten", o.whiten, "move in running coordinates where the cloud has unit covariance");
  set.add("mpm.temperature", o.temperature, at_least(1), "temperature of the target at the start, 1: no annealing");
  set.add("mpm.cooling", o.cooling, in(0, 0.8), "share of the steps in which the temperature falls to 1");
  set.add("mpm.teleport_every", o.teleport_every, at_least(0),
          "steps between two birth-death steps, which move mass between modes; 0: none");
  set.add("mpm.teleport_rate", o.teleport_rate, at_least(0), "rate of birth and death");
  set.add("mpm.tolerance", o.tolerance, at_least(0),
          "stop when the free energy and the mean square speed change less over 20 steps");
  set.add("mpm.young", o.young, at_least(0), "solids: Young's modulus");
  set.add("mpm.poisson", o.poisson, above(-1).below(0.5), "solids: Poisson's ratio");
  set.add("mpm.yield", o.yield, at_least(0), "von-mises: yield stress");
  set.add("mpm.gamma", o.gamma, above(0), "tait: exponent of the equation of state");
}

}  // namespace scorefield::mpm
