// The stochastic problems against closed forms, quadrature and references with fine steps.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iostream>
#include <numbers>
#include <random>
#include <vector>

#include "core/options.hpp"
#include "data/problems/bistable.hpp"
#include "data/problems/chaos_9d.hpp"
#include "data/problems/oscillator.hpp"
#include "data/problems/trap.hpp"
#include "tests/support/batch_moments.hpp"

namespace scorefield::test {
namespace {

using problems::SdeProblem;
using sde::Ensemble;
using sde::Scheme;

constexpr std::uint64_t kSeed = 7;

Ensemble start(const SdeProblem& problem, double mu, std::int64_t particles, double dt, Scheme scheme,
               std::uint64_t seed = kSeed) {
  auto model = problem.model(mu);
  return {model.system, model.initial, particles, {dt, scheme, 1, seed, 0}};
}

/// Ten times in [0, 1], all moments in both directions, within 4.5 standard errors of 4,000 particles. The step keeps
/// the phase error of Heun's scheme, (mu dt)^2 / 6 per radian, below a tenth of a standard error.
TEST(Oscillator, MomentsFollowTheClosedForm) {
  constexpr std::int64_t kParticles = 4000;
  constexpr double kStep = 1e-3;
  const problems::Oscillator problem;
  for (const double mu : {2.0, 5.0, 8.0}) {
    Ensemble ensemble = start(problem, mu, kParticles, kStep, Scheme::sra1);
    double largest = 0;
    const auto expect = [&](const char* what, double found, double expected, double error) {
      EXPECT_NEAR(found, expected, 4.5 * error)
          << what << ", mu = " << mu << ", t = " << ensemble.time() << ", seed " << kSeed;
      largest = std::max(largest, std::abs(found - expected) / error);
    };
    for (int frame = 0; frame <= 10; ++frame) {
      if (frame > 0) ensemble.advance(100);
      const auto exact = problem.exact(mu, ensemble.time());
      const auto found = ensemble.moments();
      const double root = 1 / std::sqrt(double{kParticles});
      const double xx = exact.position_variance, xv = exact.covariance, vv = exact.velocity_variance;
      for (std::size_t i = 0; i < 2; ++i) {
        expect("E[x]", found.mean[i], exact.position, root * std::sqrt(xx));
        expect("E[v]", found.mean[i + 2], exact.velocity, root * std::sqrt(vv));
        expect("var x", found.covariance[i * 4 + i], xx, root * std::sqrt(2.0) * xx);
        expect("cov x v", found.covariance[i * 4 + i + 2], xv, root * std::sqrt(xx * vv + xv * xv));
        expect("var v", found.covariance[(i + 2) * 4 + i + 2], vv, root * std::sqrt(2.0) * vv);
      }
      expect("cov x1 x2", found.covariance[1], 0, root * xx);
    }
    std::cout << "  mu = " << mu << ": largest deviation " << largest << " standard errors\n";
  }
}

/// Largest distance of the empirical distribution function from that of a density given up to a factor.
double kolmogorov_distance(std::vector<double> samples, double low, double high,
                           const std::function<double(double)>& density) {
  constexpr int kCells = 20000;
  std::sort(samples.begin(), samples.end());
  const double width = (high - low) / kCells;
  std::vector<double> below{0};
  for (int c = 0; c < kCells; ++c) below.push_back(below.back() + density(low + (c + 0.5) * width));
  double distance = 0;
  for (std::size_t n = 0; n < samples.size(); ++n) {
    const auto cell = static_cast<std::size_t>(std::clamp((samples[n] - low) / width, 0.0, double{kCells}));
    const double expected = below[cell] / below.back(), count = static_cast<double>(samples.size());
    distance = std::max(
        {distance, expected - static_cast<double>(n) / count, (static_cast<double>(n) + 1) / count - expected});
  }
  return distance;
}

/// After t = 70, which is ten times the slowest relaxation between the wells, x and v have the densities
/// exp(-.8 (-x^2/2 + mu x^4/4)) and exp(-.8 v^2/2): Kolmogorov's distance below its 99.9 % quantile 1.95 / sqrt N.
TEST(Bistable, ReachesItsStationaryDensity) {
  constexpr std::int64_t kParticles = 10'000;
  for (const double mu : {0.2, 0.3}) {
    Ensemble ensemble = start(problems::Bistable(), mu, kParticles, 0.02, Scheme::heun);
    ensemble.advance(3500);
    std::vector<double> x, v;
    double xv = 0;
    for (std::int64_t n = 0; n < kParticles; ++n) {
      x.push_back(ensemble.state(n, 0));
      v.push_back(ensemble.state(n, 1));
      xv += x.back() * v.back() / kParticles;
    }
    const double in_x =
        kolmogorov_distance(x, -8, 8, [mu](double s) { return std::exp(0.8 * (s * s / 2 - mu * std::pow(s, 4) / 4)); });
    const double in_v = kolmogorov_distance(v, -8, 8, [](double s) { return std::exp(-0.4 * s * s); });
    const double quantile = 1.95 / std::sqrt(double{kParticles});
    EXPECT_LT(in_x, quantile) << "mu = " << mu << ", seed " << kSeed;
    EXPECT_LT(in_v, quantile) << "mu = " << mu << ", seed " << kSeed;
    EXPECT_LT(std::abs(xv), 4.5 * 1.12 * 2.5 / std::sqrt(double{kParticles}));  // deviations of v and, at most, of x
    std::cout << "  mu = " << mu << ": distance " << in_x << " in x, " << in_v << " in v, quantile " << quantile
              << "\n";
  }
}

/// The trap by a plain loop: the sum over all pairs as it stands in the paper, Heun's scheme, the standard library's
/// normals.
struct PlainTrap {
  static constexpr std::size_t d = 10;
  static constexpr double kMu = 0.6;
  using Bodies = std::array<double, d>;

