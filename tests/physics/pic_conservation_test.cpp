// Budgets, noise levels, and the independence of results from threads and instruction sets.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <iostream>
#include <numbers>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/parallel.hpp"
#include "solvers/pic/diagnostics.hpp"
#include "tests/support/instruction_sets.hpp"
#include "tests/support/two_beams.hpp"

namespace scorefield::test {
namespace {

using pic::PicOptions;
using pic::Shape;

class Shapes : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(CicAndTsc, Shapes, testing::Values(Shape::cic, Shape::tsc),
                         [](const auto& info) { return info.param == Shape::cic ? "cic" : "tsc"; });

PicOptions small(Shape shape) {
  PicOptions options;
  options.shape = shape;
  options.dt = 0.05;
  options.simulated_particles = 20'000;
  return options;
}

double spread(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low;
}

std::vector<double> total_energy(const pic::History& history) {
  std::vector<double> total(history.time.size());
  for (std::size_t i = 0; i < total.size(); ++i) total[i] = history.electric_energy[i] + history.kinetic_energy[i];
  return total;
}

/// Through saturation, where fields and accelerations are largest.
TEST_P(Shapes, MomentumIsConservedToRoundOff) {
  const PicOptions options = small(GetParam());
  auto exact = two_beam_simulation<double>(options, 1.3, two_beams(0.05));
  const auto history = pic::run(exact, 500);
  EXPECT_GT(*std::max_element(history.electric_energy.begin(), history.electric_energy.end()), 5);
  // Beside sum of |v| of order 3 L = 150.
  EXPECT_LT(spread(history.momentum), 1e-11);

  auto fast = two_beam_simulation<float>(options, 1.3, two_beams(0.05));
  EXPECT_LT(spread(pic::run(fast, 500).momentum), 1e-4);
}

TEST_P(Shapes, ChargeIsConservedExactly) {
  const PicOptions options = small(GetParam());
  auto simulation = two_beam_simulation<float>(options, 1.3, two_beams(0.05));
  (void)pic::run<float>(simulation, 100, [](const pic::Simulation<float>& now) {
    const auto density = now.density();
    const double charge = std::accumulate(density.begin(), density.end(), 0.0);
    ASSERT_NEAR(charge, static_cast<double>(density.size()), 1e-10) << "step " << now.step();
  });
}

/// Into saturation. The grid is fine and the particles many, so that the error left at dt -> 0, which is the grid's
/// (1e-5 with 256 cells), is far below the step's.
TEST_P(Shapes, EnergyErrorFallsFourfoldWhenTheStepHalves) {
  std::vector<double> errors;
  for (const double dt : {0.4, 0.2, 0.1}) {
    PicOptions options = small(GetParam());
    options.dt = dt;
    options.cells = 1024;
    options.simulated_particles = 100'000;
    auto simulation = two_beam_simulation<double>(options, 1.3, two_beams(0.05));
    const auto total = total_energy(pic::run(simulation, std::lround(18 / dt)));
    double error = 0;
    for (const double energy : total) error = std::max(error, std::abs(energy - total.front()));
    errors.push_back(error / total.front());
  }
  EXPECT_LT(errors[2], 5e-5);
  EXPECT_NEAR(errors[0] / errors[1], 4, 0.3);
  EXPECT_NEAR(errors[1] / errors[2], 4, 0.3);
}

/// Integer positions make leapfrog reversible: run, turn the velocities, run, and be back at the start.
TEST_P(Shapes, TimeReversalLeadsBack) {
  PicOptions options = small(GetParam());
  options.simulated_particles = 4096;
  const auto initial =
      pic::load(two_beams(0.05), options.box_length, options.simulated_particles, options.start, Philox(1, 0));
  pic::Simulation<double> there(options, options.dt, 1.3, initial);
  (void)pic::run(there, 200);
  std::vector<float> state(2 * initial.position.size());
  there.read(state, {});
  pic::Particles turned;
  for (std::size_t i = 0; i < initial.position.size(); ++i) {
    turned.position.push_back(state[2 * i]);
    turned.velocity.push_back(-state[2 * i + 1]);
  }
  pic::Simulation<double> back(options, options.dt, 1.3, turned);
  (void)pic::run(back, 200);
  back.read(state, {});
  double worst = 0;
  for (std::size_t i = 0; i < initial.position.size(); ++i) {
    const double distance = std::remainder(state[2 * i] - initial.position[i], options.box_length);
    worst = std::max({worst, std::abs(distance), std::abs(state[2 * i + 1] + initial.velocity[i])});
  }
  // The turning point passed through float (6e-8 of 50), and ten time units of instability amplify it.
  EXPECT_LT(worst, 1e-3);
}

TEST_P(Shapes, SameBitsForAnyNumberOfThreadsAndInstructionSet) {
  PicOptions options = small(GetParam());
  options.simulated_particles = 50'001;
  const auto run_with = [&](int threads, simd::InstructionSet set) {
    const WithInstructionSet with_set(set);
    const int before = thread_count();
    set_thread_count(threads);
    auto simulation = two_beam_simulation<float>(options, 1.3, two_beams(0.05), 1);
    auto history = pic::run(simulation, 50);
    set_thread_count(before);
    std::vector<float> state(2 * static_cast<std::size_t>(options.simulated_particles)), rates(state.size());
    simulation.read(state, rates);
    return std::tuple(history.electric_energy, history.kinetic_energy, history.momentum, state, rates);
  };
  const auto reference = run_with(1, simd::InstructionSet::portable);
  for (const auto set : simd::usable_instruction_sets())
    for (const int threads : {1, 2, 3})
      EXPECT_TRUE(run_with(threads, set) == reference) << threads << " threads, " << simd::name(set);
}

/// States and derivatives at whole steps obey the trapezoidal form of leapfrog exactly,
/// v^{n+1} - v^n = dt (a^n + a^{n+1}) / 2 and x^{n+1} - x^{n-1} = 2 dt v^n, only if all of them belong to one time.
TEST_P(Shapes, OutputsBelongToOneTime) {
  PicOptions options = small(GetParam());
  options.simulated_particles = 2000;
  const auto initial = pic::load(two_beams(0.3), options.box_length, 2000, options.start, Philox(1, 0));
  pic::Simulation<double> simulation(options, options.dt, 1.3, initial);
  std::vector<std::vector<float>> states, rates;
  (void)pic::run<double>(simulation, 40, [&](const pic::Simulation<double>& now) {
    now.read(states.emplace_back(4000), rates.emplace_back(4000));
  });
  double position = 0, velocity = 0, start = 0, acceleration = 0;
  for (std::size_t i = 0; i < 4000; i += 2) {
    start = std::max(start, std::abs(states[0][i + 1] - initial.velocity[i / 2]));
    for (std::size_t n = 1; n < 40; ++n) {
      const double moved = std::remainder(double{states[n + 1][i]} - states[n - 1][i], options.box_length);
      const double gained = double{states[n + 1][i + 1]} - states[n][i + 1];
      const double mean = 0.5 * (double{rates[n][i + 1]} + rates[n + 1][i + 1]);
      position = std::max(position, std::abs(moved - 2 * options.dt * states[n][i + 1]));
      velocity = std::max(velocity, std::abs(gained - options.dt * mean));
      acceleration = std::max(acceleration, std::abs(mean));
      ASSERT_EQ(rates[n][i], states[n][i + 1]);
    }
  }
  EXPECT_GT(acceleration, 0.1);
  EXPECT_LT(start, 1e-6);     // rounding of v to float
  EXPECT_LT(position, 1e-5);  // of x
  EXPECT_LT(velocity, 2e-6);
}

/// Independent uniform particles: <|n_k|^2> = 1 / N, E_k = n_k / (i k mu^2) and sum of 1 / m^2 = pi^2 / 6 make
/// 1/2 mu^2 integral E^2 = L^3 / (24 N mu^2), that is L^3 / (24 N mu^4) for 1/2 integral E^2.
TEST(Noise, RandomStartHasTheTheoreticalFieldEnergy) {
  PicOptions options;
  options.start = pic::Start::random;
  const double mu = 1.4;
  std::vector<double> means;
  for (const auto& [particles, draws] : {std::pair{100, 4000}, {500, 4000}, {2500, 1500}}) {
    options.simulated_particles = particles;
    double mean = 0;
    for (int seed = 0; seed < draws; ++seed)
      mean +=
          two_beam_simulation<float>(options, mu, two_beams(0), static_cast<std::uint64_t>(seed)).electric_energy() /
          draws;
    const double theory = std::pow(options.box_length, 3) / (24.0 * particles * mu * mu);
    // One draw scatters by sqrt(sum m^-4) / sum m^-2 = .63 of the mean; the grid leaves out about 1 %.
    EXPECT_NEAR(mean / theory, 0.99, 4 * 0.63 / std::sqrt(draws)) << particles << " particles";
    std::cout << particles << " particles: noise energy over theory " << mean / theory << "\n";
    means.push_back(mean);
  }
  const double power = std::log(means[2] / means[0]) / std::log(25.0);
  EXPECT_NEAR(power, -1, 4 * 0.63 * std::sqrt(1 / 4000.0 + 1 / 1500.0) / std::log(25.0));
  std::cout << "noise energy falls as N^" << power << "\n";
}

TEST(Noise, QuietPrefixIsFarBelowRandom) {
  PicOptions options;
  options.simulated_particles = 200'000;
  const double mu = 1.3;
  for (const std::int64_t prefix : {200'000, 25'000, 16'384, 10'000}) {
    double quiet = 0;
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const auto particles = pic::load(two_beams(0), options.box_length, prefix, pic::Start::quiet, Philox(seed, 5));
      std::vector<float> positions(particles.position.begin(), particles.position.end());
      quiet = std::max(quiet, pic::electric_energy(positions, 1, options, mu));
    }
    const double random = std::pow(options.box_length, 3) / (24.0 * static_cast<double>(prefix) * mu * mu);
    EXPECT_LT(quiet, 1e-3 * random) << "prefix " << prefix;
    std::cout << "quiet start of " << prefix << ": " << quiet / random << " of a random start's energy\n";
  }
}

/// Free streaming mixes x and v: quiet must hold in the plane, not only along x.
TEST(Noise, QuietStartStaysQuietWhileStreaming) {
  const double box = 50;
  const std::int64_t count = 25'000;
  const auto quiet = pic::load(two_beams(0), box, count, pic::Start::quiet, Philox(3, 5));
  for (const double t : {0.0, 5.0, 10.0}) {
    std::complex<double> sum = 0;
    for (std::size_t i = 0; i < quiet.position.size(); ++i)
      sum += std::polar(1.0, 2 * std::numbers::pi / box * (quiet.position[i] + quiet.velocity[i] * t));
    EXPECT_LT(std::abs(sum) / std::sqrt(static_cast<double>(count)), 0.15) << "t = " << t;
  }
}

/// What the sampling leaves in the first mode, of a prefix that is no power of two, after some streaming: over many
/// seeds a sum of independent complex numbers grows like their root sum of squares, a sum of equal ones 10 times
/// faster.
TEST(Noise, SeedsAreIndependent) {
  const double box = 50;
  std::complex<double> sum = 0;
  double squares = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto particles = pic::load(two_beams(0), box, 1500, pic::Start::quiet, Philox(seed, 5));
    std::complex<double> left = 0;
    for (std::size_t i = 0; i < particles.position.size(); ++i)
      left += std::polar(1.0, 2 * std::numbers::pi / box * (particles.position[i] + 5 * particles.velocity[i]));
    sum += left;
    squares += std::norm(left);
  }
  EXPECT_GT(squares, 0);
  EXPECT_LT(std::abs(sum), 3 * std::sqrt(squares));
}

}  // namespace
}  // namespace scorefield::test
