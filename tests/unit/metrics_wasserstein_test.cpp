#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "tests/support/weighted_cloud.hpp"
#include "training/metrics/point_cloud.hpp"
#include "training/metrics/subsample.hpp"
#include "training/metrics/wasserstein.hpp"

namespace scorefield::metrics {
namespace {

PointCloud random_cloud(std::int64_t n, std::int64_t d, std::uint64_t seed) {
  const Philox random(seed, 0);
  PointCloud cloud{d, {}};
  for (std::int64_t i = 0; i < n * d; ++i)
    cloud.values.push_back(static_cast<float>(random.normals(static_cast<std::uint64_t>(i))[0]));
  return cloud;
}

TEST(SortFloats, AgreesWithStdSort) {
  std::vector<float> values = random_cloud(5000, 1, 1).values;
  values.insert(values.end(), {0.0f, -0.0f, 1e-42f, -1e-42f, 3e38f, -3e38f, 1.0f, 1.0f});
  std::vector<float> expected = values;
  std::sort(expected.begin(), expected.end());
  sort_floats(values);
  EXPECT_EQ(values, expected);
}

TEST(Wasserstein1d, EqualSizesPairSortedPoints) {
  EXPECT_DOUBLE_EQ(wasserstein2_1d(std::vector<float>{3, 1}, std::vector<float>{2, 5}), std::sqrt(2.5));
}

TEST(Wasserstein1d, UnequalSizesIntegrateQuantiles) {
  // Quantile functions: x = 0 | 1 on halves, y = 0 | 3 | 6 on thirds; levels 1/3, 1/2, 2/3.
  const double squared = 0.0 / 3 + 9.0 / 6 + 4.0 / 6 + 25.0 / 3;
  EXPECT_DOUBLE_EQ(wasserstein2_1d(std::vector<float>{1, 0}, std::vector<float>{6, 0, 3}), std::sqrt(squared));
}

TEST(Wasserstein1d, RepeatingEveryPointChangesNothing) {
  const std::vector<float> x = random_cloud(31, 1, 1).values;
  const std::vector<float> y = random_cloud(44, 1, 2).values;
  std::vector<float> doubled = x;
  doubled.insert(doubled.end(), x.begin(), x.end());
  EXPECT_NEAR(wasserstein2_1d(doubled, y), wasserstein2_1d(x, y), 1e-12);
  EXPECT_EQ(wasserstein2_1d(doubled, x), 0.0);
}

TEST(Wasserstein1d, RefusesAnEmptySample) {
  EXPECT_THROW((void)wasserstein2_1d(std::vector<float>{}, std::vector<float>{1}), Error);
}

TEST(Wasserstein1d, LevelsIntegrateQuantiles) {
  // Quantile functions: x = 0 up to 3/4, then 1; y = 0, 3, 6 on thirds; levels 1/3, 2/3, 3/4.
  const std::vector<float> x{0, 1}, y{0, 3, 6}, levels{0.75F, 1};
  const double squared = 0.0 / 3 + 9.0 / 3 + 36.0 * (0.75 - 2.0 / 3) + 25.0 / 4;
  EXPECT_NEAR(wasserstein2_sorted(WeightedLine{x, levels}, WeightedLine{y, {}}), std::sqrt(squared), 1e-7);
  EXPECT_NEAR(wasserstein2_sorted(WeightedLine{y, {}}, WeightedLine{x, levels}), std::sqrt(squared), 1e-7);
}

TEST(SlicedW2, WeightsCount) {
  const auto forms = test::two_forms(200, 2, 3);
  const PointCloud other = random_cloud(77, 2, 9);
  const SlicedWasserstein sliced({0.0, 4.0}, 16, 0);
  EXPECT_NEAR(sliced.distance(forms.weighted, other), sliced.distance(forms.repeated, other), 1e-6);
  EXPECT_NEAR(sliced.distance(forms.weighted, forms.repeated), 0, 2e-3);  // levels are rounded to float32
  const SlicedWasserstein line({0.0}, 1, 0);
  const PointCloud reweighted = test::reweighted_gaussian(20000, 0.7);
  const PointCloud even = test::reweighted_gaussian(20000, 0);
  EXPECT_NEAR(line.distance(reweighted, even), 0, 0.02);
  EXPECT_NEAR(line.distance(PointCloud{1, reweighted.values}, even), 0.7, 1e-3) << "without the weights";
}

TEST(SlicedW2, TranslationOnTheLineIsExact) {
  const SlicedWasserstein sliced({0.0}, 5, 0);
  PointCloud x = random_cloud(200, 1, 1);
  PointCloud y = x;
  for (float& value : y.values) value += 0.75f;
  EXPECT_NEAR(sliced.distance(x, y), 0.75, 1e-6);
}

TEST(SlicedW2, TranslationInTheSpaceIsItsLengthOverRootD) {
  // E <direction, shift>^2 = |shift|^2 / d for directions uniform on the sphere; 4096 directions leave about 1 %.
  const SlicedWasserstein sliced({0.0, 0.0, 0.0}, 4096, 0);
  PointCloud x = random_cloud(50, 3, 1);
  PointCloud y = x;
  const float shift[] = {1, -2, 2};
  for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += shift[i % 3];
  EXPECT_NEAR(sliced.distance(x, y), 3 / std::sqrt(3.0), 0.03);
}

TEST(SlicedW2, ScalingAGaussianMatchesTheClosedForm) {
  // The same normal points scaled by a factor c: every projection differs by (c - 1) times itself.
  const SlicedWasserstein sliced({0.0, 0.0}, 64, 1);
  const PointCloud x = random_cloud(20000, 2, 1);
  PointCloud y = x;
  for (float& value : y.values) value *= 1.5f;
  EXPECT_NEAR(sliced.distance(x, y), 0.5, 0.01);
}

TEST(SlicedW2, PeriodicCoordinateIsWoundOnACircle) {
  constexpr double kPeriod = 8.0;
  const SlicedWasserstein sliced({kPeriod, 0.0}, 2048, 0);
  EXPECT_EQ(sliced.embedding_dimension(), 3);
  const PointCloud origin{2, {0.05f, 1.0f}};
  EXPECT_NEAR(sliced.distance(origin, PointCloud{2, {static_cast<float>(kPeriod) + 0.05f, 1.0f}}), 0.0, 1e-5);
  // Across the boundary the distance is short ...
  EXPECT_NEAR(sliced.distance(origin, PointCloud{2, {static_cast<float>(kPeriod) - 0.05f, 1.0f}}), 0.1 / std::sqrt(3.0),
              0.003);
  // ... and at half a period it is the diameter.
  EXPECT_NEAR(sliced.distance(origin, PointCloud{2, {static_cast<float>(kPeriod) / 2 + 0.05f, 1.0f}}),
              kPeriod / std::numbers::pi / std::sqrt(3.0), 0.04);
}

TEST(SlicedW2, FixedBySeedAndIndependentOfThreads) {
  const PointCloud x = random_cloud(300, 2, 1);
  const PointCloud y = random_cloud(400, 2, 2);
  const int threads = thread_count();
  set_thread_count(1);
  const double one = SlicedWasserstein({0.0, 3.0}, 16, 7).distance(x, y);
  set_thread_count(3);
  const double three = SlicedWasserstein({0.0, 3.0}, 16, 7).distance(x, y);
  set_thread_count(threads);
  EXPECT_EQ(one, three);
  EXPECT_NE(one, SlicedWasserstein({0.0, 3.0}, 16, 8).distance(x, y));
}

TEST(PointClouds, NormalisedHasUnitSpreadAndWraps) {
  SpreadMeter meter({0.0, 10.0});
  const std::vector<float> samples{100, 1, 104, 11, 100, -2, 104, 25};
  meter.add(samples);
  const StateSpace space = meter.space();
  EXPECT_NEAR(space.scales[0], 2.0, 1e-12);
  EXPECT_NEAR(space.scales[1], 10 / std::sqrt(12.0), 1e-12);
  EXPECT_NEAR(space.periods[1], std::sqrt(12.0), 1e-12);
  const PointCloud cloud = normalised(samples, space);
  EXPECT_FLOAT_EQ(cloud.values[0], 50.0f);
  EXPECT_NEAR(cloud.values[3], cloud.values[1], 1e-6);
  EXPECT_NEAR(cloud.values[5], 8 * std::sqrt(12.0) / 10, 1e-6);
  EXPECT_NEAR(cloud.values[7], 5 * std::sqrt(12.0) / 10, 1e-6);
}

TEST(PointClouds, SpreadIsThatOfTheWeightedPopulation) {
  const auto forms = test::two_forms(100, 2, 4);
  SpreadMeter weighted({0, 0}), repeated({0, 0});
  weighted.add(forms.weighted.values, forms.weighted.weights);
  repeated.add(forms.repeated.values);
  for (std::size_t k = 0; k < 2; ++k) EXPECT_NEAR(weighted.space().scales[k], repeated.space().scales[k], 1e-6);
  EXPECT_EQ(normalised(forms.weighted.values, weighted.space(), forms.weighted.weights).weights,
            forms.weighted.weights);
}

TEST(PointClouds, ConstantCoordinateKeepsItsUnit) {
  SpreadMeter meter({0.0});
  meter.add(std::vector<float>{3, 3, 3});
  EXPECT_EQ(meter.space().scales[0], 1.0);
}

TEST(Subsample, TakesOnePointPerCellOfALine) {
  PointCloud cloud{1, {}};
  for (int i = 0; i < 1000; ++i) cloud.values.push_back(static_cast<float>((i * 387) % 1000));  // 0..999 shuffled
  std::vector<float> chosen = stratified_subsample(cloud, 300, 5).values;
  std::sort(chosen.begin(), chosen.end());
  ASSERT_EQ(chosen.size(), 300u);
  EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end()), chosen.end());
  // Cells hold 3 or 4 neighbours, so the k-th of 300 chosen values is never far from k 1000/300.
  for (std::size_t k = 0; k < 300; ++k) EXPECT_NEAR(chosen[k], (static_cast<double>(k) + 0.5) / 0.3, 10.0) << k;
}

