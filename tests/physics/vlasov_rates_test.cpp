// Damping and growth rates of the grid solver against the roots of the dispersion relation: no particles, no noise.

#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "data/problems/landau.hpp"
#include "tests/support/grid_run.hpp"
#include "tests/support/linear_response.hpp"
#include "tests/support/plasma_rates.hpp"

namespace scorefield::test {
namespace {

struct Rate {
  double k, omega, gamma;
};

class GridLandauDamping : public testing::TestWithParam<Rate> {};
INSTANTIATE_TEST_SUITE_P(WaveNumbers, GridLandauDamping,
                         testing::Values(Rate{0.3, 1.15985, -0.01262}, Rate{0.4, 1.28506, -0.06613},
                                         Rate{0.5, 1.41566, -0.15336}));

TEST_P(GridLandauDamping, FollowsTheLiterature) {
  const auto [k, omega, gamma] = GetParam();
  problems::PlasmaOptions plasma;
  plasma.landau.parameter = problems::LandauParameter::k;
  plasma.landau.alpha = 1e-5;  // trapping flattens f within 1 / sqrt(alpha)
  vlasov::VlasovOptions options;
  options.cells = 32;
  options.velocity_cells = 256;
  options.v_max = 8;
  const auto signal = grid_mode(grid_simulation(problems::Landau().setup(plasma, k), options), 1, 600);
  const int stride = 5;
  // The wave's two frequencies once the faster-damped ones are gone.
  const auto terms = fit_exponentials(excerpt(signal, options.dt, 8, 30, stride), stride * options.dt, 2);
  const Complex found = nearest_frequency(terms, {omega, gamma});
  EXPECT_NEAR(found.real() / omega, 1, 0.005);
  EXPECT_NEAR(found.imag() / gamma, 1, 0.01);
  std::cout << "k = " << k << ": relative error of omega " << found.real() / omega - 1 << ", of gamma "
            << found.imag() / gamma - 1 << "\n";
}

class GridGrowthRate : public testing::TestWithParam<GrowthCase> {};
INSTANTIATE_TEST_SUITE_P(UnstableModes, GridGrowthRate, testing::ValuesIn(growth_cases()));

TEST_P(GridGrowthRate, FollowsTheDispersionRelation) {
  const GrowthCase& growth = GetParam();
  const Complex expected = growth.root();
  ASSERT_GT(expected.imag(), 0.02);
  vlasov::VlasovOptions options;
  options.cells = 64;
  options.velocity_cells = 256;
  options.dt = 0.1;
  const double end = growth.problem == "two-stream" ? 40 : 60;
  const auto signal =
      grid_mode(grid_simulation(growth.setup(1e-6), options), growth.mode, std::lround(end / options.dt));
  const int stride = 5;
  const auto terms = fit_exponentials(excerpt(signal, options.dt, 10, end, stride), stride * options.dt, 4);
  const Complex found = nearest_frequency(terms, expected);
  EXPECT_NEAR(found.imag() / expected.imag(), 1, 0.01);
  EXPECT_NEAR(found.real(), expected.real(), 0.002);
  std::cout << growth << ": gamma " << expected.imag() << ", relative error " << found.imag() / expected.imag() - 1
            << "\n";
}

}  // namespace
}  // namespace scorefield::test
