// The 3D3V solver: its pieces, its budgets, and its one-dimensional limit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>
#include <set>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "data/problems/landau.hpp"
#include "solvers/pic/diagnostics.hpp"
#include "solvers/pic/low_discrepancy.hpp"
#include "solvers/pic3d/simulation.hpp"
#include "solvers/pic3d/sorting.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::test {
namespace {

using pic3d::Pic3dOptions;

Pic3dOptions small(std::int64_t particles, double dt = 0.1) {
  Pic3dOptions options;
  options.cells = 16;
  options.dt = dt;
  options.simulated_particles = particles;
  return options;
}

pic3d::Simulation simulation(const Pic3dOptions& options, pic3d::Population population, std::uint64_t seed = 1) {
  return {options, options.dt, pic3d::load(population, options, Philox(seed, 0))};
}

struct History {
  std::vector<double> electric, total;
  std::array<double, 3> momentum_change{};
};

History run(pic3d::Simulation& simulation, double duration) {
  History history;
  const auto start = simulation.moments().momentum;
  while (simulation.time() < duration - 1e-9) {
    const double electric = simulation.electric_energy();
    const auto moments = simulation.advance();
    history.electric.push_back(electric);
    history.total.push_back(electric + moments.kinetic_energy);
    for (std::size_t axis = 0; axis < 3; ++axis)
      history.momentum_change[axis] =
          std::max(history.momentum_change[axis], std::abs(moments.momentum[axis] - start[axis]));
  }
  return history;
}

/// Every axis of 2^m points: one in each of 2^m intervals; every pair of the first two: a net.
TEST(ScrambledSobol6d, EveryAxisIsEven) {
  const pic::ScrambledSobol<6> sequence(Philox(4, 2));
  for (std::size_t axis = 0; axis < 6; ++axis) {
    std::set<int> intervals;
    for (std::uint32_t i = 0; i < 256; ++i) intervals.insert(static_cast<int>(256 * sequence.point(i)[axis]));
    EXPECT_EQ(intervals.size(), 256u) << axis;
  }
}

/// Direction numbers that are wrong leave axes that are even and dependent: means of products of centred coordinates
/// show it.
TEST(ScrambledSobol6d, AxesAreIndependent) {
  const int count = 1 << 14;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const pic::ScrambledSobol<6> sequence(Philox(seed, 2));
    for (std::size_t a = 0; a < 6; ++a)
      for (std::size_t b = 0; b < a; ++b) {
        double product = 0;
        for (int i = 0; i < count; ++i) {
          const auto point = sequence.point(static_cast<std::uint32_t>(i));
          product += (point[a] - 0.5) * (point[b] - 0.5) / count;
        }
        EXPECT_LT(std::abs(product), 0.1 / 12 / std::sqrt(count)) << a << ' ' << b << " seed " << seed;
      }
  }
}

TEST(Poisson3d, IsExactForAWaveInAnyDirection) {
  const std::int64_t n = 16;
  const double box = 7, k = 2 * std::numbers::pi / box;
  pic3d::Poisson poisson(n, box);
  std::vector<double> density;
  std::array<std::vector<double>, 3> field;
  field.fill(std::vector<double>(4096));
  const auto phase = [&](std::size_t i) {
    const auto x = static_cast<double>(i / 256), y = static_cast<double>(i / 16 % 16), z = static_cast<double>(i % 16);
    return k * box / 16 * (x + 2 * y - 3 * z);
  };
  for (std::size_t i = 0; i < 4096; ++i) density.push_back(1 + 0.3 * std::cos(phase(i)));
  poisson.solve(density, field);
  // phi = -.3 cos / (14 k^2) (phi'' = n - 1), E = -grad phi
  const std::array<double, 3> direction{1, 2, -3};
  double worst = 0;
  for (std::size_t i = 0; i < 4096; ++i)
    for (std::size_t axis = 0; axis < 3; ++axis)
      worst = std::max(worst, std::abs(field[axis][i] + 0.3 * direction[axis] * std::sin(phase(i)) / (14 * k)));
  EXPECT_LT(worst, 1e-13);
}

