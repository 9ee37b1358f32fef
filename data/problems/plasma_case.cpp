#include "data/problems/plasma_case.hpp"

#include <cmath>
#include <cstdlib>

#include "core/error.hpp"
#include "solvers/pic/deposit.hpp"

namespace scorefield::problems {
namespace {

double perturbation_mode(const PerturbationOptions& options, double mu) {
  if (options.mode == "reference") return mu;
  char* end = nullptr;
  const double mode = std::strtod(options.mode.c_str(), &end);
  if (options.mode.empty() || *end != '\0' || !(mode >= 1 && mode <= 1e6) || mode != std::floor(mode))
    throw UsageError("option 'perturbation.mode' is '" + options.mode +
                     "', expected a whole number from 1 (waves in the box) or 'reference' (mu waves).");
  return mode;
}

}  // namespace

void bind(OptionSet& set, PerturbationOptions& options) {
  set.add("perturbation.mode", options.mode,
          "waves m in the box of the initial perturbation, v (1 + amplitude cos(2 pi m x / L)); reference: m = mu");
  set.add("perturbation.amplitude", options.amplitude, at_least(0).below(1), "amplitude of the initial perturbation");
}

void bind(OptionSet& set, BeamsOptions& options) {
  set.add("beams.speed", options.speed, above(0), "mean velocities of the two beams, minus this and this");
  set.add("beams.thermal_speed", options.thermal_speed, above(0), "deviation of the velocities around them");
}

void bind(OptionSet& set, LandauOptions& options) {
  set.add("landau.parameter", options.parameter, {{"alpha", LandauParameter::alpha}, {"k", LandauParameter::k}},
          "which of alpha and k in f = M(v) (1 + alpha cos k x) is mu; the box has length 2 pi / k");
  set.add("landau.alpha", options.alpha, above(0).below(1), "the amplitude when k is mu");
  set.add("landau.k", options.k, above(0), "the wave number when alpha is mu, per Debye length");
}

void bind(OptionSet& set, WaveOptions& options) {
  set.add("wave.k", options.k, above(0), "wave number of the density wave 1 + amplitude cos k x");
  set.add("wave.amplitude", options.amplitude, at_least(0).below(1), "its amplitude");
  set.add("wave.speed", options.speed, above(0), "mean velocities of the two beams, minus this and this");
  set.add("wave.density", options.density, above(0), "density of electrons, the square of the plasma frequency");
  set.add("wave.box_length", options.box_length, above(0), "length of the periodic box");
}

void bind_diffusion(OptionSet& set, PlasmaOptions& options) {
  set.add("collisions.diffusion", options.diffusion, any_number(),
          "eta of the collision operator, d_t f + ... = eta d_vv f; 0: none; below 0: the problem's own");
}

void bind_box(OptionSet& set, PlasmaOptions& options, const std::string& solver) {
  set.add(solver + ".box_length", options.box_length, above(0), "length of the periodic box");
}

void set_plasma_coordinates(data::DatasetHeader& header, const PlasmaSetup& setup) {
  const bool in_boxes = setup.position_unit == setup.box_length;
  header.coordinates = {in_boxes ? "x/L" : "x", "v"};
  header.units = {in_boxes ? "box length" : "Debye length at mu = 1", "thermal speed"};
  header.periods = {in_boxes ? 1 : setup.box_length, 0};
  if (setup.diffusion > 0) header.diffusion = {0, setup.diffusion};
}

std::vector<double> initial_density(const PlasmaSetup& setup, std::span<const double> points) {
  const pic::PhaseSpaceDensity density(setup.population, setup.box_length);
  const double share = setup.position_unit / setup.box_length;
  std::vector<double> values;
  values.reserve(points.size() / 2);
  for (std::size_t i = 0; i < points.size(); i += 2) {
    const double x = points[i] * setup.position_unit;
    values.push_back(share * density(x - setup.box_length * std::floor(x / setup.box_length), points[i + 1]));
  }
  return values;
}

double particle_energy(const PlasmaCase& plasma, const PlasmaOptions& plasma_options, pic::PicOptions options,
                       std::span<const float> samples, double mu) {
  const PlasmaSetup setup = plasma.setup(plasma_options, mu);
  options.box_length = setup.box_length;
  if (setup.position_unit == 1) return pic::electric_energy(samples, 2, options, setup.mu);
  std::vector<float> positions;
  for (std::size_t i = 0; i < samples.size(); i += 2)
    positions.push_back(static_cast<float>(samples[i] * setup.position_unit));
  return pic::electric_energy(positions, 1, options, setup.mu);
}

std::string BeamCase::parameter(const PlasmaOptions&) const {
  return "mu: inverse plasma frequency (Poisson: mu^2 phi'' = n - 1)";
}

PlasmaOptions BeamCase::plasma_options() const {
  PlasmaOptions options;
  options.diffusion = own_diffusion();
  return options;
}

void BeamCase::bind(OptionSet& set, PlasmaOptions& options, const std::string& solver) const {
  bind_box(set, options, solver);
  problems::bind(set, options.perturbation);
  bind_diffusion(set, options);
}

void BeamCase::validate(const PlasmaOptions& options) const {
  check_ranges(options.perturbation);
  (void)perturbation_mode(options.perturbation, 1);
}

PlasmaSetup BeamCase::setup(const PlasmaOptions& options, double mu) const {
  PlasmaSetup setup;
  setup.population.beams = beams(options);
  setup.population.perturbation = {options.perturbation.amplitude, perturbation_mode(options.perturbation, mu)};
  setup.box_length = options.box_length;
  setup.mu = mu;
  setup.diffusion = options.diffusion < 0 ? own_diffusion() : options.diffusion;
  return setup;
}

}  // namespace scorefield::problems
