// The pieces of the grid solver on their own.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/random.hpp"
#include "solvers/fft/fft3d.hpp"
#include "solvers/vlasov/characteristics.hpp"
#include "solvers/vlasov/density.hpp"
#include "solvers/vlasov/interpolation.hpp"
#include "solvers/vlasov/sampling.hpp"
#include "solvers/vlasov/simulation.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::test {
namespace {

using fft::Complex;

std::vector<Complex> noise(std::size_t count) {
  std::vector<Complex> values;
  for (std::size_t i = 0; i < count; ++i) {
    const auto [a, b] = Philox(1, 2).normals(i);
    values.emplace_back(a, b);
  }
  return values;
}

TEST(Fft, IsTheSumOfItsDefinition) {
  for (const std::int64_t n : {1, 2, 4, 16}) {
    const auto values = noise(static_cast<std::size_t>(n));
    auto transformed = values;
    fft::Fft(n).forward(transformed);
    for (std::int64_t k = 0; k < n; ++k) {
      Complex sum = 0;
      for (std::int64_t j = 0; j < n; ++j)
        sum += values[static_cast<std::size_t>(j)] *
               std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(j * k) / static_cast<double>(n));
      EXPECT_LT(std::abs(sum - transformed[static_cast<std::size_t>(k)]), 1e-13) << n << ' ' << k;
    }
    fft::Fft(n).inverse(transformed);
    for (std::size_t j = 0; j < values.size(); ++j) EXPECT_LT(std::abs(values[j] - transformed[j]), 1e-14);
  }
  expect_error<UsageError>([] { fft::Fft(12); }, {"12", "power of two"});
}

TEST(Fft, OfACubeFindsItsWave) {
  const std::int64_t n = 8;
  std::vector<Complex> cube(512);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t k = 0; k < n; ++k)
        cube[static_cast<std::size_t>((i * n + j) * n + k)] =
            std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(i + 2 * j - 3 * k) / 8);
  const auto original = cube;
  const fft::Fft3d transform(n);
  transform.forward(cube);
  const std::size_t wave = (1 * 8 + 2) * 8 + 5;
  for (std::size_t i = 0; i < cube.size(); ++i) EXPECT_LT(std::abs(cube[i] - (i == wave ? 512.0 : 0.0)), 1e-11) << i;
  transform.inverse(cube);
  for (std::size_t i = 0; i < cube.size(); ++i) EXPECT_LT(std::abs(cube[i] - original[i]), 1e-14);
}

TEST(SpectralField, IsExactForResolvedWaves) {
  const std::int64_t cells = 32;
  const double box = 50, mu = 1.4, k = 2 * std::numbers::pi / box;
  std::vector<double> density(32), field(32);
  const auto x = [&](std::size_t j) { return box * static_cast<double>(j) / 32; };
  for (std::size_t j = 0; j < 32; ++j) density[j] = 1 + 0.3 * std::cos(k * x(j)) - 0.2 * std::sin(9 * k * x(j));
  fft::SpectralField(cells, box, mu).solve(density, field);
  double force = 0;
  for (std::size_t j = 0; j < 32; ++j) {
    const double exact = (-0.3 * std::sin(k * x(j)) / k - 0.2 * std::cos(9 * k * x(j)) / (9 * k)) / (mu * mu);
    EXPECT_NEAR(field[j], exact, 1e-13);
    force += density[j] * field[j];
  }
  EXPECT_NEAR(force, 0, 1e-13);
}

class Stencils : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Degrees, Stencils, testing::Values(3, 5, 7, 9));

