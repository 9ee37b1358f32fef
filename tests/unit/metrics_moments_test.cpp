#include "training/metrics/moments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "tests/support/weighted_cloud.hpp"

namespace scorefield::metrics {
namespace {

/// Corners of a rectangle: mean (x, y), deviations a and b, no correlation.
PointCloud rectangle(float x, float y, float a, float b) {
  return {2, {x - a, y - b, x - a, y + b, x + a, y - b, x + a, y + b}};
}

const std::vector<double> kFree{0, 0};

TEST(Moments, OfARectangle) {
  const Moments moments = moments_of(rectangle(3, -1, 2, 0.5F), kFree);
  EXPECT_EQ(moments.mean, (std::vector<double>{3, -1}));
  EXPECT_EQ(moments.covariance, (std::vector<double>{4, 0, 0, 0.25}));
}

TEST(Moments, SeeCorrelation) {
  const Moments moments = moments_of({2, {-1, -2, 1, 2}}, kFree);
  EXPECT_EQ(moments.covariance, (std::vector<double>{1, 2, 2, 4}));
}

TEST(Moments, WeightsCount) {
  const auto forms = test::two_forms(50, 2, 3);
  const Moments weighted = moments_of(forms.weighted, {0, 5}), repeated = moments_of(forms.repeated, {0, 5});
  ASSERT_EQ(weighted.dimension(), 3);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(weighted.mean[i], repeated.mean[i], 1e-6);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(weighted.covariance[i], repeated.covariance[i], 1e-6);
  const Moments gaussian = moments_of(test::reweighted_gaussian(20000, 0.7), {0});
  EXPECT_NEAR(gaussian.mean[0], 0, 0.005) << "without the weights it is 0.7";
  EXPECT_NEAR(gaussian.covariance[0], 1, 0.01);
  EXPECT_THROW((void)moments_of({1, {1, 2}, {0, 0}}, {0}), Error);
  EXPECT_THROW((void)moments_of({1, {1, 2}, {1}}, {0}), Error);
}

TEST(Moments, PeriodicCoordinatesAreOnTheirCircle) {
  // Two points on both sides of the border of a period are close together: radius 1, angles -.1 and .1.
  const double period = 2 * std::numbers::pi;
  const Moments moments = moments_of({1, {0.1F, static_cast<float>(period - 0.1)}}, {period});
  ASSERT_EQ(moments.dimension(), 2);
  EXPECT_NEAR(moments.mean[0], std::cos(0.1), 1e-6);
  EXPECT_NEAR(moments.mean[1], 0, 1e-6);
  EXPECT_NEAR(moments.covariance[3], std::pow(std::sin(0.1), 2), 1e-6);
}

TEST(Moments, DistancesAddMeanAndDeviation) {
  const Moments truth = moments_of(rectangle(0, 0, 1, 1), kFree), moved = moments_of(rectangle(3, 4, 1, 3), kFree);
  const MomentDistance found = distance(moved, truth);
  EXPECT_NEAR(found.gaussian, 9 + 16 + 4, 1e-6);  // (3, 4) away, and a deviation of 3 in place of 1
  EXPECT_NEAR(found.covariance, 64, 1e-5);        // 9 in place of 1
  EXPECT_EQ(distance(truth, truth).gaussian, 0);
}

TEST(Moments, ErrorsAreInUnitsOfTheSpreadOverTime) {
  // The truth jumps between x = -2 and 2 with deviations 1: a pooled variance of 4 + 1 + 1.
  const std::vector<Moments> truth{moments_of(rectangle(-2, 0, 1, 1), kFree), moments_of(rectangle(2, 0, 1, 1), kFree)};
  const auto errors_of = [&](const PointCloud& first, const PointCloud& second) {
    return moment_errors({distance(moments_of(first, kFree), truth[0]), distance(moments_of(second, kFree), truth[1])},
                         truth);
  };
  EXPECT_NEAR(errors_of(rectangle(-2, 0.6F, 1, 1), rectangle(2, 0, 1, 1)).moments, std::sqrt(0.36 / 12), 1e-6);
  EXPECT_EQ(errors_of(rectangle(-2, 0.6F, 1, 1), rectangle(2, 0, 1, 1)).covariance, 0);
  EXPECT_NEAR(errors_of(rectangle(-2, 0, 1, 2), rectangle(2, 0, 1, 1)).covariance, std::sqrt(9.0 / 4), 1e-6);
  // The population of all times, at every time: mean 0, deviation sqrt(5) in x.
  const auto blurred = rectangle(0, 0, std::sqrt(5.0F), 1);
  EXPECT_NEAR(errors_of(blurred, blurred).moments, std::sqrt((4 + std::pow(std::sqrt(5.0) - 1, 2)) / 6), 1e-6);
}

TEST(Moments, InterpolateLinearly) {
  const Moments a = moments_of(rectangle(0, 0, 1, 1), kFree), b = moments_of(rectangle(4, 8, 3, 1), kFree);
  const Moments between = combined(std::vector{a, b}, std::vector{0.75, 0.25});
  EXPECT_EQ(between.mean, (std::vector<double>{1, 2}));
  EXPECT_EQ(between.covariance, (std::vector<double>{3, 0, 0, 1}));
  EXPECT_EQ(combined(std::vector{a, b}, std::vector{2.0, -1.0}).covariance[0], 0) << "2 x 1 - 9 is no variance";
}

TEST(Moments, RefuseWhatHasNoError) {
  const std::vector<Moments> point{moments_of({1, {2, 2}}, {0.0})};
  EXPECT_THROW((void)moment_errors({MomentDistance{}}, point), Error);
  EXPECT_THROW((void)moment_errors({}, point), Error);
  EXPECT_THROW((void)distance(point[0], moments_of(rectangle(0, 0, 1, 1), kFree)), Error);
}

}  // namespace
}  // namespace scorefield::metrics