  explicit PlainTrap(std::size_t count) : x(count) {
    for (auto& one : x)
      for (std::size_t i = 0; i < d; ++i)
        one[i] = 0.1 * (normal(generator) - 0.9 - 2.1 * static_cast<double>(i) / (d - 1));
  }
  static Bodies drift(const Bodies& at, double t) {
    const double a = 1.25 * std::sin(std::numbers::pi * t + 1.5 + kMu * std::cos(2 * std::numbers::pi * t));
    Bodies b;
    for (std::size_t i = 0; i < d; ++i) {
      b[i] = (a - at[i]) * (a - at[i]) * (a - at[i]);
      for (const double other : at) b[i] -= (at[i] - other) / (2 * d);
    }
    return b;
  }
  void advance(int steps, double dt) {
    for (int step = 0; step < steps; ++step, time += dt)
      for (auto& one : x) {
        Bodies predicted, kick;
        const Bodies b = drift(one, time);
        for (std::size_t i = 0; i < d; ++i) kick[i] = std::sqrt(0.02 * dt) * normal(generator);
        for (std::size_t i = 0; i < d; ++i) predicted[i] = one[i] + dt * b[i] + kick[i];
        const Bodies next = drift(predicted, time + dt);
        for (std::size_t i = 0; i < d; ++i) one[i] += dt * (b[i] + next[i]) / 2 + kick[i];
      }
  }
  [[nodiscard]] Estimate moment(std::size_t i, int power) const {
    return batch_mean(static_cast<std::int64_t>(x.size()),
                      [&](std::int64_t n) { return std::pow(x[static_cast<std::size_t>(n)][i], power); });
  }