TEST(Subsample, FixedByCloudAndSeed) {
  const PointCloud cloud = random_cloud(1000, 3, 1);
  EXPECT_EQ(stratified_subsample(cloud, 100, 5).values, stratified_subsample(cloud, 100, 5).values);
  EXPECT_NE(stratified_subsample(cloud, 100, 5).values, stratified_subsample(cloud, 100, 6).values);
  EXPECT_EQ(stratified_subsample(cloud, 1000, 5).values, cloud.values);
  EXPECT_EQ(stratified_subsample(PointCloud{1, std::vector<float>(50, 2.0f)}, 8, 0).count(), 8);
}

/// Equal runs of the weight along the tree: the mean over seeds is that of the population, the scatter well below the
/// 1/8 of random draws, and points of no weight never come.
TEST(Subsample, OfWeightedPointsIsUnbiasedAndEven) {
  const PointCloud cloud = test::two_forms(4096, 2, 1).weighted;
  double cloud_mean = 0, total = 0;
  for (std::int64_t i = 0; i < cloud.count(); ++i) {
    cloud_mean += cloud.weights[i] * cloud.point(i)[0];
    total += cloud.weights[i];
  }
  cloud_mean /= total;
  double mean = 0, scatter = 0;
  constexpr int kSeeds = 200;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const PointCloud chosen = stratified_subsample(cloud, 64, seed);
    ASSERT_EQ(chosen.count(), 64);
    ASSERT_TRUE(chosen.weights.empty());
    double one = 0;
    for (std::int64_t i = 0; i < 64; ++i) one += chosen.point(i)[0] / 64;
    mean += one / kSeeds;
    scatter += std::pow(one - cloud_mean, 2) / kSeeds;
  }
  EXPECT_LT(std::sqrt(scatter), 0.125 / 2);
  EXPECT_NEAR(mean, cloud_mean, 4 * std::sqrt(scatter / kSeeds));
  EXPECT_EQ(stratified_subsample(cloud, 4096, 0).weights, cloud.weights);
  const PointCloud two{1, {1, 2, 3}, {0, 3, 1}};
  EXPECT_EQ(stratified_subsample(two, 2, 0).values.front(), 2.0F);
}