/// new[0] of a polynomial p is p(-shift): exact to the degree. The weights sum to one to the last bit or two.
TEST_P(Stencils, ShiftPolynomialsExactly) {
  for (const double shift : {0.0, 0.25, -0.6, 1.0, 3.7, -12.1}) {
    const auto stencil = vlasov::shift_stencil(shift, GetParam());
    EXPECT_EQ(stencil.taps, GetParam() + 1);
    double sum = 0;
    for (const double weight : stencil.weight) sum += weight;
    EXPECT_NEAR(sum, 1, 3e-16);
    for (int power = 1; power <= GetParam(); ++power) {
      double moved = 0;
      for (int m = 0; m < stencil.taps; ++m)
        moved += stencil.weight[static_cast<std::size_t>(m)] *
                 std::pow((static_cast<double>(stencil.first + m) + shift) / 5, power);
      EXPECT_NEAR(moved, 0, 1e-14) << "shift " << shift << ", power " << power;
    }
  }
}

/// |sum_m w_m exp(i m theta)| <= 1: stable for every displacement, with and without diffusion.
TEST_P(Stencils, AmplifyNoWave) {
  for (const double number : {0.0, 0.1, vlasov::kLargestDiffusion})
    for (double shift = 0; shift < 1; shift += 0.05)
      for (double theta = 0; theta <= std::numbers::pi; theta += 0.05) {
        const auto stencil = vlasov::shift_and_diffuse_stencil(shift, GetParam(), number);
        Complex factor = 0;
        for (int m = 0; m < stencil.taps; ++m)
          factor += stencil.weight[static_cast<std::size_t>(m)] * std::polar(1.0, m * theta);
        ASSERT_LE(std::abs(factor), 1 + 1e-12) << shift << ' ' << theta << ' ' << number;
      }
}

/// One step of diffusion adds 2 eta dt to the variance and leaves the mean.
TEST_P(Stencils, DiffuseAtTheirRate) {
  const auto stencil = vlasov::shift_and_diffuse_stencil(0.3, GetParam(), 0.2);
  double mean = 0, square = 0;
  for (int m = 0; m < stencil.taps; ++m) {
    const double moved = -static_cast<double>(stencil.first + m);  // from node first + m to node 0
    mean += stencil.weight[static_cast<std::size_t>(m)] * moved;
    square += stencil.weight[static_cast<std::size_t>(m)] * moved * moved;
  }
  EXPECT_NEAR(mean, 0.3, 1e-13);
  EXPECT_NEAR(square - mean * mean, 2 * 0.2, 1e-12);
}

TEST(Characteristics, InterpolateWithSixthOrder) {
  const auto error = [](std::size_t cells) {
    std::vector<double> values(cells);
    for (std::size_t j = 0; j < cells; ++j)
      values[j] = std::sin(2 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(cells));
    double worst = 0;
    for (double x = -3; x < 30; x += 0.0731)
      worst = std::max(worst,
                       std::abs(vlasov::interpolate_periodic(values, 10, x) - std::sin(2 * std::numbers::pi * x / 10)));
    return worst;
  };
  EXPECT_NEAR(std::log2(error(16) / error(32)), 6, 0.3);
}

/// Draws by the midpoints of a fine lattice of uniform numbers reproduce the moments of the bilinear density.
TEST(GridSampler, DrawsFromTheGrid) {
  const std::size_t cells = 32, count = 64;
  const double box = 10;
  std::vector<double> velocities, f;
  for (std::size_t j = 0; j < count; ++j) velocities.push_back(-8 + 0.25 * static_cast<double>(j));
  for (std::size_t i = 0; i < cells; ++i)
    for (const double v : velocities) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / 32;
      f.push_back((1 + 0.5 * std::cos(angle)) * std::exp(-0.5 * (v - std::sin(angle)) * (v - std::sin(angle))));
    }
  const vlasov::GridSampler sampler(f, velocities, box);
  EXPECT_EQ(sampler.negative_share(), 0);
  double wave = 0, mean = 0, square = 0, flow = 0;
  const int n = 400;
  for (int a = 0; a < n; ++a)
    for (int b = 0; b < n; ++b) {
      const auto [x, v] = sampler.draw((a + 0.5) / n, (b + 0.5) / n);
      ASSERT_GE(x, 0);
      ASSERT_LT(x, box);
      const double angle = 2 * std::numbers::pi * x / box;
      wave += std::cos(angle) / n / n;
      mean += v / n / n;
      square += v * v / n / n;
      flow += v * std::sin(angle) / n / n;
    }
  // <cos> = .25, <v> = 0, <v^2> = 1 + <sin^2> = 1.5, <v sin> = .5; interpolation widens by h^2 / 6 and damps waves.
  EXPECT_NEAR(wave, 0.25, 2e-3);
  EXPECT_NEAR(mean, 0, 1e-3);
  EXPECT_NEAR(square, 1.5 + 0.25 * 0.25 / 6, 4e-3);
  EXPECT_NEAR(flow, 0.5, 4e-3);
}