TEST(Sorting, PutsParticlesInOrderOfCellsAndKeepsThemWhole) {
  auto options = small(5001);
  options.start = pic::Start::random;
  auto particles = pic3d::load({0.3, 3}, options, Philox(1, 1));
  const auto before = particles;
  pic3d::Particles spare;
  pic3d::sort_by_cell(particles, spare, 4);
  std::uint32_t last_cell = 0, last_id = 0;
  std::set<std::uint32_t> ids;
  for (std::size_t i = 0; i < 5001; ++i) {
    std::uint32_t cell = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      cell = cell << 4 | particles.position[axis][i] >> 28;
      EXPECT_EQ(particles.position[axis][i], before.position[axis][particles.id[i]]);
      EXPECT_EQ(particles.velocity[axis][i], before.velocity[axis][particles.id[i]]);
    }
    ASSERT_GE(cell, last_cell);
    if (cell == last_cell && i > 0) {
      EXPECT_GT(particles.id[i], last_id);  // stable
    }
    last_cell = cell;
    last_id = particles.id[i];
    ids.insert(last_id);
  }
  EXPECT_EQ(ids.size(), 5001u);
}

/// The field energy of n = 1 + alpha cos k x is (alpha / k)^2 L^3 / 4; three axes have cross terms besides.
TEST(Landau6d, StartsWithTheFieldEnergyOfItsWave) {
  const auto options = small(200'000);
  const double volume = std::pow(options.box_length, 3), alpha = 0.3, k = 0.5;
  const double one = alpha * alpha / (k * k) * volume / 4;
  // Trilinear weights damp the density's wave by sinc^2(k h / 2), .9872, the energy by its square.
  EXPECT_NEAR(simulation(options, {alpha, 1}).electric_energy() / one, 0.9745, 2e-3);
  // Products of two and three waves: amplitude alpha^2 and alpha^3, wave numbers k sqrt(2) and k sqrt(3).
  const double a2 = alpha * alpha, all = 3 + 3 * a2 / 2 / 2 + a2 * a2 / 4 / 3;
  EXPECT_NEAR(simulation(options, {alpha, 3}).electric_energy() / one, 0.9745 * all, 0.02);
}

TEST(Landau6d, MomentumIsConservedToRoundOffAndEnergyAlmost) {
  auto run_of = simulation(small(100'000), {0.5, 3});
  const auto history = run(run_of, 6);
  const double volume = std::pow(4 * std::numbers::pi, 3);
  for (const double change : history.momentum_change) EXPECT_LT(change, 2e-6 * volume);
  for (const double total : history.total) EXPECT_NEAR(total / history.total.front(), 1, 2e-3);
}

/// The time step's error, beside a tiny step's: what the grid does is the same in all of them.
TEST(Landau6d, EnergyErrorFallsFourfoldWhenTheStepHalves) {
  std::vector<double> errors;
  for (const double dt : {0.4, 0.2, 0.1}) {
    auto run_of = simulation(small(65'536, dt), {0.5, 1});
    const auto total = run(run_of, 1.2 + dt).total;
    errors.push_back(std::abs(total[static_cast<std::size_t>(std::lround(1.2 / dt))] / total[0] - 1));
  }
  // Richardson: differences of successive refinements, free of the grid's own error.
  EXPECT_NEAR((errors[0] - errors[1]) / (errors[1] - errors[2]), 4, 0.8);
  std::cout << "energy errors " << errors[0] << ' ' << errors[1] << ' ' << errors[2] << "\n";
}

/// A wave along x alone is the 1D1V problem times an area.
TEST(Landau6d, FollowsTheOneDimensionalProblem) {
  for (const double alpha : {0.5, 0.2}) {
    const auto options = small(1 << 18);
    auto six = simulation(options, {alpha, 1});
    const auto history = run(six, 9);

    const auto setup = problems::Landau().setup({}, alpha);
    pic::PicOptions plane;
    plane.box_length = setup.box_length;
    plane.cells = 128;
    plane.dt = options.dt;
    plane.simulated_particles = 100'000;
    pic::Simulation<float> one(plane, plane.dt, 1,
                               pic::load(setup.population, plane.box_length, 100'000, plane.start, Philox(1, 0)));
    const auto reference = pic::run(one, 89).electric_energy;
    const double area = setup.box_length * setup.box_length;
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
      difference += std::pow(history.electric[i] - area * reference[i], 2);
      norm += std::pow(area * reference[i], 2);
    }
    std::cout << "alpha " << alpha << ": relative L2 difference of E(t) " << std::sqrt(difference / norm) << "\n";
    EXPECT_LT(std::sqrt(difference / norm), 0.05);  // 16 cells: 2.5 % of the energy is the shape's damping
  }
}

TEST(Landau6d, SameBitsForAnyNumberOfThreadsAndInstructionSet) {
  auto options = small(131'073);  // two blocks
  options.sort_interval = 3;
  const auto initial = pic3d::load({0.4, 2}, options, Philox(1, 0));
  const auto run_with = [&](int threads, simd::InstructionSet set) {
    const WithInstructionSet with_set(set);
    const int before = thread_count();
    set_thread_count(threads);
    pic3d::Simulation run_of(options, options.dt, initial);
    std::vector<double> numbers;
    for (int step = 0; step < 8; ++step) {
      const auto moments = run_of.advance();
      numbers.insert(numbers.end(), {run_of.electric_energy(), moments.kinetic_energy, moments.momentum[1]});
    }
    set_thread_count(before);
    std::vector<float> state(6 * 1000), rates(state.size());
    run_of.read(state, rates);
    numbers.insert(numbers.end(), state.begin(), state.end());
    numbers.insert(numbers.end(), rates.begin(), rates.end());
    return numbers;
  };
  const auto reference = run_with(1, simd::InstructionSet::portable);
  for (const auto set : simd::usable_instruction_sets())
    for (const int threads : {1, 2, 3})
      EXPECT_TRUE(run_with(threads, set) == reference) << threads << " threads, " << simd::name(set);
}

/// Kernel against the one-particle-at-a-time reference: read() gathers by it, advance() by the kernel.
/// v^{n+1} - v^n = dt (a^n + a^{n+1}) / 2 and x^{n+1} - x^{n-1} = 2 dt v^n.
TEST(Landau6d, OutputsBelongToOneTime) {
  auto options = small(20'000);
  options.sort_interval = 4;
  auto run_of = simulation(options, {0.5, 3});
  std::vector<std::vector<float>> states, rates;
  for (int step = 0; step < 12; ++step) {
    run_of.read(states.emplace_back(6 * 500), rates.emplace_back(6 * 500));
    (void)run_of.advance();
  }
  double position = 0, velocity = 0, acceleration = 0;
  for (std::size_t n = 1; n < 11; ++n)
    for (std::size_t i = 0; i < 3000; i += 6)
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const std::size_t x = i + axis, v = x + 3;
        const double moved = std::remainder(double{states[n + 1][x]} - states[n - 1][x], options.box_length);
        const double mean = 0.5 * (double{rates[n][v]} + rates[n + 1][v]);
        position = std::max(position, std::abs(moved - 2 * options.dt * states[n][v]));
        velocity = std::max(velocity, std::abs(double{states[n + 1][v]} - states[n][v] - options.dt * mean));
        acceleration = std::max(acceleration, std::abs(mean));
      }
  EXPECT_GT(acceleration, 0.3);
  EXPECT_LT(position, 5e-6);
  EXPECT_LT(velocity, 2e-6);
}

TEST(Landau6d, EnergyOfGivenParticlesIsTheRuns) {
  const auto options = small(20'000);
  auto run_of = simulation(options, {0.5, 1});
  (void)run_of.advance();
  std::vector<float> state(6 * 20'000);
  run_of.read(state, {});
  EXPECT_NEAR(pic3d::electric_energy(state, 6, options) / run_of.electric_energy(), 1, 1e-4);
  state[7] = NAN;
  expect_error<Error>([&] { (void)pic3d::electric_energy(state, 6, options); }, {"particle 1", "not finite"});
}

TEST(Pic3dOptions, NameTheKeyThatIsWrong) {
  const auto rejects = [](auto change, const std::vector<std::string>& words) {
    Pic3dOptions options;
    change(options);
    expect_error<UsageError>([&] { pic3d::validate(options); }, words);
  };
  rejects([](auto& o) { o.cells = 24; }, {"pic.cells", "24", "power of two"});
  rejects([](auto& o) { o.dt = 0; }, {"pic.dt", "above 0"});
  rejects([](auto& o) { o.dt = 2.5; }, {"pic.dt", "below 2"});
  rejects([](auto& o) { o.duration = -1; }, {"pic.duration"});
  rejects([](auto& o) { o.simulated_particles = 0; }, {"pic.simulated_particles"});
  rejects([](auto& o) { o.sort_interval = 0; }, {"pic.sort_interval"});
}

}  // namespace
}  // namespace scorefield::test
