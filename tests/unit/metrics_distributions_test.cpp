// Total variation on cells, MMD by Fourier features and density modes, against closed forms.

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "core/random.hpp"
#include "tests/support/weighted_cloud.hpp"
#include "training/metrics/cloud_comparison.hpp"
#include "training/metrics/moments.hpp"

namespace scorefield::metrics {
namespace {

/// Even points of [from, from + 1), in a space of one coordinate of scale 1.
PointCloud even(double from, double period = 0) {
  PointCloud cloud{1, {}};
  for (int i = 0; i < 6400; ++i) {
    double x = from + (i + 0.5) / 6400;
    if (period > 0) x -= period * std::floor(x / period);
    cloud.values.push_back(static_cast<float>(x));
  }
  return cloud;
}

TEST(TotalVariation, IsTheShareOfTheMassThatIsElsewhere) {
  const PhaseCells cells({{1}, {0}, {0}, {1}});
  const auto at_rest = cells.shares(even(0));
  EXPECT_EQ(total_variation(at_rest, at_rest), 0);
  EXPECT_NEAR(total_variation(cells.shares(even(0.25)), at_rest), 0.25, 1e-6) << "a quarter lies beyond the last cell";
  EXPECT_NEAR(total_variation(cells.shares(even(40)), at_rest), 31.0 / 32, 1e-6) << "all in the last cell";
  const PhaseCells periodic({{1}, {1}, {0}, {1}});
  EXPECT_NEAR(total_variation(periodic.shares(even(0.25, 1)), periodic.shares(even(0))), 0, 1e-6);
}

TEST(TotalVariation, SeesAPatternThatSlicedW2HardlySees) {
  // Every second cell emptied into its neighbour: half of the mass is displaced, by 1/32.
  PointCloud striped = even(0);
  for (float& x : striped.values) {
    const int cell = static_cast<int>(x * 32);
    if (cell % 2 == 1) x -= 1.0F / 32;
  }
  const CloudMeasures measures({{1}, {0}, {0}, {1}}, 16, 1);
  const TrueCloud truth(even(0), {{1}, {0}, {0}, {1}}, measures, {});
  EXPECT_NEAR(truth.total_variation(striped)->value, 0.5, 1e-3);
  EXPECT_LT(truth.sliced_w2(striped).value, 0.025);
  EXPECT_FALSE(truth.mmd(striped).has_value());
}

TEST(TotalVariation, WeightsCount) {
  const auto forms = test::two_forms(100, 2, 4);
  const PhaseCells cells({{1, 1}, {0, 0}, {-2, -2}, {2, 2}});
  EXPECT_NEAR(total_variation(cells.shares(forms.weighted), cells.shares(forms.repeated)), 0, 1e-6);
}

PointCloud gaussian(std::uint64_t seed, std::int64_t n, std::int64_t d, double mean) {
  const Philox random(seed, 1);
  PointCloud cloud{d, {}};
  for (std::int64_t i = 0; i < n * d; ++i)
    cloud.values.push_back(static_cast<float>(random.normals(static_cast<std::uint64_t>(i))[0] + mean));
  return cloud;
}

TEST(FourierMmd, IsThatOfGaussians) {
  constexpr std::int64_t d = 6;
  const StateSpace space{std::vector<double>(d, 1), std::vector<double>(d, 0)};
  const FourierFeatures features(space, 1);
  const double h2 = features.bandwidth() * features.bandwidth();
  EXPECT_NEAR(h2, 1.5, 1e-12);
  const auto origin = features.means(gaussian(1, 40000, d, 0));
  for (const double mean : {0.2, 0.5}) {
    // E k(x, y) of x ~ N(0, I), y ~ N(m, I): (h^2/(h^2 + 2))^(d/2) exp(-|m|^2/(2 (h^2 + 2))).
    const double between = std::exp(-d * mean * mean / (2 * (h2 + 2)));
    const double exact = std::sqrt(2 * std::pow(h2 / (h2 + 2), 0.5 * d) * (1 - between));
    EXPECT_NEAR(feature_distance(features.means(gaussian(2, 40000, d, mean)), origin) / exact, 1, 0.15) << mean;
  }
  EXPECT_LT(feature_distance(features.means(gaussian(2, 40000, d, 0)), origin), 0.009) << "sqrt(2/N)";
  const auto forms = test::two_forms(100, d, 4);
  EXPECT_NEAR(feature_distance(features.means(forms.weighted), features.means(forms.repeated)), 0, 1e-5);
}

/// Points of density 1 + a cos(2 pi x/L - phase), L = 5.
PointCloud wave(double a, double phase) {
  PointCloud cloud{1, {}};
  const auto step = [&](double u) {
    double x = u;  // x + a/(2 pi) [sin(2 pi x - phase) + sin(phase)] = u
    for (int i = 0; i < 40; ++i)
      x = u - a / (2 * std::numbers::pi) * (std::sin(2 * std::numbers::pi * x - phase) + std::sin(phase));
    return x;
  };
  for (int i = 0; i < 2000; ++i) cloud.values.push_back(static_cast<float>(5 * step((i + 0.5) / 2000)));
  return cloud;
}

TEST(DensityModes, AreComplex) {
  const std::vector<double> periods{5};
  const auto truth = moments_of(wave(0.2, 0), periods), turned = moments_of(wave(0.2, 0.1), periods);
  ASSERT_EQ(truth.modes.size(), 3U);
  EXPECT_NEAR(truth.modes[0].real(), 0.1, 1e-5);
  EXPECT_NEAR(std::abs(truth.modes[1]), 0, 1e-5);
  EXPECT_NEAR(std::arg(turned.modes[0]), 0.1, 1e-4);
  const auto error = mode_error({distance(turned, truth)}, {truth}, 1);
  EXPECT_NEAR(error.value(), 2 * std::sin(0.05), 1e-4) << "the same size in another place is another density";
  const auto half = combined(std::vector{truth, turned}, std::vector{0.5, 0.5});
  EXPECT_NEAR(std::arg(half.modes[0]), 0.05, 1e-4);
  const auto free = moments_of(wave(0.2, 0), {0});
  EXPECT_FALSE(mode_error({distance(free, free)}, {free}, 1).has_value()) << "no periodic coordinate";
}

}  // namespace
}  // namespace scorefield::metrics
