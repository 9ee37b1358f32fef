#include "data/problems/landau.hpp"

#include <numbers>

#include "core/require.hpp"

namespace scorefield::problems {
std::string Landau::parameter(const PlasmaOptions& options) const {
  return options.landau.parameter == LandauParameter::alpha
             ? "alpha: amplitude of the density wave (or, with landau.parameter=k, its wave number)"
             : "k: wave number of the density wave, per Debye length";
}

std::vector<double> Landau::training_mu(const PlasmaOptions& options) const {
  if (options.landau.parameter == LandauParameter::alpha) return {0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5};
  return {0.3, 0.325, 0.35, 0.375, 0.4, 0.425, 0.45, 0.475, 0.5};
}

std::vector<double> Landau::test_mu(const PlasmaOptions& options) const {
  if (options.landau.parameter == LandauParameter::alpha) return {0.125, 0.325, 0.475};
  return {0.3125, 0.4125, 0.4875};
}

/// The box is short and the field falls over decades: few cells, many particles.
pic::PicOptions Landau::pic_options() const {
  pic::PicOptions options;
  options.cells = 128;
  options.dt = 0.05;
  options.simulated_particles = 1'000'000;
  return options;
}

void Landau::bind(OptionSet& set, PlasmaOptions& options, const std::string&) const {
  problems::bind(set, options.landau);
}

void Landau::validate(const PlasmaOptions& options) const { check_ranges(options.landau); }

PlasmaSetup Landau::setup(const PlasmaOptions& options, double mu) const {
  const bool over_k = options.landau.parameter == LandauParameter::k;
  if (over_k) require("mu (k)", mu, above(0));
  else require(mu > 0 && mu < 1, "mu (alpha)", mu, "a number above 0 and below 1: the density is 1 + alpha cos k x");
  PlasmaSetup setup;
  setup.population.beams = {{1, 0, 1}};
  setup.population.density = {over_k ? options.landau.alpha : mu, 1};
  setup.box_length = 2 * std::numbers::pi / (over_k ? mu : options.landau.k);
  if (over_k) setup.position_unit = setup.box_length;
  return setup;
}

}  // namespace scorefield::problems
