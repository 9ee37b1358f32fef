#include "data/mu_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "core/random.hpp"

namespace scorefield::data {
namespace {

using Values = std::vector<std::vector<double>>;

double combine(const MuWeights& weights, const Values& mu, const std::function<double(const std::vector<double>&)>& f) {
  double sum = 0;
  for (const auto& [index, weight] : weights) sum += weight * f(mu[static_cast<std::size_t>(index)]);
  return sum;
}

Values random_values(std::int64_t count, std::int64_t p, std::uint64_t seed) {
  const Philox random(seed, 7);
  Values values(static_cast<std::size_t>(count), std::vector<double>(static_cast<std::size_t>(p)));
  std::uint64_t i = 0;
  for (auto& value : values)
    for (double& v : value) v = random.uniforms(i++)[0];
  return values;
}

TEST(MuWeights, OneParameterHasItsTwoNeighbours) {
  const Values mu{{1.8}, {1.2}, {1.4}, {1.6}};
  const auto weights = barycentric_weights(MuSet(mu), {1.45});
  ASSERT_TRUE(weights.has_value());
  ASSERT_EQ(weights->size(), 2U);
  EXPECT_EQ((*weights)[0].index, 2);
  EXPECT_NEAR((*weights)[0].weight, 0.75, 1e-12);
  EXPECT_EQ((*weights)[1].index, 3);
  EXPECT_NEAR((*weights)[1].weight, 0.25, 1e-12);
}

TEST(MuWeights, LinearFunctionsOfSeveralParametersAreExact) {
  for (const std::int64_t p : {1, 2, 3, 5}) {
    Values mu = random_values(40, p, 3);
    for (auto& value : mu) value[0] = 1e-14 * (3 + value[0]);  // as in SI units
    const auto f = [](const std::vector<double>& at) {
      double sum = 0.3 + 1e14 * at[0];
      for (std::size_t i = 1; i < at.size(); ++i) sum += static_cast<double>(i) * at[i];
      return sum;
    };
    for (const auto& random : random_values(50, p, 4)) {
      auto at = random;
      for (double& v : at) v = 0.3 + 0.4 * v;
      at[0] = 1e-14 * (3 + at[0]);
      const auto weights = barycentric_weights(MuSet(mu), at);
      if (!weights) continue;  // outside the hull of 40 points: happens for p = 5
      EXPECT_LE(weights->size(), static_cast<std::size_t>(p + 1));
      for (const auto& [index, weight] : *weights) EXPECT_GT(weight, 0) << index;
      EXPECT_NEAR(combine(*weights, mu, [](const auto&) { return 1.0; }), 1, 1e-12) << p;
      EXPECT_NEAR(combine(*weights, mu, f), f(at), 1e-9) << p;
    }
  }
}

/// Of all triangles around a point the Delaunay one has the least sum of w |mu - at|^2.
TEST(MuWeights, TheTriangleIsTheDelaunayOne) {
  const Values mu = random_values(12, 2, 5);
  const MuSet set(mu);
  for (const auto& random : random_values(20, 2, 6)) {
    const std::vector<double> at{0.35 + 0.3 * random[0], 0.35 + 0.3 * random[1]};
    const auto offsets = set.offsets(at);
    const auto spread = [&](std::size_t i) { return std::pow(offsets[i][0], 2) + std::pow(offsets[i][1], 2); };
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t a = 0; a < mu.size(); ++a)
      for (std::size_t b = a + 1; b < mu.size(); ++b)
        for (std::size_t c = b + 1; c < mu.size(); ++c) {
          const auto cross = [&](std::size_t i, std::size_t j) {
            return offsets[i][0] * offsets[j][1] - offsets[i][1] * offsets[j][0];
          };
          const double wa = cross(b, c), wb = cross(c, a), wc = cross(a, b), sum = wa + wb + wc;
          if (wa / sum < 0 || wb / sum < 0 || wc / sum < 0) continue;
          least = std::min(least, (wa * spread(a) + wb * spread(b) + wc * spread(c)) / sum);
        }
    const auto weights = barycentric_weights(set, at);
    ASSERT_EQ(weights.has_value(), std::isfinite(least));
    if (!weights) continue;
    double found = 0;
    for (const auto& [index, weight] : *weights) found += weight * spread(static_cast<std::size_t>(index));
    EXPECT_NEAR(found, least, 1e-12);
  }
}

TEST(MuWeights, GridsHaveCellsWhoseCornersLieOnACircle) {
  Values grid;
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 3; ++j) grid.push_back({1.0 + 0.1 * i, 5.0 * j});
  const MuSet set(grid);
  for (const auto& at : Values{{1.05, 2.5}, {1.1, 3.3}, {1.3, 10}, {1.27, 9.9}, {1.0, 5.0}}) {
    const auto weights = barycentric_weights(set, at);
    ASSERT_TRUE(weights.has_value());
    EXPECT_NEAR(combine(*weights, grid, [](const auto& mu) { return 2 * mu[0] - mu[1]; }), 2 * at[0] - at[1], 1e-12);
  }
  EXPECT_EQ(barycentric_weights(set, {1.0, 5.0})->size(), 1U) << "a value of the set is that alone";
  EXPECT_EQ(barycentric_weights(set, {1.31, 5.0}), std::nullopt);
}

