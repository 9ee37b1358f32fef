// Linear waves against the kinetic dispersion relation, solved here for complex frequencies.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <tuple>

#include "solvers/pic/diagnostics.hpp"
#include "tests/support/linear_response.hpp"
#include "tests/support/two_beams.hpp"

namespace scorefield::test {
namespace {

using pic::PicOptions;

TEST(PlasmaDispersionFunction, KnownValues) {
  const PlasmaDispersionFunction z;
  const auto expect_near = [](Complex value, Complex expected) {
    EXPECT_LT(std::abs(value - expected), 1e-11) << value;
  };
  expect_near(z(0), {0, std::sqrt(std::numbers::pi)});
  // On the imaginary axis Z(i y) = i sqrt(pi) exp(y^2) erfc(y), below the real axis too.
  for (const double y : {0.3, 1.0, 2.5, -0.7})
    expect_near(z({0, y}), {0, std::sqrt(std::numbers::pi) * std::exp(y * y) * std::erfc(y)});
  // Z' = -2 (1 + zeta Z)
  const Complex zeta(0.8, -0.4);
  const double h = 1e-4;
  EXPECT_LT(std::abs((z(zeta + h) - z(zeta - h)) / (2 * h) + 2.0 * (1.0 + zeta * z(zeta))), 1e-7);
}

TEST(DispersionRelation, LandauRootsOfTheLiterature) {
  const auto expect_root = [](double k, double omega, double gamma) {
    const Complex root = DispersionRelation({{1, 0, 1}}, 1, k).root({omega + 0.02, gamma - 0.01});
    EXPECT_NEAR(root.real(), omega, 1e-5);
    EXPECT_NEAR(root.imag(), gamma, 1e-5);
  };
  expect_root(0.3, 1.15985, -0.01262);
  expect_root(0.4, 1.28506, -0.06613);
  expect_root(0.5, 1.41566, -0.15336);
}

class TwoStreamGrowth : public testing::TestWithParam<std::tuple<double, int>> {};

/// Both branches of the response to a small perturbation: half of the difference of two runs with opposite
/// perturbations of the same particles, in which their sampling noise cancels to first order.
TEST_P(TwoStreamGrowth, FollowsTheDispersionRelation) {
  const auto [mu, mode] = GetParam();
  PicOptions options;
  options.dt = 0.05;
  options.simulated_particles = 50'000;
  const double amplitude = 1e-4;
  const std::int64_t steps = 500;
  std::vector<Complex> response;
  for (const double sign : {1.0, -1.0}) {
    auto simulation = two_beam_simulation<float>(options, mu, two_beams(sign * amplitude, mode));
    const auto signal = pic::run(simulation, steps).mode(mode);
    response.resize(signal.size());
    for (std::size_t i = 0; i < signal.size(); ++i) response[i] += 0.5 * sign * signal[i];
  }

  const double k = 2 * std::numbers::pi * mode / options.box_length;
  const DispersionRelation dispersion({{0.5, -3, 1}, {0.5, 3, 1}}, mu, k);
  const double growth = dispersion.root({0, 0.2}).imag();
  const Complex langmuir = dispersion.root({std::sqrt(1 / (mu * mu) + 30 * k * k), -0.02});

  // Four terms: the growing one, the two Langmuir waves, and what the damped ones leave.
  const int stride = 10;
  const auto terms = fit_exponentials(excerpt(response, options.dt, 4, 25, stride), stride * options.dt, 4);
  double fitted_growth = 0;
  Complex forward = 0, backward = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Complex rate = terms[i].rate;
    if (std::abs(rate.imag()) < 0.2) fitted_growth = rate.real();
    else (rate.imag() > 0 ? forward : backward) = rate;
  }
  EXPECT_NEAR(fitted_growth / growth, 1, 0.03);
  EXPECT_NEAR(forward.imag() / langmuir.real(), 1, 0.01);
  EXPECT_NEAR(backward.imag() / -langmuir.real(), 1, 0.01);
  EXPECT_NEAR(forward.real(), langmuir.imag(), 0.01);
  EXPECT_NEAR(backward.real(), langmuir.imag(), 0.01);
}

INSTANTIATE_TEST_SUITE_P(ModesAndMu, TwoStreamGrowth,
                         testing::Combine(testing::Values(1.2, 1.35, 1.5), testing::Values(1, 2)));

/// Evenly spaced electrons at rest, displaced in velocity by a cosine: below wave breaking each oscillates about its
/// place at the plasma frequency 1 / mu, and the field at a node follows sin(k x) sin(t / mu).
TEST(LangmuirOscillation, ColdPlasmaRingsAtThePlasmaFrequency) {
  const double mu = 1.3, amplitude = 0.01;
  PicOptions options;
  options.dt = 0.02;
  options.simulated_particles = 16'384;
  const double k = 2 * std::numbers::pi / options.box_length;
  pic::Particles electrons;
  for (std::int64_t i = 0; i < options.simulated_particles; ++i) {
    const double x =
        options.box_length * (static_cast<double>(i) + 0.5) / static_cast<double>(options.simulated_particles);
    electrons.position.push_back(x);
    electrons.velocity.push_back(amplitude * std::cos(k * x));
  }
  pic::Simulation<double> simulation(options, options.dt, mu, electrons);
  const auto history = pic::run(simulation, 2000);
  const auto field = history.mode(1);
  // Displacement s = amplitude mu cos(k x) sin(t / mu), E = s / mu^2 (electrons displaced to the right leave a
  // positive field): E_1 = amplitude / (2 mu) sin(t / mu), up to the grid's (k h)^2 / 6 and the step's (dt / mu)^2
  // / 24.
  double worst = 0;
  for (std::size_t i = 0; i < field.size(); ++i)
    worst = std::max(worst, std::abs(field[i] - amplitude / (2 * mu) * std::sin(history.time[i] / mu)));
  EXPECT_LT(worst, 0.004 * amplitude / (2 * mu));

  const auto terms = fit_exponentials(excerpt(field, options.dt, 0, 40, 20), 20 * options.dt, 2);
  for (const auto& term : terms) {
    EXPECT_NEAR(std::abs(term.rate.imag()) * mu, 1, 2e-4);
    EXPECT_NEAR(term.rate.real(), 0, 1e-4);
  }
}

/// A warm plasma's Langmuir wave: frequency and damping of the kinetic root.
TEST(LangmuirOscillation, WarmPlasmaFollowsTheKineticRoot) {
  const double mu = 1;
  PicOptions options;
  options.dt = 0.05;
  options.box_length = 2 * std::numbers::pi / 0.4;
  options.cells = 64;
  options.simulated_particles = 50'000;
  // v (1 + a cos k x) of a drifting plasma is a velocity wave in its rest frame; the frequency there is
  // Doppler-shifted.
  const double drift = 4, k = 0.4;
  std::vector<Complex> response;
  for (const double sign : {1.0, -1.0}) {
    auto simulation = two_beam_simulation<float>(options, mu, {{{1, drift, 1}}, {sign * 1e-4, 1}});
    const auto signal = pic::run(simulation, 400).mode(1);
    response.resize(signal.size());
    for (std::size_t i = 0; i < signal.size(); ++i)
      response[i] += 0.5 * sign * signal[i] * std::polar(1.0, k * drift * options.dt * static_cast<double>(i));
  }
  const auto terms = fit_exponentials(excerpt(response, options.dt, 3, 20, 8), 8 * options.dt, 2);
  for (const auto& term : terms) {
    EXPECT_NEAR(std::abs(term.rate.imag()), 1.28506, 0.01 * 1.28506);
    EXPECT_NEAR(term.rate.real(), -0.06613, 0.03 * 0.06613);
  }
}

}  // namespace
}  // namespace scorefield::test