  double time = 0;
  std::mt19937_64 generator{kSeed};
  std::normal_distribution<double> normal;
  std::vector<Bodies> x;
};

/// d = 10, 10,000 samples with the default step against 4,000 of the plain loop with half of it: first
/// and second moments of every body at four times within 4.5 standard errors of the difference (80 comparisons).
TEST(Trap, MomentsAgreeWithAPlainLoopWithFineSteps) {
  problems::Trap problem;
  OptionSet set;
  problem.bind(set);
  set.set("trap.dimension", "10");
  constexpr double kStep = 2.0 / 268;  // the default, .0075, fitted to [0, 2]
  Ensemble ensemble = start(problem, PlainTrap::kMu, 10'000, kStep, Scheme::heun);
  PlainTrap reference(4000);
  double largest = 0;
  for (int frame = 0; frame < 4; ++frame) {
    ensemble.advance(67);
    reference.advance(67 * 2, kStep / 2);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(PlainTrap::d); ++i) {
      const double first = distance(first_moment(ensemble, i), reference.moment(static_cast<std::size_t>(i), 1));
      const double second = distance(second_moment(ensemble, i), reference.moment(static_cast<std::size_t>(i), 2));
      EXPECT_LT(first, 4.5) << "E[x_" << i << "], t = " << ensemble.time() << ", seed " << kSeed;
      EXPECT_LT(second, 4.5) << "E[x_" << i << "^2], t = " << ensemble.time() << ", seed " << kSeed;
      largest = std::max({largest, first, second});
    }
  }
  std::cout << "  largest difference " << largest << " standard errors\n";
}

/// The default step on the same Brownian paths as one eight times smaller: the error of the step is below a third of
/// the standard error of the 5,000 samples of the default data set.
TEST(Trap, TheErrorOfTheStepIsBelowTheNoiseOfTheData) {
  const problems::Trap problem;
  const auto model = problem.model(0.6);
  constexpr double kStep = 2.0 / 268;
  constexpr std::int64_t kParticles = 200;
  Ensemble coarse(model.system, model.initial, kParticles, {kStep, Scheme::heun, 8, kSeed, 0});
  Ensemble fine(model.system, model.initial, kParticles, {kStep / 8, Scheme::heun, 1, kSeed, 0});
  coarse.advance(268);
  fine.advance(268 * 8);
  const auto a = coarse.moments(), b = fine.moments();
  double largest = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const double variance = b.covariance[i * 100 + i];
    largest = std::max(largest, std::abs(a.mean[i] - b.mean[i]) / std::sqrt(variance / 5000));
    largest = std::max(largest, std::abs(a.covariance[i * 100 + i] - variance) / (variance * std::sqrt(2.0 / 5000)));
  }
  EXPECT_LT(largest, 1.0 / 3) << "seed " << kSeed;
  std::cout << "  largest error of the step " << largest << " standard errors of 5000 samples\n";
}

/// From the conduction state to t = 8, when convection has set in (the roll grows as exp(1.9 t) and saturates at t =
/// 4): 4,000 particles with the default step against 4,000 others with a quarter of it by the other scheme. First and
/// second moments of all modes at four times within 4.5 standard errors of the difference (72 comparisons).
TEST(Chaos9d, MomentsAgreeWithFineSteps) {
  const problems::Chaos9d problem;
  Ensemble ensemble = start(problem, 14.05, 4000, 0.01, Scheme::heun);
  Ensemble reference = start(problem, 14.05, 4000, 0.0025, Scheme::euler_maruyama, kSeed + 1);
  double largest = 0;
  for (int frame = 0; frame < 4; ++frame) {
    ensemble.advance(200);
    reference.advance(800);
    for (std::int64_t i = 0; i < 9; ++i) {
      const double first = distance(first_moment(ensemble, i), first_moment(reference, i));
      const double second = distance(second_moment(ensemble, i), second_moment(reference, i));
      EXPECT_LT(first, 4.5) << "E[C" << i + 1 << "], t = " << ensemble.time() << ", seed " << kSeed;
      EXPECT_LT(second, 4.5) << "E[C" << i + 1 << "^2], t = " << ensemble.time() << ", seed " << kSeed;
      largest = std::max({largest, first, second});
    }
  }
  EXPECT_GT(second_moment(ensemble, 8).value, 10);  // convection has set in
  std::cout << "  largest difference " << largest << " standard errors\n";
}

}  // namespace
}  // namespace scorefield::test
