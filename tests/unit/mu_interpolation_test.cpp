// How functions of mu are carried from training runs to others.

#include <gtest/gtest.h>

#include <cmath>

#include "training/mu_interpolation.hpp"

namespace scorefield::training {
namespace {

/// Smooth functions of two parameters at the runs, [M][F], and at one more mu.
std::vector<double> functions_at(const std::vector<double>& mu) {
  std::vector<double> values;
  for (int n = 1; n <= 6; ++n) values.push_back(std::sin(0.4 * n * mu[0] + 0.5 * mu[1]) + std::exp(0.2 * n * mu[1]));
  return values;
}

double error_off_the_runs(const std::vector<std::vector<double>>& mu) {
  const auto count = static_cast<Eigen::Index>(mu.size());
  dense::Matrix products(count, count);
  for (Eigen::Index i = 0; i < count; ++i)
    for (Eigen::Index j = 0; j < count; ++j) {
      const auto a = functions_at(mu[static_cast<std::size_t>(i)]), b = functions_at(mu[static_cast<std::size_t>(j)]);
      products(i, j) = 0;
      for (std::size_t n = 0; n < a.size(); ++n) products(i, j) += a[n] * b[n];
    }
  const auto rule = choose_mu_rule(MuInterpolationKind::automatic, mu, {products});
  EXPECT_EQ(rule.kind, MuInterpolationKind::kriging);
  double error = 0, size = 0;
  for (const std::vector<double>& at : std::vector<std::vector<double>>{{0.3, 0.2}, {1.1, 0.8}, {1.75, 0.1}}) {
    const auto weights = mu_weights(rule, data::MuSet(mu), mu, at);
    const auto truth = functions_at(at);
    for (std::size_t n = 0; n < truth.size(); ++n) {
      double sum = 0;
      for (std::size_t m = 0; m < mu.size(); ++m) sum += weights[m] * functions_at(mu[m])[n];
      error += std::pow(sum - truth[n], 2);
      size += truth[n] * truth[n];
    }
  }
  return std::sqrt(error / size);
}

TEST(MuInterpolation, OfSmoothFunctionsOnARegularGridIsSmoothBetweenTheRuns) {
  std::vector<std::vector<double>> mu;
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) mu.push_back({0.5 * i, 0.25 * j});
  EXPECT_LT(error_off_the_runs(mu), 2e-3);
}

TEST(MuInterpolation, OfScatteredRunsIsKriging) {
  std::vector<std::vector<double>> mu;
  for (int i = 0; i < 20; ++i) mu.push_back({2 * std::fmod(0.7549 * i, 1.0), std::fmod(0.5698 * i, 1.0)});
  for (const double a : {0.0, 2.0})
    for (const double b : {0.0, 1.0}) mu.push_back({a, b});
  EXPECT_LT(error_off_the_runs(mu), 2e-3);
}

}  // namespace
}  // namespace scorefield::training
