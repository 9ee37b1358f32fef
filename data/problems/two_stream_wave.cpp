#include "data/problems/two_stream_wave.hpp"

#include <cmath>
#include <numbers>

#include "core/require.hpp"

namespace scorefield::problems {

/// Sixteen times the density is four times the plasma frequency.
pic::PicOptions TwoStreamWave::pic_options() const {
  pic::PicOptions options;
  options.cells = 128;
  options.dt = 0.0125;
  options.duration = 5;
  return options;
}

void TwoStreamWave::bind(OptionSet& set, PlasmaOptions& options, const std::string&) const {
  problems::bind(set, options.wave);
}

void TwoStreamWave::validate(const PlasmaOptions& options) const { check_ranges(options.wave); }

PlasmaSetup TwoStreamWave::setup(const PlasmaOptions& options, double mu) const {
  require("mu (T)", mu, above(0));
  const auto& [k, amplitude, speed, density, box_length] = options.wave;
  PlasmaSetup setup;
  setup.population.beams = {{0.5, -speed, std::sqrt(mu)}, {0.5, speed, std::sqrt(mu)}};
  setup.population.density = {amplitude, k * box_length / (2 * std::numbers::pi)};
  setup.box_length = box_length;
  setup.mu = 1 / std::sqrt(density * setup.population.density.mean());
  return setup;
}

}  // namespace scorefield::problems
