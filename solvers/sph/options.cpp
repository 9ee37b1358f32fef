#include "solvers/sph/options.hpp"

#include "core/require.hpp"

namespace scorefield::sph {

void bind(OptionSet& set, SphOptions& options) {
  set.add("sph.kernel", options.kernel,
          {{"wendland", Shape::wendland}, {"cubic", Shape::cubic}, {"gaussian", Shape::gaussian}}, "smoothing kernel");
  set.add("sph.force", options.force, {{"score", SphOptions::Force::score}, {"density", SphOptions::Force::density}},
          "body force: the score (gradient form) or differences of log p between neighbours (density form)");
  set.add("sph.density", options.density,
          {{"summation", SphOptions::Density::summation}, {"continuity", SphOptions::Density::continuity}},
          "number density: summed over neighbours, or carried by the continuity equation");
  set.add("sph.diffusion", options.diffusion, "artificial density diffusion of the continuity form, in units of c h");
  set.add("sph.alpha", options.alpha, "strength of the body force: the cloud represents p^alpha");
  set.add("sph.pressure", options.pressure, "false: no pressure, the cloud collapses into the modes");
  set.add("sph.viscosity", options.viscosity, "nu of nu lap v + nu/3 grad div v, in units of c h");
  set.add("sph.damping", options.damping, "damping of velocities per unit of time");
  set.add("sph.cfl", options.cfl, "dt = cfl min(h/(c + |v|), sqrt(h/|a|))");
  set.add("sph.smoothing_length", options.smoothing_length, "final h, whitened; 0: 1 + 4.5/d mean spacings");
  set.add("sph.initial_smoothing", options.initial_smoothing, "h at the start, decreasing over 60 % of the steps");
  set.add("sph.whiten", options.whiten, "move in coordinates in which the cloud has unit covariance");
  set.add("sph.force_dimension", options.force_dimension, "run above d = 6 although the kernel's bias rules there");
}

void validate(const SphOptions& o) {
  require_positive("option 'sph.alpha'", o.alpha);
  require_positive("option 'sph.cfl'", o.cfl);
  require(o.cfl <= 1, "option 'sph.cfl'", o.cfl, "at most 1");
  require(o.diffusion >= 0 && o.diffusion <= 1, "option 'sph.diffusion'", o.diffusion, "a number from 0 to 1");
  require(o.viscosity >= 0, "option 'sph.viscosity'", o.viscosity, "a number from 0");
  require(o.damping >= 0, "option 'sph.damping'", o.damping, "a number from 0");
  require(o.smoothing_length >= 0, "option 'sph.smoothing_length'", o.smoothing_length, "a number from 0");
  require_positive("option 'sph.initial_smoothing'", o.initial_smoothing);
}

}  // namespace scorefield::sph
