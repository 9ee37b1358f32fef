// Strong Landau damping (alpha = .5, k = .5): the field first falls, then trapped particles give back. Rates as quoted
// in the literature: -.292 from the first two peaks, .0815 from those of t in [20, 40] (Rossmanith and Seal, J. Comput.
// Phys. 230, 2011; Cheng and Knorr, J. Comput. Phys. 22, 1976, have -.281 and .084).

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "data/problems/landau.hpp"
#include "solvers/pic/diagnostics.hpp"
#include "tests/support/grid_run.hpp"

namespace scorefield::test {
namespace {

struct Rates {
  double decay, growth;
};

/// Logarithms of the field (half of its energy's) at its local maxima.
Rates rates_of(const std::vector<double>& energy, double dt) {
  std::vector<double> time, height;
  for (std::size_t i = 1; i + 1 < energy.size(); ++i)
    if (energy[i] > energy[i - 1] && energy[i] >= energy[i + 1]) {
      time.push_back(static_cast<double>(i) * dt);
      height.push_back(0.5 * std::log(energy[i]));
    }
  double count = 0, mean_time = 0, mean_height = 0, product = 0, square = 0;
  for (const bool means : {true, false})
    for (std::size_t i = 0; i < time.size(); ++i) {
      if (time[i] < 20 || time[i] > 40) continue;
      if (means) {
        count += 1;
        mean_time += (time[i] - mean_time) / count;
        mean_height += (height[i] - mean_height) / count;
      } else {
        product += (time[i] - mean_time) * (height[i] - mean_height);
        square += (time[i] - mean_time) * (time[i] - mean_time);
      }
    }
  return {(height.at(1) - height.at(0)) / (time.at(1) - time.at(0)), product / square};
}

constexpr double kDecay = -0.292, kGrowth = 0.0815, kStep = 0.05;
constexpr int kSteps = 820;

Rates by_grid() {
  vlasov::VlasovOptions options;
  options.cells = 64;
  options.velocity_cells = 512;
  options.v_max = 8;
  options.dt = kStep;
  auto simulation = grid_simulation(problems::Landau().setup({}, 0.5), options);
  std::vector<double> energy;
  for (int step = 0; step < kSteps; ++step) {
    energy.push_back(simulation.electric_energy());
    simulation.advance();
  }
  return rates_of(energy, kStep);
}

Rates by_particles() {
  const auto setup = problems::Landau().setup({}, 0.5);
  pic::PicOptions options = problems::Landau().pic_options();
  options.box_length = setup.box_length;
  options.simulated_particles = 400'000;
  pic::Simulation<float> simulation(
      options, kStep, 1,
      pic::load(setup.population, options.box_length, options.simulated_particles, options.start, Philox(1, 0)));
  return rates_of(pic::run(simulation, kSteps).electric_energy, kStep);
}

void expect_literature(const char* name, const Rates& rates) {
  EXPECT_NEAR(rates.decay / kDecay, 1, 0.01);
  EXPECT_NEAR(rates.growth / kGrowth, 1, 0.03);
  std::cout << name << ": decay " << rates.decay << ", growth " << rates.growth << "\n";
}

TEST(StrongLandau, GridHasTheRatesOfTheLiterature) { expect_literature("grid", by_grid()); }

TEST(StrongLandau, ParticlesHaveTheRatesOfTheLiterature) { expect_literature("particles", by_particles()); }

}  // namespace
}  // namespace scorefield::test