TEST(Subsample, UnbiasedAndEvenerThanRandomDraws) {
  // Over 200 seeds, the mean and variance of 64 of 4096 normal points: their averages are those of the cloud, and the
  // mean scatters well below the 1/8 of random draws.
  const PointCloud cloud = random_cloud(4096, 2, 1);
  const auto moments = [](const PointCloud& points) {
    double sum = 0;
    double squares = 0;
    for (std::int64_t i = 0; i < points.count(); ++i) {
      sum += points.point(i)[0];
      squares += std::pow(points.point(i)[0], 2);
    }
    return std::pair(sum / static_cast<double>(points.count()), squares / static_cast<double>(points.count()));
  };
  const auto [cloud_mean, cloud_square] = moments(cloud);
  double mean = 0;
  double scatter = 0;
  double square = 0;
  constexpr int kSeeds = 200;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto [one_mean, one_square] = moments(stratified_subsample(cloud, 64, seed));
    mean += one_mean / kSeeds;
    square += one_square / kSeeds;
    scatter += std::pow(one_mean - cloud_mean, 2) / kSeeds;
  }
  EXPECT_LT(std::sqrt(scatter), 0.125 / 2);
  EXPECT_NEAR(mean, cloud_mean, 4 * std::sqrt(scatter / kSeeds));
  EXPECT_NEAR(square, cloud_square, 0.03);
}

}  // namespace
}  // namespace scorefield::metrics
