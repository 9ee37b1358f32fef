// Diffusion in velocity, and starts with a density wave.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/pic/collisions.hpp"
#include "solvers/pic/loading.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::test {
namespace {

constexpr double kEta = 0.02, kStep = 0.1;

std::vector<double> kicked(std::size_t particles, std::int64_t steps, std::uint64_t seed = 1) {
  std::vector<double> velocity(particles);
  for (std::int64_t step = 0; step < steps; ++step) pic::kick<double>({kEta, Philox(seed, 0)}, kStep, step, velocity);
  return velocity;
}

TEST(Collisions, SpreadVelocitiesLikeANormalDiffusion) {
  const std::size_t count = 100'000;
  const auto v = kicked(count, 20);
  double second = 0, third = 0, fourth = 0;
  for (const double one : v) {
    second += one * one / count;
    third += one * one * one / count;
    fourth += one * one * one * one / count;
  }
  const double variance = 2 * kEta * kStep * 20;
  // Standard errors: variance sqrt(2 / N), sqrt(15 / N), sqrt(96 / N).
  EXPECT_NEAR(second / variance, 1, 4 * std::sqrt(2.0 / count));
  EXPECT_NEAR(third / std::pow(variance, 1.5), 0, 4 * std::sqrt(15.0 / count));
  EXPECT_NEAR(fourth / (variance * variance), 3, 4 * std::sqrt(96.0 / count) + 0.01);
}

/// Pairs are drawn anew: no two particles stay opposite.
TEST(Collisions, ParticlesAreUncorrelated) {
  const auto v = kicked(4096, 400);
  const double variance = 2 * kEta * kStep * 400;
  for (const std::size_t distance : {1u, 2u, 7u, 64u, 2047u, 2048u}) {
    double product = 0;
    for (std::size_t i = 0; i < v.size(); ++i) product += v[i] * v[(i + distance) % v.size()] / variance / 4096;
    EXPECT_LT(std::abs(product), 4 / std::sqrt(4096.0)) << distance;
  }
  double opposite = 0;
  for (std::size_t i = 0; i < v.size(); ++i) opposite += v[i] * v[v.size() - 1 - i] / variance / 4096;
  EXPECT_LT(std::abs(opposite), 4 / std::sqrt(2048.0));
}

TEST(Collisions, LeaveTheMomentumAlone) {
  double sum = 0;
  for (const double v : kicked(9001, 50)) sum += v;
  EXPECT_LT(std::abs(sum), 1e-10);
}

TEST(Collisions, AreTheSameForAnyNumberOfThreads) {
  const int before = thread_count();
  set_thread_count(1);
  const auto one = kicked(20'001, 3);
  set_thread_count(3);
  EXPECT_EQ(kicked(20'001, 3), one);
  set_thread_count(before);
  EXPECT_NE(kicked(20'001, 3, 2), one);
}

TEST(Collisions, KeepTheirBound) {
  const double largest = pic::largest_kick({kEta, Philox(1, 0)}, kStep);
  double seen = 0;
  for (const double v : kicked(100'000, 1)) seen = std::max(seen, std::abs(v));
  EXPECT_LE(seen, largest);
  EXPECT_GT(seen, 0.5 * largest);
}

TEST(DensityWave, QuantileInvertsTheCumulativeShare) {
  const double box = 12.5;
  for (const double amplitude : {0.01, 0.5, -0.9, 0.999})
    for (const std::int64_t mode : {1, 3})
      for (const double share : {1e-9, 0.1, 0.25, 0.499, 0.5, 0.77, 1 - 1e-9}) {
        const double x = pic::position_quantile({amplitude, static_cast<double>(mode)}, box, share);
        const double phase = 2 * std::numbers::pi * static_cast<double>(mode) / box * x;
        const double cumulative =
            x / box + amplitude * std::sin(phase) / (2 * std::numbers::pi * static_cast<double>(mode));
        EXPECT_NEAR(cumulative, share, 1e-13) << amplitude << ' ' << mode;
      }
}

/// Particles, and the same population as a function: equal moments.
TEST(DensityWave, LoadedParticlesFollowTheFunction) {
  const pic::Population population{{{0.9, 0, 1}, {0.1, 4, 0.5}}, {0.05, 1}, {0.4, 2}};
  const double box = 50;
  const std::int64_t count = 65'536;
  const auto particles = pic::load(population, box, count, pic::Start::quiet, Philox(1, 1));
  const auto waves = [&](double x) { return std::cos(2 * std::numbers::pi * 2 / box * x); };
  double density = 0, energy = 0;
  for (std::size_t i = 0; i < particles.position.size(); ++i) {
    const double v = particles.velocity[i];
    density += waves(particles.position[i]) / static_cast<double>(count);
    energy += v * v * waves(particles.position[i]) / static_cast<double>(count);
  }
  const pic::PhaseSpaceDensity f(population, box);
  double expected_density = 0, expected_energy = 0, mass = 0;
  const int nx = 64, nv = 600;
  for (int i = 0; i < nx; ++i)
    for (int j = 0; j < nv; ++j) {
      const double x = box * i / nx, v = -9 + 18.0 * j / nv, weight = 18.0 / nx / nv * f(x, v);
      mass += weight;
      expected_density += weight * waves(x);
      expected_energy += weight * waves(x) * v * v;
    }
  EXPECT_NEAR(mass, 1, 1e-12);
  EXPECT_NEAR(expected_density, 0.2, 1e-12);
  EXPECT_NEAR(density, expected_density, 2e-4);
  EXPECT_NEAR(energy, expected_energy, 3e-3);
}

TEST(DensityWave, RefusesNegativeDensities) {
  expect_error<UsageError>(
      [] { (void)pic::load({{{1, 0, 1}}, {}, {1.5, 1}}, 50, 10, pic::Start::quiet, Philox(1, 1)); },
      {"density perturbation", "1.5"});
}

}  // namespace
}  // namespace scorefield::test
