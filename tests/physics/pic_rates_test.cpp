// Damping and growth rates of the 1D1V problems, as they are set up for users, by particle-in-cell, against the roots
// of the dispersion relation.

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <numbers>
#include <tuple>

#include "core/parallel.hpp"
#include "data/problems/bump_on_tail.hpp"
#include "data/problems/landau.hpp"
#include "data/problems/two_stream.hpp"
#include "solvers/pic/diagnostics.hpp"
#include "tests/support/linear_response.hpp"

namespace scorefield::test {
namespace {

using problems::PlasmaSetup;

/// Amplitude of mode `mode` over time.
std::vector<Complex> run(const PlasmaSetup& setup, pic::PicOptions options, std::int64_t mode, double duration) {
  options.box_length = setup.box_length;
  pic::Simulation<float> simulation(
      options, options.dt, setup.mu,
      pic::load(setup.population, options.box_length, options.simulated_particles, options.start, Philox(1, 0)));
  return pic::run(simulation, std::lround(duration / options.dt)).mode(mode);
}

std::vector<Maxwellian> maxwellians(const PlasmaSetup& setup) {
  std::vector<Maxwellian> beams;
  for (const auto& [density, drift, thermal] : setup.population.beams) beams.push_back({density, drift, thermal});
  return beams;
}

/// These runs are small: one thread each, so that tests can share a machine.
class SingleThread {
 public:
  SingleThread() { set_thread_count(1); }
  ~SingleThread() { set_thread_count(before_); }

 private:
  int before_ = thread_count();
};

struct Rate {
  double k, omega, gamma;
  std::int64_t particles;  ///< few resonate when k is small, and they do the damping
  double until;
};

class LandauDamping : public testing::TestWithParam<Rate> {};

TEST_P(LandauDamping, FollowsTheLiterature) {
  const SingleThread single;
  const auto [k, omega, gamma, particles, until] = GetParam();
  const problems::Landau landau;
  problems::PlasmaOptions plasma;
  plasma.landau.parameter = problems::LandauParameter::k;
  plasma.landau.alpha = 1e-4;  // trapping flattens f within 1 / sqrt(alpha)
  pic::PicOptions options = landau.pic_options();
  options.dt = 0.1;
  options.cells = 64;
  options.simulated_particles = particles;
  auto response = linear_response([&](double sign) {
    PlasmaSetup setup = landau.setup(plasma, k);
    setup.population.density.amplitude *= sign;
    return run(setup, options, 1, until);
  });
  // E_1 of a cosine is imaginary; what is not, is noise.
  for (Complex& value : response) value = {0, value.imag()};
  const int stride = 2;
  const auto terms = fit_exponentials(excerpt(response, options.dt, 4, until, stride), stride * options.dt, 2);
  const Complex found = nearest_frequency(terms, {omega, gamma});
  EXPECT_NEAR(found.real() / omega, 1, 0.005);
  EXPECT_NEAR(found.imag() / gamma, 1, 0.03);
  std::cout << "k = " << k << ": relative error of omega " << found.real() / omega - 1 << ", of gamma "
            << found.imag() / gamma - 1 << "\n";
}

INSTANTIATE_TEST_SUITE_P(WaveNumbers, LandauDamping,
                         testing::Values(Rate{0.3, 1.15985, -0.01262, 1'000'000, 30},
                                         Rate{0.4, 1.28506, -0.06613, 200'000, 20},
                                         Rate{0.5, 1.41566, -0.15336, 200'000, 20}));

struct Growth {
  std::string problem;
  double mu;
  int mode;
  Complex guess;
};

std::ostream& operator<<(std::ostream& out, const Growth& growth) {
  return out << growth.problem << ", mu " << growth.mu << ", mode " << growth.mode;
}

class GrowthRate : public testing::TestWithParam<Growth> {};

TEST_P(GrowthRate, FollowsTheDispersionRelation) {
  const SingleThread single;
  const auto& [problem, mu, mode, guess] = GetParam();
  problems::PlasmaOptions plasma;
  plasma.diffusion = 0;  // the dispersion relation knows no collisions
  plasma.perturbation.mode = std::to_string(mode);
  const problems::TwoStream two_stream;
  const problems::BumpOnTail bump_on_tail;
  const bool beams = problem == "two-stream";
  const problems::PlasmaCase& which = beams ? static_cast<const problems::PlasmaCase&>(two_stream) : bump_on_tail;
  const PlasmaSetup setup = which.setup(plasma, mu);
  const DispersionRelation dispersion(maxwellians(setup), mu, 2 * std::numbers::pi * mode / setup.box_length);
  const Complex expected = dispersion.root(guess);
  ASSERT_GT(expected.imag(), 0.02);

  pic::PicOptions options;
  options.dt = 0.1;
  options.simulated_particles = mode < 3 ? 100'000 : 200'000;  // few resonate with short waves
  const double end = beams ? 25 : mode < 3 ? 50 : 40;
  const auto response = linear_response([&](double sign) {
    PlasmaSetup perturbed = setup;
    perturbed.population.perturbation.amplitude = sign * 1e-4;
    return run(perturbed, options, mode, end);
  });
  const int stride = 5;
  const auto terms = fit_exponentials(excerpt(response, options.dt, 5, end, stride), stride * options.dt, 4);
  const Complex found = nearest_frequency(terms, expected);
  EXPECT_NEAR(found.imag() / expected.imag(), 1, 0.03);
  EXPECT_NEAR(found.real(), expected.real(), 0.005);
  std::cout << GetParam() << ": gamma " << expected.imag() << ", relative error " << found.imag() / expected.imag() - 1
            << "\n";
}

std::vector<Growth> unstable_modes() {
  std::vector<Growth> growths;
  for (const double mu : {1.2, 1.35, 1.5, 1.7, 1.9}) growths.push_back({"two-stream", mu, 1, {0, 0.2}});
  for (const double mu : {1.2, 1.35, 1.5, 1.6}) growths.push_back({"two-stream", mu, 2, {0, 0.1}});
  for (const double mu : {1.3, 1.45, 1.6, 1.8, 2.0}) {
    growths.push_back({"bump-on-tail", mu, 1, {0.41, 0.09}});
    growths.push_back({"bump-on-tail", mu, 2, {0.72, 0.08}});
  }
  growths.push_back({"bump-on-tail", 1.3, 3, {1.06, 0.05}});
  return growths;
}

INSTANTIATE_TEST_SUITE_P(UnstableModes, GrowthRate, testing::ValuesIn(unstable_modes()));

}  // namespace
}  // namespace scorefield::test
