// What the grid solver keeps, and how fast its errors fall in space, velocity and time.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "data/problems/landau.hpp"
#include "data/problems/two_stream.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/grid_run.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::test {
namespace {

using vlasov::VlasovOptions;

problems::PlasmaSetup two_stream(double mu = 1.3) { return problems::TwoStream().setup({}, mu); }
problems::PlasmaSetup strong_landau() { return problems::Landau().setup({}, 0.5); }

VlasovOptions grid(std::int64_t cells, std::int64_t velocity_cells, double dt) {
  VlasovOptions options;
  options.cells = cells;
  options.velocity_cells = velocity_cells;
  options.dt = dt;
  return options;
}

TEST(GridBudget, MassAndMomentumToRoundOffThroughSaturation) {
  auto simulation = grid_simulation(two_stream(), grid(64, 256, 0.1));
  const auto first = simulation.moments();
  double mass = 0, momentum = 0, field = 0, l2 = first.l2;
  for (int step = 0; step < 400; ++step) {
    simulation.advance();
    const auto now = simulation.moments();
    mass = std::max(mass, std::abs(now.mass / first.mass - 1));
    momentum = std::max(momentum, std::abs(now.momentum - first.momentum));
    field = std::max(field, simulation.electric_energy());
    EXPECT_LE(now.l2, l2 * (1 + 1e-13));
    l2 = now.l2;
  }
  EXPECT_GT(field, 5);
  EXPECT_NEAR(first.mass, 50, 1e-9);  // what lies beyond v_max
  EXPECT_LT(mass, 1e-12);
  EXPECT_LT(momentum, 1e-9);  // beside sum of |v| of 150; momentum carried over the edge by f's last digits
  EXPECT_GT(simulation.moments().lowest, -0.2);
  std::cout << "mass " << mass << ", momentum " << momentum << ", negative mass "
            << simulation.moments().negative_mass / first.mass << ", lowest " << simulation.moments().lowest << "\n";
}

TEST(GridBudget, EnergyErrorFallsFourfoldWhenTheStepHalves) {
  std::vector<double> errors;
  for (const double dt : {0.2, 0.1, 0.05}) {
    auto simulation = grid_simulation(two_stream(), grid(128, 512, dt));
    const auto total = [&] { return simulation.electric_energy() + simulation.moments().kinetic_energy; };
    const double first = total();
    double error = 0;
    while (simulation.time() < 18 - 1e-9) {
      simulation.advance();
      error = std::max(error, std::abs(total() / first - 1));
    }
    errors.push_back(error);
  }
  EXPECT_NEAR(errors[0] / errors[1], 4, 0.4);
  EXPECT_NEAR(errors[1] / errors[2], 4, 0.4);
  std::cout << "energy errors " << errors[0] << ' ' << errors[1] << ' ' << errors[2] << "\n";
}

/// Diffusion heats: the kinetic energy grows by eta L t, and the momentum stays.
TEST(GridBudget, CollisionsHeatAtTheirRate) {
  auto setup = two_stream();
  setup.population.perturbation.amplitude = 0;
  setup.diffusion = 0.01;
  auto simulation = grid_simulation(setup, grid(16, 256, 0.1));
  const auto first = simulation.moments();
  for (int step = 0; step < 50; ++step) simulation.advance();
  EXPECT_NEAR(simulation.moments().kinetic_energy - first.kinetic_energy, 0.01 * 50 * 5, 1e-8);
  EXPECT_NEAR(simulation.moments().momentum, first.momentum, 1e-9);
}

/// Without a field (mu large) the solution is f(x - v t, v) exactly; ten steps.
TEST(GridOrder, OfSpaceIsTheDegreePlusOne) {
  for (const std::int64_t degree : {3, 5, 7}) {
    const auto error = [&](std::int64_t cells) {
      problems::PlasmaSetup setup = strong_landau();
      setup.population.density.mode = 3;
      setup.mu = 1e6;
      VlasovOptions options = grid(cells, 64, 0.1);
      options.degree = degree;
      auto simulation = grid_simulation(setup, options);
      for (int step = 0; step < 10; ++step) simulation.advance();
      const pic::PhaseSpaceDensity f(setup.population, setup.box_length);
      const auto values = simulation.values();
      double worst = 0;
      for (std::int64_t i = 0; i < cells; ++i)
        for (std::size_t j = 0; j < 64; ++j) {
          const double x = setup.box_length * static_cast<double>(i) / static_cast<double>(cells);
          const double v = simulation.velocity()[j];
          worst = std::max(worst, std::abs(values[static_cast<std::size_t>(i) * 64 + j] - f(x - v, v)));
        }
      return worst;
    };
    const double order = std::log2(error(64) / error(128));
    // The displacement in cells changes with the grid, hence the fraction of a cell that is interpolated.
    EXPECT_NEAR(order, static_cast<double>(degree) + 1, 0.5) << "degree " << degree;
    std::cout << "degree " << degree << ": order in space " << order << "\n";
  }
}

/// Strong Landau damping with everything else fine: f at shared nodes against a fine grid's.
TEST(GridOrder, OfVelocityIsTheDegreePlusOne) {
  const auto run = [](std::int64_t velocity_cells, std::int64_t degree) {
    VlasovOptions options = grid(32, velocity_cells, 0.1);
    options.degree = degree;
    options.v_max = 8;
    auto simulation = grid_simulation(strong_landau(), options);
    for (int step = 0; step < 30; ++step) simulation.advance();
    return simulation.values();
  };
  for (const std::int64_t degree : {3, 5}) {
    const auto fine = run(2048, degree);
    const auto error = [&](std::int64_t count) {
      const auto coarse = run(count, degree);
      double worst = 0;
      for (std::int64_t i = 0; i < 32; ++i)
        for (std::int64_t j = 0; j < count; ++j)
          worst = std::max(worst, std::abs(coarse[static_cast<std::size_t>(i * count + j)] -
                                           fine[static_cast<std::size_t>(i * 2048 + j * (2048 / count))]));
      return worst;
    };
    const double order = std::log2(error(128) / error(256));
    EXPECT_NEAR(order, static_cast<double>(degree) + 1, 0.7) << "degree " << degree;
    std::cout << "degree " << degree << ": order in velocity " << order << "\n";
  }
}

/// The field's first mode at t = 3 against a tiny step's.
TEST(GridOrder, OfTimeIsTwo) {
  const auto amplitude = [](double dt) {
    VlasovOptions options = grid(32, 256, dt);
    options.degree = 9;
    return grid_mode(grid_simulation(strong_landau(), options), 1, std::lround(3 / dt)).back();
  };
  const Complex exact = amplitude(0.0125);
  const double coarse = std::abs(amplitude(0.2) - exact), medium = std::abs(amplitude(0.1) - exact),
               fine = std::abs(amplitude(0.05) - exact);
  EXPECT_NEAR(std::log2(coarse / medium), 2, 0.1);
  EXPECT_NEAR(std::log2(medium / fine), 2, 0.1);
  std::cout << "order in time " << std::log2(coarse / medium) << ' ' << std::log2(medium / fine) << "\n";
}

TEST(Grid, SameBitsForAnyNumberOfThreadsAndInstructionSet) {
  const auto values = [](int threads, simd::InstructionSet set) {
    const WithInstructionSet with_set(set);
    const int before = thread_count();
    set_thread_count(threads);
    auto setup = two_stream();
    setup.diffusion = 1e-3;
    auto simulation = grid_simulation(setup, grid(32, 128, 0.1));
    std::vector<double> result;
    for (int step = 0; step < 20; ++step) {
      simulation.advance();
      const auto moments = simulation.moments();
      result.insert(result.end(), {moments.kinetic_energy, moments.momentum, moments.mass, moments.l2, moments.lowest});
    }
    set_thread_count(before);
    const auto f = simulation.values();
    result.insert(result.end(), f.begin(), f.end());
    return result;
  };
  const auto reference = values(1, simd::InstructionSet::portable);
  for (const auto set : simd::usable_instruction_sets())
    for (const int threads : {1, 2, 3})
      EXPECT_TRUE(values(threads, set) == reference) << threads << " threads, " << simd::name(set);
}

TEST(Grid, StopsBeforeAnythingLeavesTheVelocities) {
  VlasovOptions options = grid(32, 128, 0.1);
  options.v_max = 5;
  expect_error<Error>([&] { grid_simulation(two_stream(), options); }, {"edge of the velocities", "vlasov.v_max"});
}

}  // namespace
}  // namespace scorefield::test
