// Smoothed particle hydrodynamics: kernels, sums over neighbours against double loops, and clouds at rest.

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>
#include <string>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/sph/fluid.hpp"
#include "solvers/sph/value_gradient.hpp"
#include "tests/support/instruction_sets.hpp"
#include "tests/support/rows.hpp"

namespace scorefield::test {
namespace {

using sph::Fluid;
using sph::Neighbours;
using sph::Shape;
using sph::SphOptions;
using Rows = std::vector<double>;

constexpr Shape kShapes[] = {Shape::cubic, Shape::wendland, Shape::gaussian};

Rows sph_cloud(std::int64_t n, std::int64_t d, std::uint64_t stream) { return test::normals(n * d, 21, stream); }

TEST(SmoothingKernel, NormalisationsAreThoseOfTheBooks) {
  using std::numbers::pi;
  EXPECT_NEAR(sph::normalisation(Shape::cubic, 1), 2.0 / 3, 1e-9);
  EXPECT_NEAR(sph::normalisation(Shape::cubic, 2), 10 / (7 * pi), 1e-9);
  EXPECT_NEAR(sph::normalisation(Shape::cubic, 3), 1 / pi, 1e-9);
  EXPECT_NEAR(sph::normalisation(Shape::wendland, 2), 7 / (4 * pi), 1e-9);
  EXPECT_NEAR(sph::normalisation(Shape::wendland, 3), 21 / (16 * pi), 1e-9);
  EXPECT_NEAR(sph::normalisation(Shape::gaussian, 2), 1 / (pi * (1 - std::exp(-9.0))), 1e-9);
}

TEST(SmoothingKernel, SlopeIsTheDerivative) {
  for (const Shape shape : kShapes)
    for (const double q : {0.3, 0.9, 1.4, 1.9}) {
      const double slope = (sph::profile(shape, q + 1e-6).w - sph::profile(shape, q - 1e-6).w) / 2e-6;
      EXPECT_NEAR(sph::profile(shape, q).F, -slope / q, 1e-8);
      EXPECT_EQ(sph::profile(shape, sph::support(shape) + 0.01).w, 0);
    }
}

TEST(SmoothingKernel, OnALatticeTheDensityIsOneAndTheForceZero) {
  // 41^2 points of spacing .1, h = .4; the middle one is far from the edges.
  Rows x;
  for (int i = -20; i <= 20; ++i)
    for (int j = -20; j <= 20; ++j) x.insert(x.end(), {0.1 * i, 0.1 * j});
  const std::size_t n = x.size() / 2, middle = n / 2;
  for (const Shape shape : kShapes) {
    Neighbours neighbours(shape);
    neighbours.arrange(x, 2, 0.4);
    Rows rho, force;
    neighbours.density(rho);
    EXPECT_NEAR(rho[middle] * 0.01 * static_cast<double>(n), 1, 2e-3);
    neighbours.acceleration(Rows(n, 1.0), rho, Rows(2 * n, 0.0), 0, force);
    EXPECT_NEAR(force[2 * middle], 0, 1e-5);
    EXPECT_NEAR(force[2 * middle + 1], 0, 1e-5);
  }
}

struct PlainSums {
  Rows rho, acceleration;
  std::vector<std::set<std::int64_t>> neighbours;
};

PlainSums plain_sums(Shape shape, double h, const Rows& x, const Rows& v, const Rows& A, double nu) {
  const auto n = static_cast<std::int64_t>(A.size()), d = static_cast<std::int64_t>(x.size()) / n;
  PlainSums sums{Rows(A.size()), Rows(x.size()), std::vector<std::set<std::int64_t>>(A.size())};
  const double norm = sph::normalisation(shape, d) / std::pow(h, d), mass = 1.0 / static_cast<double>(n);
  const auto apart = [&](std::int64_t i, std::int64_t j) {
    double square = 0;
    for (std::int64_t c = 0; c < d; ++c) square += std::pow(x[i * d + c] - x[j * d + c], 2);
    return std::sqrt(square);
  };
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      sums.rho[i] += mass * norm * sph::profile(shape, apart(i, j) / h).w;
      if (i != j && apart(i, j) < sph::support(shape) * h) sums.neighbours[i].insert(j);
    }
  for (std::int64_t i = 0; i < n; ++i)
    for (const std::int64_t j : sums.neighbours[i]) {
      const double r = apart(i, j), F = norm / (h * h) * sph::profile(shape, r / h).F;
      double along = 0;
      for (std::int64_t c = 0; c < d; ++c) along += (x[i * d + c] - x[j * d + c]) * (v[i * d + c] - v[j * d + c]) / r;
      for (std::int64_t c = 0; c < d; ++c) {
        const double e = (x[i * d + c] - x[j * d + c]) / r, relative = v[i * d + c] - v[j * d + c];
        const double volume = 2 * mass / (sums.rho[i] + sums.rho[j]);
        sums.acceleration[i * d + c] += mass * (A[i] + A[j]) * F * e * r;
        sums.acceleration[i * d + c] -= nu * volume * F * (2 * relative + ((d + 2) * e * along - relative) / 3);
      }
    }
  return sums;
}

class SphSums : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(SphSums, EqualDoubleLoopsWithEveryKernelAndInstructionSet) {
  const std::int64_t d = GetParam(), n = 300;
  Rows x = sph_cloud(n, d, 1);
  const Rows v = sph_cloud(n, d, 2);
  x[0] = 300;  // an outlier beyond the grid
  x[static_cast<std::size_t>(d)] = -400;
  const double h = d > 50 ? 8 : d > 3 ? 1.2 : 0.35;
  Rows A(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < A.size(); ++i) A[i] = 1 + 0.3 * std::sin(static_cast<double>(i));
  for (const auto set : simd::usable_instruction_sets()) {
    const test::WithInstructionSet with_set(set);
    for (const Shape shape : kShapes) {
      SCOPED_TRACE(std::string(simd::name(set)) + " " + std::to_string(static_cast<int>(shape)));
      if (d > 50)  // densities far beyond float32's range, and A that belongs to them
        for (std::size_t i = 0; i < A.size(); ++i)
          A[i] = (1 + 0.3 * std::sin(static_cast<double>(i))) * std::pow(h, d) / sph::normalisation(shape, d);
      const PlainSums expected = plain_sums(shape, h, x, v, A, 0.2);
      Neighbours neighbours(shape);
      neighbours.arrange(x, d, h);
      Rows rho, acceleration;
      neighbours.density(rho);
      neighbours.acceleration(A, rho, v, 0.2, acceleration);
      EXPECT_LT(test::largest_difference(rho, expected.rho), 2e-6);
      EXPECT_LT(test::largest_difference(acceleration, expected.acceleration), 3e-5);
      for (std::int64_t i = 0; i < n; ++i) {
        std::set<std::int64_t> found;
        neighbours.for_neighbours(i, [&](std::int64_t j) { found.insert(j); });
        ASSERT_EQ(found, expected.neighbours[static_cast<std::size_t>(i)]) << i;
      }
      double momentum = 0, size = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        momentum += acceleration[static_cast<std::size_t>(i * d)];
        size += std::abs(acceleration[static_cast<std::size_t>(i * d)]);
      }
      EXPECT_LT(std::abs(momentum), 1e-5 * size) << "pairs act equally on both";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dimensions, SphSums, ::testing::Values(1, 2, 3, 5, 100));

TEST(ValueGradient, IsExactForLinearFunctions) {
  const Rows x = sph_cloud(400, 2, 3);
  Neighbours neighbours(Shape::wendland);
  neighbours.arrange(x, 2, 0.3);
  Rows rho, f(400);
  neighbours.density(rho);
  for (std::size_t i = 0; i < 400; ++i) f[i] = 2 * x[2 * i] - 3 * x[2 * i + 1];
  const Rows gradient = sph::gradient_of_values(neighbours, {Shape::wendland, 0.3}, x, rho, f);
  int inside = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    if (std::hypot(x[2 * i], x[2 * i + 1]) > 1) continue;
    ++inside;
    EXPECT_NEAR(gradient[2 * i], 2, 0.05);
    EXPECT_NEAR(gradient[2 * i + 1], -3, 0.05);
  }
  EXPECT_GT(inside, 100);
}

/// N(1, diag(1, 4)).
sph::Answer wide_gaussian(const Rows& x) {
  sph::Answer answer{Rows(x.size() / 2), Rows(x.size())};
  for (std::size_t i = 0; i < answer.log_density.size(); ++i) {
    const double u = x[2 * i] - 1, w = x[2 * i + 1] - 1;
    answer.log_density[i] = -u * u / 2 - w * w / 8;
    answer.score[2 * i] = -u;
    answer.score[2 * i + 1] = -w / 4;
  }
  return answer;
}

struct Moments {
  double mean[2] = {}, variance[2] = {};
};
Moments rest(const SphOptions& options, std::int64_t n, std::int64_t steps) {
  Fluid fluid(options, sph_cloud(n, 2, 4), 2, steps);
  for (std::int64_t k = 0; k < steps; ++k) fluid.step(wide_gaussian);
  const Rows x = fluid.positions();
  Moments m;
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t i = c; i < x.size(); i += 2) m.mean[c] += x[i] / static_cast<double>(n);
    for (std::size_t i = c; i < x.size(); i += 2)
      m.variance[c] += std::pow(x[i] - m.mean[c], 2) / static_cast<double>(n);
  }
  return m;
}

