// Damping and growth rates of the 1D1V problems, as they are set up for users, by particle-in-cell, against the roots
// of the dispersion relation.

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "core/parallel.hpp"
#include "data/problems/landau.hpp"
#include "solvers/pic/diagnostics.hpp"
#include "tests/support/linear_response.hpp"
#include "tests/support/plasma_rates.hpp"

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

class GrowthRate : public testing::TestWithParam<GrowthCase> {};
INSTANTIATE_TEST_SUITE_P(UnstableModes, GrowthRate, testing::ValuesIn(growth_cases()));

TEST_P(GrowthRate, FollowsTheDispersionRelation) {
  const SingleThread single;
  const GrowthCase& growth = GetParam();
  const Complex expected = growth.root();
  ASSERT_GT(expected.imag(), 0.02);

  pic::PicOptions options;
  options.dt = 0.1;
  options.simulated_particles = growth.mode < 3 ? 100'000 : 200'000;  // few resonate with short waves
  const double end = growth.problem == "two-stream" ? 25 : growth.mode < 3 ? 50 : 40;
  const auto response =
      linear_response([&](double sign) { return run(growth.setup(sign * 1e-4), options, growth.mode, end); });
  const int stride = 5;
  const auto terms = fit_exponentials(excerpt(response, options.dt, 5, end, stride), stride * options.dt, 4);
  const Complex found = nearest_frequency(terms, expected);
  EXPECT_NEAR(found.imag() / expected.imag(), 1, 0.03);
  EXPECT_NEAR(found.real(), expected.real(), 0.005);
  std::cout << growth << ": gamma " << expected.imag() << ", relative error " << found.imag() / expected.imag() - 1
            << "\n";
}

}  // namespace
}  // namespace scorefield::test
