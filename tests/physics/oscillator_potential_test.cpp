// The closed form of the oscillator's potential: its derivatives, its equation, its loss, and the simulated particles.

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "core/error.hpp"
#include "data/problems/oscillator_potential.hpp"
#include "tests/support/batch_moments.hpp"

namespace scorefield::test {
namespace {

using problems::Oscillator;
using problems::OscillatorPotential;
using Point = OscillatorPotential::Point;

constexpr double kTimes[] = {0.0, 0.11, 0.37, 0.64, 1.0};
constexpr Point kPoints[] = {{-1.1, -0.9}, {0.3, 0.2}, {0.9, -0.4}};

template <class Function>
double slope(const Function& f, double at) {
  constexpr double h = 1e-4;
  return (8 * (f(at + h) - f(at - h)) - (f(at + 2 * h) - f(at - 2 * h))) / (12 * h);
}

template <class Function>
double mean_over(double mean, double variance, const Function& f) {
  // Three Gauss-Hermite points along each axis: exact for the quadratic functions that are averaged here.
  const double root = std::sqrt(3 * variance);
  double sum = 0;
  for (const int i : {-1, 0, 1})
    for (const int j : {-1, 0, 1})
      sum += (i == 0 ? 2.0 / 3 : 1.0 / 6) * (j == 0 ? 2.0 / 3 : 1.0 / 6) * f(Point{mean + i * root, mean + j * root});
  return sum;
}

TEST(OscillatorPotential, DerivativesAgreeWithCentralDifferences) {
  for (const double mu : {3.0, 8.0})
    for (const double sigma : {0.0, 0.3}) {
      const OscillatorPotential exact(Oscillator(), mu, sigma);
      for (const double t : kTimes)
        for (const Point& x : kPoints) {
          const auto gradient = exact.gradient(x, t);
          EXPECT_NEAR(gradient[0], slope([&](double y) { return exact.value({y, x[1]}, t); }, x[0]), 1e-8);
          EXPECT_NEAR(gradient[1], slope([&](double y) { return exact.value({x[0], y}, t); }, x[1]), 1e-8);
          const double rate = exact.time_derivative(x, t);
          EXPECT_NEAR(rate, slope([&](double u) { return exact.value(x, u); }, t), 1e-6 * (1 + std::abs(rate)));
          EXPECT_NEAR(exact.laplacian(t), slope([&](double y) { return exact.gradient({y, 0}, t)[0]; }, 0.1) * 2, 1e-8);
        }
    }
}

/// d_t log rho = -lap s - grad s.grad log rho + sigma^2/2 (lap log rho + |grad log rho|^2), by differences of the
/// density.
TEST(OscillatorPotential, MovesTheDensity) {
  for (const double sigma : {0.0, 0.3}) {
    const OscillatorPotential exact(Oscillator(), 8, sigma);
    for (const double t : kTimes)
      for (const Point& x : kPoints) {
        const auto log_density = [&](double a, double b, double u) { return exact.log_density({a, b}, u); };
        const double a = slope([&](double y) { return log_density(y, x[1], t); }, x[0]);
        const double b = slope([&](double y) { return log_density(x[0], y, t); }, x[1]);
        const double bend =
            slope([&](double y) { return slope([&](double z) { return log_density(z, x[1], t); }, y); }, x[0]);
        const auto drift = exact.gradient(x, t);
        const double expected =
            -exact.laplacian(t) - drift[0] * a - drift[1] * b + sigma * sigma / 2 * (2 * bend + a * a + b * b);
        const double scale = 1 + std::abs(drift[0] * a) + std::abs(drift[1] * b);
        EXPECT_NEAR(slope([&](double u) { return log_density(x[0], x[1], u); }, t), expected, 1e-5 * scale)
            << "t = " << t << ", sigma = " << sigma;
      }
  }
}

/// The integrand and the loss by averages of s itself.
TEST(OscillatorPotential, LossIsMinusTheKineticAction) {
  for (const double sigma : {0.0, 0.3}) {
    const Oscillator problem;
    const double mu = 8;
    const OscillatorPotential exact(problem, mu, sigma);
    const auto mean = [&](double t, const auto& f) {
      const auto moments = problem.exact(mu, t);
      return mean_over(moments.position, moments.position_variance, f);
    };
    const auto integrand = [&](double t) {
      return mean(t, [&](const Point& x) {
        const auto drift = exact.gradient(x, t);
        return (drift[0] * drift[0] + drift[1] * drift[1]) / 2 + exact.time_derivative(x, t) +
               sigma * sigma / 2 * exact.laplacian(t);
      });
    };
    for (const double t : kTimes) EXPECT_NEAR(exact.integrand(t), integrand(t), 1e-10 * (1 + std::abs(integrand(t))));
    constexpr int kIntervals = 2000;
    double sum = 0;
    for (int i = 0; i <= kIntervals; ++i)
      sum += (i == 0 || i == kIntervals ? 1 : 2 + 2 * (i % 2)) * integrand(1.0 * i / kIntervals) / (3 * kIntervals);
    const double ends = mean(1, [&](const Point& x) { return exact.value(x, 1); }) -
                        mean(0, [&](const Point& x) { return exact.value(x, 0); });
    EXPECT_NEAR(exact.loss(1), sum - ends, 1e-8);
    std::cout << "  mu = 8, sigma = " << sigma << ": loss " << exact.loss(1) << ", q(0) " << exact.integrand(0)
              << ", q(1/2) " << exact.integrand(0.5) << ", q(1) " << exact.integrand(1) << "\n";
  }
  EXPECT_THROW(OscillatorPotential(Oscillator(), 0), Error);
}

/// q(t) over simulated particles, which know nothing of the closed form: within 4.5 standard errors.
TEST(OscillatorPotential, AgreesWithSimulatedParticles) {
  constexpr std::int64_t kParticles = 4000;
  constexpr std::uint64_t kSeed = 7;
  const Oscillator problem;
  const OscillatorPotential exact(problem, 8);
  const auto model = problem.model(8);
  sde::Ensemble ensemble(model.system, model.initial, kParticles, {1e-3, sde::Scheme::sra1, 1, kSeed, 0});
  double largest = 0;
  for (int frame = 0; frame < 8; ++frame) {
    const double t = ensemble.time();
    const Estimate found = batch_mean(kParticles, [&](std::int64_t n) {
      const Point x{ensemble.state(n, 0), ensemble.state(n, 1)};
      const auto drift = exact.gradient(x, t);
      return (drift[0] * drift[0] + drift[1] * drift[1]) / 2 + exact.time_derivative(x, t);
    });
    const double deviation = std::abs(found.value - exact.integrand(t)) / found.error;
    EXPECT_LT(deviation, 4.5) << "t = " << t << ", seed " << kSeed;
    largest = std::max(largest, deviation);
    ensemble.advance(125);
  }
  std::cout << "  largest deviation " << largest << " standard errors\n";
}

}  // namespace
}  // namespace scorefield::test