TEST(GasAtRest, HasTheVarianceOfItsTheory) {
  // Mean square of one coordinate under W is 5 h^2/18 for Wendland C2 in the plane; then the blob functional's
  // stationary variance s^2 per unit target variance: 1/b + k/b^2 = 1, b = s^2 + k.
  for (const double h : {0.6, 1.5}) {
    SphOptions options;
    options.smoothing_length = h;
    const Moments m = rest(options, 800, 200);
    const double k = 5 * h * h / 18, expected = (1 + std::sqrt(1 + 4 * k)) / 2 - k;
    EXPECT_NEAR(m.mean[0], 1, 0.02) << h;
    EXPECT_NEAR(m.variance[0], expected, 0.03) << h;
    EXPECT_NEAR(m.variance[1] / 4, expected, 0.03) << h;
  }
}

TEST(GasAtRest, WithoutPressureCollapses) {
  SphOptions options;
  options.pressure = false;
  options.whiten = false;
  const Moments m = rest(options, 200, 400);
  EXPECT_LT(m.variance[0], 0.01);
}

TEST(GasAtRest, DensityFormAndContinuityFormAgreeWithTheGradientForm) {
  SphOptions options;
  options.force = SphOptions::Force::density;
  Moments m = rest(options, 400, 150);
  EXPECT_NEAR(m.variance[0], 1, 0.1);
  EXPECT_NEAR(m.variance[1], 4, 0.4);
  options.force = SphOptions::Force::score;
  options.density = SphOptions::Density::continuity;
  m = rest(options, 400, 150);
  EXPECT_NEAR(m.variance[0], 1, 0.1);
  EXPECT_NEAR(m.variance[1], 4, 0.4);
}

