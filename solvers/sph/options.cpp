#include "solvers/sph/options.hpp"

namespace scorefield::sph {

void bind(OptionSet& set, SphOptions& options) {
  set.add("sph.kernel", options.kernel,
          {{"wendland", Shape::wendland}, {"cubic", Shape::cubic}, {"gaussian", Shape::gaussian}}, "smoothing kernel");
  set.add("sph.force", options.force, {{"score", SphOptions::Force::score}, {"density", SphOptions::Force::density}},
          "body force: the score (gradient form) or differences of log p between neighbours (density form)");
  set.add("sph.density", options.density,
          {{"summation", SphOptions::Density::summation}, {"continuity", SphOptions::Density::continuity}},
          "number density: summed over neighbours, or carried by the continuity equation");
  set.add("sph.diffusion", options.diffusion, in(0, 1),
          "artificial density diffusion of the continuity form, in units of c h");
  set.add("sph.alpha", options.alpha, above(0), "strength of the body force: the cloud represents p^alpha");
  set.add("sph.pressure", options.pressure, "false: no pressure, the cloud collapses into the modes");
  set.add("sph.viscosity", options.viscosity, at_least(0), "nu of nu lap v + nu/3 grad div v, in units of c h");
  set.add("sph.damping", options.damping, at_least(0), "damping of velocities per unit of time");
  set.add("sph.cfl", options.cfl, above(0).up_to(1), "dt = cfl min(h/(c + |v|), sqrt(h/|a|))");
  set.add("sph.smoothing_length", options.smoothing_length, at_least(0),
          "final h, whitened; 0: 1 + 4.5/d mean spacings");
  set.add("sph.initial_smoothing", options.initial_smoothing, above(0),
          "h at the start, decreasing over 60 % of the steps");
  set.add("sph.whiten", options.whiten, "move in coordinates in which the cloud has unit covariance");
  set.add("sph.force_dimension", options.force_dimension, "run above d = 6 although the kernel's bias rules there");
}

}  // namespace scorefield::sph
