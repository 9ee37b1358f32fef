// Stochastic integrators: orders of convergence, reproducibility, refusals.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/sde/ensemble.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::test {
namespace {

using namespace sde;

/// dX = (cos 2X + sin 3t) dt + .7 dW
System forced_washboard() {
  const auto drift = [](double t, const std::array<double, 1>& x) {
    return std::array{std::cos(2 * x[0]) + std::sin(3 * t)};
  };
  return {1, pointwise<1>(drift), {0.7}, {}};
}

/// The oscillator x'' = -sin x - v + .5 xi: two coordinates, one of them without noise.
System pendulum() {
  const auto drift = [](double, const std::array<double, 2>& x) { return std::array{x[1], -std::sin(x[0]) - x[1]}; };
  return {2, pointwise<2>(drift), {0, 0.5}, {}};
}

/// Two geometric Brownian motions, dX_i = .5 X_i dt + .8 X_i dW_i.
System geometric() {
  const auto drift = [](double, const std::array<double, 2>& x) { return std::array{0.5 * x[0], 0.5 * x[1]}; };
  return {2, pointwise<2>(drift), {0.8, 0.8}, [](const double* x, double* g) { std::copy(x, x + 2 * kLanes, g); }};
}

/// The state at t = 1 in `steps` steps, following the path of `finest` steps.
Ensemble run(const System& system, Scheme scheme, std::int64_t steps, std::int64_t finest, std::int64_t particles) {
  const auto d = static_cast<std::size_t>(system.dimension);
  Population initial{std::vector<double>(d, 0.8), std::vector<double>(d, 0.1), Population::Law::normal};
  Ensemble ensemble(system, initial, particles, {1.0 / static_cast<double>(steps), scheme, finest / steps, 3, 0});
  ensemble.advance(steps);
  return ensemble;
}

/// Slope of log(error) over log(step) by least squares, for steps that halve.
double fitted_order(const std::vector<double>& errors) {
  const auto count = static_cast<double>(errors.size());
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t k = 0; k < errors.size(); ++k) {
    const double x = -static_cast<double>(k) * std::log(2.0), y = std::log(errors[k]);
    sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  const double order = (count * sxy - sx * sy) / (count * sxx - sx * sx);
  std::cout << "  order " << order << "\n";
  return order;
}

/// Of the root mean square of the pathwise error for 32, 64, 128 and 256 steps. The reference is the best scheme for
/// the system with 4096 steps.
double strong_order(const System& system, Scheme scheme) {
  constexpr std::int64_t kFinest = 4096;
  const std::int64_t particles = system.diffusion ? 3000 : 800;  // the errors of geometric motions have heavy tails
  const Ensemble truth = run(system, system.diffusion ? Scheme::heun : Scheme::sra1, kFinest, kFinest, particles);
  std::vector<double> errors;
  for (const std::int64_t steps : {32, 64, 128, 256}) {
    const Ensemble coarse = run(system, scheme, steps, kFinest, particles);
    double sum = 0;
    for (std::int64_t n = 0; n < particles; ++n)
      for (std::int64_t i = 0; i < system.dimension; ++i) sum += std::pow(coarse.state(n, i) - truth.state(n, i), 2);
    errors.push_back(std::sqrt(sum / static_cast<double>(particles)));
  }
  return fitted_order(errors);
}

TEST(SdeStrongOrder, AdditiveNoise) {
  EXPECT_NEAR(strong_order(forced_washboard(), Scheme::euler_maruyama), 1, 0.1);
  EXPECT_NEAR(strong_order(forced_washboard(), Scheme::heun), 1, 0.1);
  EXPECT_NEAR(strong_order(forced_washboard(), Scheme::sra1), 1.5, 0.1);
}

/// The drift is linear in the noisy coordinate, so the term of order 3/2, which holds its second derivative, vanishes.
TEST(SdeStrongOrder, NoiseOnOneOfTwoCoordinates) {
  EXPECT_NEAR(strong_order(pendulum(), Scheme::euler_maruyama), 1, 0.1);
  EXPECT_NEAR(strong_order(pendulum(), Scheme::heun), 1, 0.1);
  EXPECT_NEAR(strong_order(pendulum(), Scheme::sra1), 2, 0.1);
}

TEST(SdeStrongOrder, MultiplicativeNoise) {
  EXPECT_NEAR(strong_order(geometric(), Scheme::euler_maruyama), 0.5, 0.1);
  EXPECT_NEAR(strong_order(geometric(), Scheme::heun), 1, 0.1);
}

/// Of the error of E[X^2] for 8, 16 and 32 steps; the same paths in the reference cancel most of the statistical error,
/// which is below 10 % of the smallest error.
TEST(SdeWeakOrder, AdditiveNoise) {
  constexpr std::int64_t kParticles = 100'000, kFinest = 128;
  const System system = forced_washboard();
  const Ensemble truth = run(system, Scheme::sra1, kFinest, kFinest, kParticles);
  const auto weak_order = [&](Scheme scheme) {
    std::vector<double> errors;
    for (const std::int64_t steps : {8, 16, 32}) {
      const Ensemble coarse = run(system, scheme, steps, kFinest, kParticles);
      double sum = 0;
      for (std::int64_t n = 0; n < kParticles; ++n)
        sum += std::pow(coarse.state(n, 0), 2) - std::pow(truth.state(n, 0), 2);
      errors.push_back(std::abs(sum / kParticles));
    }
    return fitted_order(errors);
  };
  EXPECT_NEAR(weak_order(Scheme::euler_maruyama), 1, 0.1);
  EXPECT_NEAR(weak_order(Scheme::heun), 2, 0.25);
  EXPECT_NEAR(weak_order(Scheme::sra1), 2, 0.25);
}

TEST(SdeSolver, GeometricBrownianMotionHasItsMoments) {
  constexpr std::int64_t kParticles = 40'000;
  const auto moments = run(geometric(), Scheme::heun, 100, 100, kParticles).moments();
  const double mean = 0.8 * std::exp(0.5), square = (0.64 + 0.01) * std::exp(1 + 0.64);
  const double variance = square - mean * mean;
  EXPECT_NEAR(moments.mean[0], mean, 4 * std::sqrt(variance / kParticles) + 0.002);
  // Standard error of the variance from the fourth moment of a log-normal variable; a bias of order h besides.
  const double fourth = std::pow(0.8, 4) * std::exp(4 * 0.5 + 6 * 0.64) * 1.1;
  EXPECT_NEAR(moments.covariance[0], variance, 4 * std::sqrt(fourth / kParticles) + 0.01);
  EXPECT_NEAR(moments.covariance[1], 0, 4 * variance / std::sqrt(double{kParticles}));
}

TEST(SdeSolver, UniformPopulationsHaveTheirMeanDeviationAndRange) {
  constexpr std::int64_t kParticles = 20'000;
  const Ensemble ensemble(pendulum(), {{2, -1}, {0.5, 0}, Population::Law::uniform}, kParticles, {});
  const auto moments = ensemble.moments();
  EXPECT_NEAR(moments.mean[0], 2, 4 * 0.5 / std::sqrt(double{kParticles}));
  EXPECT_NEAR(moments.covariance[0], 0.25, 4 * 0.25 * std::sqrt(0.8 / kParticles));
  double largest = 0;
  for (std::int64_t n = 0; n < kParticles; ++n) {
    largest = std::max(largest, std::abs(ensemble.state(n, 0) - 2));
    EXPECT_EQ(ensemble.state(n, 1), -1);
  }
  EXPECT_LT(largest, 0.5 * std::sqrt(3.0));
  EXPECT_GT(largest, 0.499 * std::sqrt(3.0));
}

std::vector<double> all_states(const Ensemble& ensemble, std::int64_t particles) {
  std::vector<double> states;
  for (std::int64_t n = 0; n < particles; ++n)
    for (std::int64_t i = 0; i < ensemble.system().dimension; ++i) states.push_back(ensemble.state(n, i));
  return states;
}

std::vector<double> states_of(const RunSettings& settings, std::int64_t particles,
                              const std::vector<std::int64_t>& parts) {
  Ensemble ensemble(pendulum(), {{0, 1}, {1, 1}, Population::Law::normal}, particles, settings);
  for (const std::int64_t steps : parts) ensemble.advance(steps);
  return all_states(ensemble, 100);
}

TEST(SdeSolver, ResultsDependOnNeitherThreadsNorPartsNorEnsembleSizeNorInstructionSet) {
  for (const Scheme scheme : {Scheme::euler_maruyama, Scheme::heun, Scheme::sra1}) {
    const RunSettings settings{0.01, scheme, 1, 11, 5};
    const int threads = thread_count();
    set_thread_count(1);
    const auto expected = states_of(settings, 1000, {10});
    set_thread_count(3);
    EXPECT_EQ(states_of(settings, 1000, {10}), expected);
    set_thread_count(threads);
    EXPECT_EQ(states_of(settings, 1000, {3, 1, 6}), expected);
    EXPECT_EQ(states_of(settings, 101, {10}), expected);
    for (const auto set : simd::usable_instruction_sets()) {
      const WithInstructionSet with_set(set);
      EXPECT_EQ(states_of(settings, 1000, {10}), expected) << simd::name(set);
    }
  }
}

TEST(SdeSolver, SeedsAndStreamsAreIndependent) {
  constexpr std::int64_t kParticles = 20'000;
  const auto final_states = [&](std::uint64_t seed, std::uint64_t stream) {
    Ensemble ensemble(pendulum(), {{0, 0}, {1, 1}, Population::Law::normal}, kParticles,
                      {0.05, Scheme::heun, 1, seed, stream});
    ensemble.advance(20);
    return ensemble;
  };
  const auto correlation = [&](const Ensemble& a, const Ensemble& b) {
    double ab = 0, aa = 0, bb = 0;
    for (std::int64_t n = 0; n < kParticles; ++n) {
      ab += a.state(n, 0) * b.state(n, 0);
      aa += a.state(n, 0) * a.state(n, 0);
      bb += b.state(n, 0) * b.state(n, 0);
    }
    return ab / std::sqrt(aa * bb);
  };
  const Ensemble base = final_states(1, 1);
  EXPECT_NEAR(correlation(base, base), 1, 1e-12);
  for (const auto& [seed, stream] : {std::pair{2, 1}, std::pair{1, 2}, std::pair{2, 2}})
    EXPECT_LT(
        std::abs(correlation(base, final_states(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(stream)))),
        4 / std::sqrt(double{kParticles}))
        << "seed " << seed << ", stream " << stream;
}

TEST(SdeSolver, ReadsStatesAndDrifts) {
  Ensemble ensemble(pendulum(), {{0, 1}, {1, 1}, Population::Law::normal}, 70, {});
  ensemble.advance(5);
  const std::vector<std::int64_t> coordinates{1, 0};
  std::vector<float> samples(140), rates(140);
  ensemble.read(coordinates, samples);
  ensemble.read_drift(coordinates, rates);
  for (std::int64_t n = 0; n < 70; ++n) {
    const auto at = static_cast<std::size_t>(2 * n);
    EXPECT_EQ(samples[at], static_cast<float>(ensemble.state(n, 1)));
    EXPECT_EQ(samples[at + 1], static_cast<float>(ensemble.state(n, 0)));
    EXPECT_EQ(rates[at + 1], samples[at]);
    EXPECT_FLOAT_EQ(rates[at], static_cast<float>(-std::sin(ensemble.state(n, 0)) - ensemble.state(n, 1)));
  }
}

TEST(SdeSolver, DivergenceNamesCoordinateParticleAndStep) {
  System unstable = pendulum();
  unstable.drift =
      pointwise<2>([](double, const std::array<double, 2>& x) { return std::array{0.0, x[1] * x[1] * x[1] * 1e100}; });
  Ensemble ensemble(unstable, {{0, 1}, {0, 0}, Population::Law::normal}, 10, {});
  expect_error<DivergenceError>([&] { ensemble.advance(4); }, {"coordinate 1 of particle 0", "step 4", "sde.dt"});
}

TEST(SdeSolver, RefusesWhatItCannotDo) {
  const Population initial{{0, 0}, {1, 1}, Population::Law::normal};
  const auto rejects = [&](const System& system, const Population& population, std::int64_t particles,
                           const RunSettings& settings, const std::vector<std::string>& words) {
    expect_error<UsageError>([&] { Ensemble(system, population, particles, settings); }, words);
  };
  RunSettings sra1;
  sra1.scheme = Scheme::sra1;
  rejects(geometric(), initial, 10, sra1, {"sde.scheme", "additive", "heun"});
  rejects(pendulum(), initial, 0, {}, {"number of particles is 0"});
  rejects(pendulum(), {{0}, {1, 1}, Population::Law::normal}, 10, {}, {"mean", "is 1", "2"});
  rejects(pendulum(), {{0, 0}, {1, -1}, Population::Law::normal}, 10, {}, {"deviation", "-1"});
  System broken = pendulum();
  broken.sigma = {0};
  rejects(broken, initial, 10, {}, {"sigma"});
  broken.sigma = {0, std::numeric_limits<double>::infinity()};
  rejects(broken, initial, 10, {}, {"sigma", "inf"});

  SdeOptions options;
  options.dt = 0;
  expect_error<UsageError>([&] { validate(options); }, {"sde.dt", "above 0"});
  options = {};
  options.duration = -1;
  expect_error<UsageError>([&] { validate(options); }, {"sde.duration", "-1"});
  options = {};
  options.path_refinement = 0;
  expect_error<UsageError>([&] { validate(options); }, {"sde.path_refinement"});
}

TEST(SdeSolver, StepsFitTheFrames) {
  SdeOptions options;
  options.duration = 2;
  options.dt = 7.5e-3;
  const auto grid = time_grid(options, 51);
  EXPECT_EQ(grid.steps_per_frame, 6);
  EXPECT_EQ(grid.steps, 300);
  EXPECT_DOUBLE_EQ(grid.dt, 2.0 / 300);
}

}  // namespace
}  // namespace scorefield::test