TEST(GasAtRest, FreeEnergyFallsAndBitsDoNotDependOnThreads) {
  const int before = thread_count();
  SphOptions options;
  options.whiten = false;
  options.initial_smoothing = options.smoothing_length = 0.4;
  set_thread_count(1);
  Fluid fluid(options, sph_cloud(300, 2, 4), 2, 100), twin = fluid;
  double last = HUGE_VAL;
  for (int k = 0; k < 40; ++k) {
    fluid.step(wide_gaussian);
    EXPECT_LT(fluid.free_energy, last + 1e-3) << k;
    last = fluid.free_energy;
  }
  set_thread_count(3);
  for (int k = 0; k < 40; ++k) twin.step(wide_gaussian);
  set_thread_count(before);
  EXPECT_EQ(fluid.z, twin.z);
  EXPECT_EQ(fluid.free_energy, twin.free_energy);
}

TEST(HighDimensions, AreRefusedWithTheReason) {
  try {
    Fluid fluid({}, sph_cloud(10, 7, 1), 7, 10);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("kernel dominates"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("gas"), std::string::npos);
  }
  SphOptions forced;
  forced.force_dimension = true;
  EXPECT_NO_THROW(Fluid(forced, sph_cloud(10, 7, 1), 7, 10));
}

}  // namespace
}  // namespace scorefield::test