TEST(MuWeights, ParametersThatVaryTogetherOrNotAtAll) {
  const Values diagonal{{1, 10, 7}, {2, 20, 7}, {3, 30, 7}};
  const auto weights = barycentric_weights(MuSet(diagonal), {1.5, 15, 7});
  ASSERT_TRUE(weights.has_value());
  EXPECT_EQ(weights->size(), 2U);
  EXPECT_EQ(barycentric_weights(MuSet(diagonal), {1.5, 20, 7}), std::nullopt);
  EXPECT_EQ(barycentric_weights(MuSet(diagonal), {1.5, 15, 8}), std::nullopt);
}

TEST(MuWeights, OutsideTheNearestCountByInverseDistance) {
  const MuSet line({{0}, {1}, {2}, {4}});
  const auto weights = inverse_distance_weights(line, {6});
  ASSERT_EQ(weights.size(), 2U);
  EXPECT_EQ(weights[0].index, 2);
  EXPECT_NEAR(weights[0].weight, 1.0 / 3, 1e-12);  // distances 4 and 2
  EXPECT_EQ(weights[1].index, 3);
  EXPECT_EQ(inverse_distance_weights(line, {2}).size(), 1U);
}

TEST(MuWeights, CubicsAreExact) {
  const Values mu{{1.9}, {1.2}, {1.3}, {1.5}, {1.6}, {1.6}, {1.8}};  // in any order, one of them twice
  const auto f = [](const std::vector<double>& at) { return 1 - at[0] + 2 * std::pow(at[0], 3); };
  for (const double at : {1.2, 1.21, 1.25, 1.45, 1.5, 1.7, 1.85, 1.9}) {
    const auto weights = cubic_weights(MuSet(mu), {at});
    ASSERT_TRUE(weights.has_value()) << at;
    EXPECT_LE(weights->size(), 4U);
    EXPECT_NEAR(combine(*weights, mu, f), f({at}), 1e-12) << at;
  }
  const auto middle = cubic_weights(MuSet(mu), {1.55});
  for (const auto& [index, weight] : *middle)
    EXPECT_TRUE(index == 2 || index == 3 || index == 4 || index == 6) << "two on either side, not " << index;
  EXPECT_EQ(cubic_weights(MuSet(mu), {1.95}), std::nullopt) << "outside";
  EXPECT_EQ(cubic_weights(MuSet({{1}, {2}, {3}}), {1.5}), std::nullopt) << "three values";
  EXPECT_EQ(cubic_weights(MuSet({{1, 1}, {2, 1}, {3, 2}, {4, 2}}), {1.5, 1}), std::nullopt) << "no full grid";
}

TEST(CubicWeights, OnAGridAreExactForProductsOfCubicsAndParabolas) {
  std::vector<std::vector<double>> mu;
  for (const double a : {0.0, 1.0, 2.0, 3.0, 5.0})
    for (const double b : {10.0, 20.0, 40.0}) mu.push_back({a, b});
  const auto value = [](double a, double b) { return (a * a * a - a) * (b * b - 3 * b) + b; };
  for (const std::vector<double>& at : std::vector<std::vector<double>>{{0.3, 12}, {2.5, 39}, {4.9, 20}, {3, 40}}) {
    const auto weights = cubic_weights(MuSet(mu), at);
    ASSERT_TRUE(weights);
    double sum = 0, total = 0;
    for (const auto& [index, weight] : *weights) {
      sum += weight * value(mu[static_cast<std::size_t>(index)][0], mu[static_cast<std::size_t>(index)][1]);
      total += weight;
    }
    EXPECT_NEAR(sum, value(at[0], at[1]), 1e-9 * std::abs(value(at[0], at[1])));
    EXPECT_NEAR(total, 1, 1e-12);
  }
  mu.pop_back();
  EXPECT_EQ(cubic_weights(MuSet(mu), {0.3, 12}), std::nullopt) << "a corner is missing";
}

}  // namespace
}  // namespace scorefield::data
