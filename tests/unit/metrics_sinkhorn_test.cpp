#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "tests/support/weighted_cloud.hpp"
#include "training/metrics/sinkhorn.hpp"
#include "training/metrics/softmin.hpp"
#include "training/metrics/wasserstein.hpp"

namespace scorefield::metrics {
namespace {

constexpr double kLine[] = {0.0};
constexpr double kPlane[] = {0.0, 0.0};

double normal_quantile(double p) {
  double low = -10;
  double high = 10;
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::numbers::sqrt2) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// Midpoint quantiles of N(mean, sd^2): an even cloud with the law's moments up to a tail of order 1/n.
PointCloud even_gaussian(std::int64_t n, double mean, double sd) {
  PointCloud cloud{1, {}};
  for (std::int64_t i = 0; i < n; ++i)
    cloud.values.push_back(static_cast<float>(mean + sd * normal_quantile((i + 0.5) / static_cast<double>(n))));
  return cloud;
}

PointCloud random_cloud(std::int64_t n, std::int64_t d, std::uint64_t seed, double sd = 1) {
  const Philox random(seed, 0);
  PointCloud cloud{d, {}};
  for (std::int64_t i = 0; i < n * d; ++i)
    cloud.values.push_back(static_cast<float>(sd * random.normals(static_cast<std::uint64_t>(i))[0]));
  return cloud;
}

PointCloud moved(PointCloud cloud, const std::vector<float>& shift) {
  for (std::size_t i = 0; i < cloud.values.size(); ++i) cloud.values[i] += shift[i % shift.size()];
  return cloud;
}

/// OT_eps between N(0, a) and N(0, b), C = |x - y|^2, eps = 2 sigma^2: Janati et al., arXiv 2006.02572, Theorem 1.
double gaussian_entropic_cost(double a, double b, double epsilon) {
  const double s = epsilon / 2;
  const double D = std::sqrt(4 * a * b + s * s);
  return a + b - D + s * (1 - std::log(2 * s)) + s * std::log(D + s);
}

double gaussian_divergence(double a, double b, double epsilon) {
  return gaussian_entropic_cost(a, b, epsilon) -
         0.5 * (gaussian_entropic_cost(a, a, epsilon) + gaussian_entropic_cost(b, b, epsilon));
}

TEST(Softmin, EveryInstructionSetMatchesLogSumExp) {
  constexpr std::int64_t kRows = 5;
  constexpr std::int64_t kColumns = 37;
  constexpr std::int64_t kStride = 48;
  const Philox random(3, 0);
  std::vector<float> cost(kRows * kStride, kPaddingCost);
  std::vector<float> h(kStride, 0.0f);
  for (std::int64_t j = 0; j < kColumns; ++j) h[j] = static_cast<float>(50 * random.normals(1000 + j)[0]);
  for (std::int64_t i = 0; i < kRows; ++i)
    for (std::int64_t j = 0; j < kColumns; ++j)
      cost[i * kStride + j] = static_cast<float>(10 * random.uniforms(i * kColumns + j)[0]);
  for (const float k : {0.1f, 3.0f, 200.0f}) {
    for (const auto set : simd::usable_instruction_sets()) {
      std::vector<float> result(kRows);
      kSoftmin[set].rows({cost.data(), kRows, kStride, h.data(), k, result.data()});
      for (std::int64_t i = 0; i < kRows; ++i) {
        double peak = -1e300;
        for (std::int64_t j = 0; j < kColumns; ++j)
          peak = std::max(peak, h[j] - static_cast<double>(k) * cost[i * kStride + j]);
        double sum = 0;
        for (std::int64_t j = 0; j < kColumns; ++j)
          sum += std::exp2(h[j] - static_cast<double>(k) * cost[i * kStride + j] - peak);
        const double exact = peak + std::log2(sum);
        EXPECT_NEAR(result[i], exact, 2e-7 * std::abs(exact) + 2e-6 + 2e-7 * 10 * k)
            << simd::name(set) << ", k = " << k;
      }
    }
  }
}

TEST(Sinkhorn, GaussiansMatchTheClosedForm) {
  for (const double epsilon : {0.05, 0.5, 5.0}) {
    const auto result =
        sinkhorn_divergence(even_gaussian(600, 0, 1), even_gaussian(600, 0.5, 2), kLine, {.epsilon = epsilon});
    const double exact = 0.25 + gaussian_divergence(1, 4, epsilon);
    EXPECT_TRUE(result.converged);
    EXPECT_NEAR(result.divergence, exact, 0.004 * exact) << "epsilon " << epsilon;
  }
}

TEST(Sinkhorn, ProductOfGaussiansAddsOverCoordinates) {
  // A product cloud and a separable cost: the plane's divergence is the sum over its two lines.
  const auto product = [](const PointCloud& a, const PointCloud& b) {
    PointCloud cloud{2, {}};
    for (const float x : a.values)
      for (const float y : b.values) cloud.values.insert(cloud.values.end(), {x, y});
    return cloud;
  };
  const PointCloud a = even_gaussian(24, 0, 1), b = even_gaussian(20, 0, 0.5);
  const PointCloud c = even_gaussian(24, 1, 1.5), d = even_gaussian(20, 0, 1);
  const SinkhornOptions options{.epsilon = 0.3, .tolerance = 1e-5};
  const double sum =
      sinkhorn_divergence(a, c, kLine, options).divergence + sinkhorn_divergence(b, d, kLine, options).divergence;
  EXPECT_NEAR(sinkhorn_divergence(product(a, b), product(c, d), kPlane, options).divergence, sum, 1e-4);
}

TEST(Sinkhorn, TranslationCostsItsSquaredLength) {
  // The cross term of the squared distance is linear in the plan's means, so this holds for any cloud and epsilon.
  const PointCloud cloud = random_cloud(300, 2, 1);
  for (const double epsilon : {0.05, 1.0}) {
    const double divergence =
        sinkhorn_divergence(cloud, moved(cloud, {0.6f, -0.8f}), kPlane, {.epsilon = epsilon}).divergence;
    EXPECT_NEAR(divergence, 1.0, 2e-4) << "epsilon " << epsilon;
  }
}

TEST(Sinkhorn, TendsToTheExactSquaredW2) {
  const PointCloud x = random_cloud(80, 1, 1);
  const PointCloud y = moved(random_cloud(120, 1, 2, 1.7), {0.3f});
  const double exact = std::pow(wasserstein2_1d(x.values, y.values), 2);
  double last = 1e300;
  for (const double epsilon : {1.0, 0.1, 0.01, 0.002}) {
    const auto result = sinkhorn_divergence(x, y, kLine, {.epsilon = epsilon, .max_iterations = 20000});
    const double error = std::abs(result.divergence - exact);
    EXPECT_LT(error, last) << "epsilon " << epsilon;
    last = error;
  }
  EXPECT_LT(last, 0.002 * exact);
}

TEST(Sinkhorn, WeightsCount) {
  const auto forms = test::two_forms(120, 2, 3);
  const PointCloud other = random_cloud(90, 2, 9);
  const double expected = sinkhorn_divergence(forms.repeated, other, kPlane).divergence;
  EXPECT_NEAR(sinkhorn_divergence(forms.weighted, other, kPlane).divergence, expected, 2e-4);
  EXPECT_NEAR(sinkhorn_divergence(other, forms.weighted, kPlane).divergence, expected, 2e-4);
  EXPECT_NEAR(sinkhorn_divergence(forms.weighted, forms.repeated, kPlane).divergence, 0, 2e-4);
  EXPECT_GT(sinkhorn_divergence(PointCloud{2, forms.weighted.values}, forms.repeated, kPlane).divergence, 5e-4)
      << "without the weights they are two clouds";
  const PointCloud reweighted = test::reweighted_gaussian(600, 0.7);
  EXPECT_NEAR(sinkhorn_divergence(reweighted, even_gaussian(600, 0, 1), kLine).divergence, 0, 0.01);
  EXPECT_NEAR(sinkhorn_divergence(PointCloud{1, reweighted.values}, even_gaussian(600, 0, 1), kLine).divergence, 0.49,
              0.01);
}

TEST(Sinkhorn, ZeroForEqualCloudsAndSymmetric) {
  const PointCloud x = random_cloud(130, 2, 1);
  const PointCloud y = random_cloud(90, 2, 2);
  const PointCloud copy = x;  // another object: the general path, not that of the self terms
  EXPECT_EQ(sinkhorn_divergence(x, copy, kPlane).divergence, 0.0);
  EXPECT_EQ(sinkhorn_divergence(x, x, kPlane).divergence, 0.0);
  EXPECT_EQ(sinkhorn_divergence(x, y, kPlane).divergence, sinkhorn_divergence(y, x, kPlane).divergence);
  EXPECT_GT(sinkhorn_divergence(x, y, kPlane).divergence, 0.0);
}

TEST(Sinkhorn, PermutingPointsChangesNothing) {
  const PointCloud x = random_cloud(100, 1, 1);
  PointCloud reversed = x;
  std::reverse(reversed.values.begin(), reversed.values.end());
  const PointCloud y = random_cloud(100, 1, 2);
  EXPECT_NEAR(sinkhorn_divergence(x, y, kLine).divergence, sinkhorn_divergence(reversed, y, kLine).divergence, 1e-6);
  EXPECT_NEAR(sinkhorn_divergence(x, reversed, kLine).divergence, 0.0, 1e-6);
}

TEST(Sinkhorn, PeriodicCoordinatesUseTheNearestImage) {
  // Two tight clusters at .1 and 9.9 on a circle of length 10 are .2 apart, and a common rotation is invisible.
  const double periods[] = {10.0};
  const auto wrapped = [](PointCloud cloud) {
    for (float& x : cloud.values) x -= 10.0f * std::floor(x / 10.0f);
    return cloud;
  };
  const PointCloud cluster = random_cloud(100, 1, 4, 0.02);
  const PointCloud right = wrapped(moved(cluster, {0.1f}));
  const PointCloud left = wrapped(moved(cluster, {9.9f}));
  EXPECT_NEAR(sinkhorn_divergence(right, left, periods).divergence, 0.04, 1e-4);
  EXPECT_NEAR(sinkhorn_divergence(right, left, kLine).divergence, 96.0, 3.0);
  const auto rotate = [&](const PointCloud& cloud) { return wrapped(moved(cloud, {3.7f})); };
  EXPECT_NEAR(sinkhorn_divergence(rotate(right), rotate(left), periods).divergence, 0.04, 1e-4);
}

TEST(Sinkhorn, SameResultForAnyNumberOfThreads) {
  const PointCloud x = random_cloud(200, 3, 1);
  const PointCloud y = random_cloud(170, 3, 2);
  const double space[] = {0.0, 5.0, 0.0};
  const int threads = thread_count();
  set_thread_count(1);
  const double one = sinkhorn_divergence(x, y, space).divergence;
  set_thread_count(3);
  const double three = sinkhorn_divergence(x, y, space).divergence;
  set_thread_count(threads);
  EXPECT_EQ(one, three);
}

TEST(Sinkhorn, SaysWhenItDidNotConverge) {
  const auto result = sinkhorn_divergence(random_cloud(60, 1, 1), random_cloud(60, 1, 2, 3.0), kLine,
                                          {.epsilon = 1e-4, .max_iterations = 3});
  EXPECT_FALSE(result.converged);
}

TEST(Sinkhorn, RefusesWhatItCannotCompare) {
  const PointCloud x = random_cloud(10, 1, 1);
  EXPECT_THROW((void)sinkhorn_divergence(x, random_cloud(10, 2, 1), kLine), Error);
  EXPECT_THROW((void)sinkhorn_divergence(x, PointCloud{1, {}}, kLine), Error);
  EXPECT_THROW((void)sinkhorn_divergence(x, x, kLine, {.epsilon = 0}), UsageError);
}

}  // namespace
}  // namespace scorefield::metrics
