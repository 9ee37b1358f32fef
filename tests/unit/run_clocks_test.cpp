// Clocks of training runs: waves of other periods and growth at one time, and where nothing is gained by them.

#include <gtest/gtest.h>

#include <cmath>

#include "training/fields/force/force_carrying.hpp"

namespace scorefield::training {
namespace {

using models::ForceCourse;

/// cos of a phase that runs at a speed of mu: two parameters, of which the second one delays.
std::vector<ForceCourse> waves_at(const std::vector<std::vector<double>>& mu) {
  std::vector<ForceCourse> runs;
  for (const auto& at : mu) {
    ForceCourse run;
    for (int k = 0; k <= 80; ++k) {
      const double t = 0.25 * k, phase = t * (1 + 0.08 * at[0]) - 0.5 * at[1];
      run.time.push_back(t);
      run.value.push_back(std::cos(phase));
      run.value.push_back(std::sin(2 * phase));
    }
    run.slope = models::spline_slopes(run.time, run.value);
    runs.push_back(run);
  }
  return runs;
}

TEST(RunClocks, BringWavesOfOtherPeriodsTogether) {
  const std::vector<std::vector<double>> mu{{0, 0}, {1, 0}, {0, 1}, {1, 1}, {0.4, 0.6}};
  const std::vector<double> at{0.5, 0.4};
  const auto runs = waves_at(mu), truth = waves_at({at});
  const auto clocks = fit_run_clocks(mu, runs);
  ASSERT_FALSE(clocks.time.empty());
  const auto rule = MuRule{};
  const auto weights = mu_weights(rule, data::MuSet(mu), mu, at);
  const auto error = [&](const std::vector<ForceCourse>& set) {
    double sum = 0;
    for (std::size_t i = 16; i < 144; ++i) {  // times 2 to 18 of 20
      double value = -truth[0].value[i];
      for (std::size_t m = 0; m < mu.size(); ++m) value += weights[m] * set[m].value[i];
      sum += value * value / 128;
    }
    return std::sqrt(sum);
  };
  EXPECT_GT(error(runs), 0.1);
  EXPECT_LT(error(at_clock(clocks, mu, runs, at)), 0.02);
  const auto own = at_clock(clocks, mu, runs, mu[4])[4];
  EXPECT_EQ(own.value, runs[4].value);
  // Slopes are those of the course whose clock is set.
  const auto set = at_clock(clocks, mu, runs, at)[0];
  const auto slopes = models::spline_slopes(set.time, set.value);
  for (std::size_t i = 40; i < 120; ++i) EXPECT_NEAR(set.slope[i], slopes[i], 0.03);
}

TEST(RunClocks, TakeNeighboursAloneAndGoOnBeyondTheEndAsFasterRunsDid) {
  // At the end the phases of neighbours are 1.8 apart, those of every second run more than half a period.
  const auto row = [](double mu) { return std::vector<double>{mu / 0.08 * 0.09, 0.0}; };
  std::vector<std::vector<double>> mu;
  for (const double value : {0.0, 1.0, 2.0, 3.0}) mu.push_back(row(value));
  auto runs = waves_at(mu);
  for (auto& at : mu) at.pop_back();
  const auto clocks = fit_run_clocks(mu, runs);
  ASSERT_FALSE(clocks.time.empty());
  for (const double value : {0.5, 1.5, 2.5}) {
    const auto truth = waves_at({row(value)})[0];
    const std::vector<double> at{row(value)[0]};
    const auto set = at_clock(clocks, mu, runs, at);
    const auto weights = mu_weights(MuRule{MuInterpolationKind::cubic}, data::MuSet(mu), mu, at);
    for (std::size_t k = 0; k < truth.time.size(); ++k) {
      double first = 0;
      for (std::size_t m = 0; m < mu.size(); ++m) first += weights[m] * set[m].value[2 * k];
      EXPECT_NEAR(first, truth.value[2 * k], 0.12) << value << " at " << truth.time[k];
    }
  }
}

TEST(RunClocks, AreLeftWhereNothingIsGained) {
  auto runs = waves_at({{0, 0}, {0, 0}, {0, 0}, {0, 0}});
  for (std::size_t m = 0; m < runs.size(); ++m)
    for (auto* values : {&runs[m].value, &runs[m].slope})
      for (double& value : *values) value *= 1 + 0.2 * static_cast<double>(m);
  const auto carrying = choose_carrying({}, {{0}, {1}, {2}, {3}}, runs);
  EXPECT_TRUE(carrying.clocks.time.empty());
  EXPECT_LT(carrying.rule.left_out, 1e-6);
}

}  // namespace
}  // namespace scorefield::training