TEST(GridSampler, CountsNegativeValuesAsZero) {
  const std::vector<double> velocities{-1, 0, 1}, f{0, 1, -0.25, 0, 1, -0.25};
  const vlasov::GridSampler sampler(f, velocities, 1);
  EXPECT_DOUBLE_EQ(sampler.negative_share(), 0.25);
  for (double share = 0.01; share < 1; share += 0.01) EXPECT_LE(std::abs(sampler.draw(0.5, share)[1]), 1);
  const std::vector<double> nothing(6);
  expect_error<Error>([&] { vlasov::GridSampler(nothing, velocities, 1); }, {"no positive mass"});
}

TEST(VlasovOptions, NameTheKeyThatIsWrong) {
  const auto rejects = [](auto change, const std::vector<std::string>& words, double diffusion = 0, double mu = 1.2) {
    vlasov::VlasovOptions options;
    change(options);
    expect_error<UsageError>([&] { vlasov::validate(options, 50, mu, diffusion); }, words);
  };
  rejects([](auto& o) { o.cells = 100; }, {"vlasov.cells", "100", "power of two"});
  rejects([](auto& o) { o.velocity_cells = 100; }, {"vlasov.velocity_cells", "100", "multiple of 8"});
  rejects([](auto& o) { o.v_max = 0; }, {"vlasov.v_max"});
  rejects([](auto& o) { o.dt = -1; }, {"vlasov.dt"});
  rejects([](auto& o) { o.duration = std::nan(""); }, {"vlasov.duration"});
  rejects([](auto& o) { o.degree = 4; }, {"vlasov.degree", "3, 5, 7 or 9"});
  rejects([](auto&) {}, {"collisions.diffusion", "smaller vlasov.dt"}, 1);
  rejects([](auto&) {}, {"mu is 0"}, 0, 0);
}

TEST(DensityAt, IsTheInitialDensityBetweenTheNodes) {
  const auto f = [](double x, double v) { return (1 + 0.1 * std::cos(x)) * std::exp(-v * v / 2); };
  const vlasov::Simulation simulation({.cells = 32, .velocity_cells = 128, .v_max = 8}, 0.1,
                                      {.box_length = 2 * std::numbers::pi}, f);
  const std::vector<double> x{0, 0.123, 3, 6.2, 7}, v{-3, 0.01, 1.7};
  const auto density = vlasov::density_at(simulation, x, v);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < v.size(); ++j)
      EXPECT_NEAR(density[i * v.size() + j], f(x[i], v[j]), 2e-6) << x[i] << ' ' << v[j];
}

TEST(DensityAt, OfFreeStreamingIsTheInitialOneMovedBack) {
  // Poisson's mu so large that the field does nothing.
  const auto f = [](double x, double v) { return (1 + 0.1 * std::cos(x)) * std::exp(-v * v / 2); };
  vlasov::Simulation simulation({.cells = 64, .velocity_cells = 128, .v_max = 8}, 0.1,
                                {.box_length = 2 * std::numbers::pi, .mu = 1e4}, f);
  for (int step = 0; step < 15; ++step) simulation.advance();
  const std::vector<double> x{0.4, 2, 5.5}, v{-2.3, 0.5, 3.1};
  const auto density = vlasov::density_at(simulation, x, v);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < v.size(); ++j) EXPECT_NEAR(density[i * v.size() + j], f(x[i] - 1.5 * v[j], v[j]), 1e-6);
}

}  // namespace
}  // namespace scorefield::test
