#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/error.hpp"
#include "training/quadrature.hpp"

namespace scorefield::training {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr double kEps = std::numeric_limits<double>::epsilon();

double integrate(const QuadratureRule& rule, const std::function<double(double)>& f) {
  double sum = 0;
  for (std::size_t q = 0; q < rule.nodes.size(); ++q) sum += rule.weights[q] * f(rule.nodes[q]);
  return sum;
}

double monomial_error(const QuadratureRule& rule, int degree) {
  return std::abs(integrate(rule, [=](double t) { return std::pow(t, degree); }) - 1.0 / (degree + 1));
}

/// Slope of log(error) against log(h) between two numbers of panels, for int_0^1 exp(2 t) dt.
double observed_order(QuadratureKind kind, std::int64_t panels) {
  const double exact = (std::exp(2.0) - 1) / 2;
  const auto error = [&](std::int64_t n) {
    return std::abs(integrate(make_quadrature({kind, n + 1}), [](double t) { return std::exp(2 * t); }) - exact);
  };
  return std::log2(error(panels) / error(2 * panels));
}

class EveryRule : public testing::TestWithParam<QuadratureKind> {};

TEST_P(EveryRule, WeightsArePositiveAndSumToOneAndNodesIncrease) {
  for (const std::int64_t nodes : {3, 5, 129, 1025}) {
    if (nodes == 3 && GetParam() == QuadratureKind::moving_simpson) continue;  // two panels at least
    const QuadratureRule rule = make_quadrature({GetParam(), nodes}, 7, 3);
    ASSERT_EQ(rule.nodes.size(), static_cast<std::size_t>(nodes));
    ASSERT_EQ(rule.weights.size(), static_cast<std::size_t>(nodes));
    EXPECT_NEAR(std::accumulate(rule.weights.begin(), rule.weights.end(), 0.0), 1, 100 * kEps);
    for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
      EXPECT_GT(rule.weights[q], 0) << "node " << q;
      EXPECT_GE(rule.nodes[q], 0);
      EXPECT_LE(rule.nodes[q], 1);
      if (q > 0) {
        EXPECT_GT(rule.nodes[q], rule.nodes[q - 1]);
      }
    }
    EXPECT_EQ(includes_ends(GetParam()), rule.nodes.front() == 0.0 && rule.nodes.back() == 1.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Quadrature, EveryRule,
                         testing::Values(QuadratureKind::simpson, QuadratureKind::moving_simpson,
                                         QuadratureKind::gauss_legendre, QuadratureKind::trapezoid,
                                         QuadratureKind::clenshaw_curtis, QuadratureKind::monte_carlo));

TEST(GaussLegendre, IsExactToDegreeTwoNMinusOneAndNotBeyond) {
  for (int n = 1; n <= 8; ++n) {
    const QuadratureRule rule = make_quadrature({QuadratureKind::gauss_legendre, n});
    for (int degree = 0; degree <= 2 * n - 1; ++degree) EXPECT_LT(monomial_error(rule, degree), 8 * kEps) << n;
    EXPECT_GT(monomial_error(rule, 2 * n), 1e-11) << n;
  }
}

TEST(GaussLegendre, ThreeNodesHaveTheirClosedForm) {
  const QuadratureRule rule = make_quadrature({QuadratureKind::gauss_legendre, 3});
  const double offset = std::sqrt(0.6) / 2;
  EXPECT_NEAR(rule.nodes[0], 0.5 - offset, 2 * kEps);
  EXPECT_EQ(rule.nodes[1], 0.5);
  EXPECT_NEAR(rule.nodes[2], 0.5 + offset, 2 * kEps);
  EXPECT_NEAR(rule.weights[0], 5.0 / 18, 4 * kEps);
  EXPECT_NEAR(rule.weights[1], 8.0 / 18, 4 * kEps);
}

TEST(GaussLegendre, StaysAccurateWithManyNodes) {
  const QuadratureRule rule = make_quadrature({QuadratureKind::gauss_legendre, 1025});
  EXPECT_NEAR(integrate(rule, [](double t) { return std::cos(400 * t); }), std::sin(400.0) / 400, 1e-14);
}

TEST(ClenshawCurtis, IsExactToDegreeNMinusOne) {
  for (int n = 2; n <= 9; ++n) {
    const QuadratureRule rule = make_quadrature({QuadratureKind::clenshaw_curtis, n});
    for (int degree = 0; degree < n; ++degree) EXPECT_LT(monomial_error(rule, degree), 8 * kEps) << n;
  }
  EXPECT_GT(monomial_error(make_quadrature({QuadratureKind::clenshaw_curtis, 5}), 6), 1e-4);
}

TEST(ClenshawCurtis, ThreeNodesAreSimpson) {
  const QuadratureRule rule = make_quadrature({QuadratureKind::clenshaw_curtis, 3});
  EXPECT_NEAR(rule.weights[0], 1.0 / 6, 2 * kEps);
  EXPECT_NEAR(rule.weights[1], 4.0 / 6, 2 * kEps);
  EXPECT_NEAR(rule.nodes[1], 0.5, 2 * kEps);
}

TEST(Simpson, IsExactForCubicsAndOfOrderFour) {
  const QuadratureRule rule = make_quadrature({QuadratureKind::simpson, 5});
  for (int degree = 0; degree <= 3; ++degree) EXPECT_LT(monomial_error(rule, degree), 4 * kEps);
  EXPECT_GT(monomial_error(rule, 4), 1e-4);
  EXPECT_NEAR(observed_order(QuadratureKind::simpson, 32), 4, 0.02);
}

TEST(Trapezoid, IsExactForLinesAndOfOrderTwo) {
  const QuadratureRule rule = make_quadrature({QuadratureKind::trapezoid, 5});
  for (int degree = 0; degree <= 1; ++degree) EXPECT_LT(monomial_error(rule, degree), 4 * kEps);
  EXPECT_GT(monomial_error(rule, 2), 1e-3);
  EXPECT_NEAR(observed_order(QuadratureKind::trapezoid, 32), 2, 0.01);
}

TEST(MonteCarlo, RepeatsForOneStepAndDiffersBetweenStepsAndSeeds) {
  const QuadratureOptions options{QuadratureKind::monte_carlo, 16};
  EXPECT_EQ(make_quadrature(options, 1, 5).nodes, make_quadrature(options, 1, 5).nodes);
  EXPECT_NE(make_quadrature(options, 1, 5).nodes, make_quadrature(options, 1, 6).nodes);
  EXPECT_NE(make_quadrature(options, 1, 5).nodes, make_quadrature(options, 2, 5).nodes);
}

TEST(MonteCarlo, IsUnbiasedWithErrorSigmaOverRootN) {
  // int t dt: one rule of n nodes has standard deviation 1/sqrt(12 n). Over 4000 steps of seed 11 the mean must lie
  // within 4 standard errors and the mean square within 4 sqrt(2/4000) = 9 % of the variance.
  constexpr int kSteps = 4000, kNodes = 8;
  const double variance = 1.0 / (12 * kNodes);
  double mean = 0, square = 0;
  for (int step = 0; step < kSteps; ++step) {
    const QuadratureRule rule = make_quadrature({QuadratureKind::monte_carlo, kNodes}, 11, step);
    const double deviation = integrate(rule, [](double t) { return t; }) - 0.5;
    mean += deviation / kSteps;
    square += deviation * deviation / kSteps;
  }
  EXPECT_LT(std::abs(mean), 4 * std::sqrt(variance / kSteps));
  EXPECT_NEAR(square / variance, 1, 0.09);
}

/// Order four where the function is flat at the ends; two otherwise, from the nodes that stand for the stretches
/// outside of the panels.
TEST(MovingSimpson, IsOfOrderFourInsideAndTwoAtTheEnds) {
  const auto error = [](std::int64_t nodes, const std::function<double(double)>& f, double exact) {
    double square = 0;
    for (int step = 0; step < 400; ++step) {
      const auto rule = make_quadrature({QuadratureKind::moving_simpson, nodes}, 3, step);
      EXPECT_TRUE(std::is_sorted(rule.nodes.begin(), rule.nodes.end()));
      EXPECT_LT(monomial_error(rule, 0), 20 * kEps);
      square += std::pow(integrate(rule, f) - exact, 2) / 400;
    }
    return std::sqrt(square);
  };
  const auto flat = [](double t) { return std::exp(2 * t) * std::pow(std::sin(std::numbers::pi * t), 4); };
  const double flat_integral = integrate(make_quadrature({QuadratureKind::gauss_legendre, 40}), flat);
  EXPECT_GT(std::log2(error(35, flat, flat_integral) / error(67, flat, flat_integral)), 3.7);
  const auto steep = [](double t) { return std::exp(2 * t); };
  EXPECT_NEAR(std::log2(error(35, steep, (std::exp(2.0) - 1) / 2) / error(67, steep, (std::exp(2.0) - 1) / 2)), 2, 0.2);
  EXPECT_LT(error(67, steep, (std::exp(2.0) - 1) / 2), 0.2 * 2 * std::exp(2.0) / (33 * 33));
}

/// In the mean every stretch of time has its length for a weight, next to an end as elsewhere.
TEST(MovingSimpson, WeighsEveryStretchOfTimeAlike) {
  constexpr int kSteps = 200000;
  const std::vector<double> from{0, 0.01, 0.05, 0.052, 0.08, 0.095, 0.13, 0.5, 0.93, 0.99};  // panels are .1 wide
  std::vector<double> weight(from.size());
  for (int step = 0; step < kSteps; ++step) {
    const auto rule = make_quadrature({QuadratureKind::moving_simpson, 21}, 5, step);
    for (std::size_t q = 0; q < rule.nodes.size(); ++q)
      for (std::size_t i = 0; i < from.size(); ++i)
        if (rule.nodes[q] >= from[i] && rule.nodes[q] < from[i] + 0.01) weight[i] += rule.weights[q] / kSteps;
  }
  // A stretch of .01 holds a node of one step in ten to five: 4 deviations are 3 %.
  for (std::size_t i = 0; i < from.size(); ++i) EXPECT_NEAR(weight[i], 0.01, 3e-4) << "from t = " << from[i];
}

/// What vanishes at the nodes of a fixed rule: seen here by every step, and right in the mean.
TEST(MovingSimpson, LetsNothingHideBetweenNodes) {
  const auto hidden = [](double t) { return std::pow(std::sin(16 * std::numbers::pi * t), 2); };
  EXPECT_LT(integrate(make_quadrature({QuadratureKind::simpson, 17}), hidden), 1e-20);
  double mean = 0;
  constexpr int kSteps = 2000;
  for (int step = 0; step < kSteps; ++step)
    mean += integrate(make_quadrature({QuadratureKind::moving_simpson, 17}, 5, step), hidden) / kSteps;
  EXPECT_NEAR(mean, 0.5, 0.05);
  EXPECT_EQ(make_quadrature({QuadratureKind::moving_simpson, 17}, 5, 1).nodes,
            make_quadrature({QuadratureKind::moving_simpson, 17}, 5, 1).nodes);
}

TEST(QuadratureErrors, SimpsonWithEvenNodesNamesTheNeighbours) {
  const QuadratureOptions even{QuadratureKind::simpson, 128};
  EXPECT_THAT([&] { (void)make_quadrature(even); }, ThrowsMessage<UsageError>(HasSubstr("Use 127 or 129")));
}

TEST(QuadratureErrors, TooFewNodesNameTheRule) {
  const QuadratureOptions one{QuadratureKind::trapezoid, 1};
  EXPECT_THAT([&] { validate(one); }, ThrowsMessage<UsageError>(HasSubstr("rule trapezoid takes 2 to")));
  const QuadratureOptions none{QuadratureKind::gauss_legendre, 0};
  EXPECT_THAT([&] { validate(none); }, ThrowsMessage<UsageError>(HasSubstr("is 0, expected a whole number from 1")));
}

TEST(QuadratureOptions, BindsTheContractsKeys) {
  QuadratureOptions options;
  OptionSet set;
  bind(set, options);
  for (const auto kind : {QuadratureKind::simpson, QuadratureKind::moving_simpson, QuadratureKind::gauss_legendre,
                          QuadratureKind::trapezoid, QuadratureKind::clenshaw_curtis, QuadratureKind::monte_carlo}) {
    set.set("quadrature.rule", to_string(kind));
    EXPECT_EQ(options.kind, kind);
  }
  set.set("quadrature.nodes", "33");
  EXPECT_EQ(options.nodes, 33);
  set.set("quadrature.end_groups", "4");
  EXPECT_EQ(options.end_groups, 4);
}

double integral(const QuadratureRule& rule, int power) {
  double sum = 0;
  for (std::size_t q = 0; q < rule.nodes.size(); ++q) sum += rule.weights[q] * std::pow(rule.nodes[q], power);
  return sum;
}

/// Uneven times from 0 to 1.
std::vector<double> frames(int count) {
  std::vector<double> times;
  for (int k = 0; k < count; ++k) {
    const double t = static_cast<double>(k) / (count - 1);
    times.push_back(t + 0.1 * t * (1 - t));
  }
  return times;
}

void expect_nodes_among(const std::vector<double>& times, const QuadratureRule& rule) {
  for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
    EXPECT_TRUE(std::binary_search(times.begin(), times.end(), rule.nodes[q])) << rule.nodes[q];
    EXPECT_GT(rule.weights[q], 0);
    EXPECT_TRUE(q == 0 || rule.nodes[q] > rule.nodes[q - 1]);
  }
  EXPECT_NEAR(integral(rule, 0), 1, 1e-14);
}

/// Parabolas are integrated exactly through any three nodes; with as many frames as nodes all are taken.
TEST(QuadratureAtFrames, SimpsonsPanelsIntegrateParabolas) {
  const auto kind = QuadratureKind::simpson;
  for (const int count : {21, 60, 201}) {
    const auto times = frames(count);
    const auto rule = at_times(make_quadrature({.kind = kind, .nodes = 21}), kind, times);
    ASSERT_EQ(rule.nodes.size(), 21u);
    expect_nodes_among(times, rule);
    EXPECT_EQ(rule.nodes.front(), 0);
    EXPECT_EQ(rule.nodes.back(), 1);
    EXPECT_NEAR(integral(rule, 1), 1.0 / 2, 1e-14);
    // A panel off its middle by more than 1.9 to 1 is the trapezoid's; trapezoids alone would be 4e-4 off.
    EXPECT_NEAR(integral(rule, 2), 1.0 / 3, count == 60 ? 2e-4 : 1e-14);
  }
}

/// The stretches outside of the panels have one node: an error of their width squared, here at most .1^2 a side.
TEST(QuadratureAtFrames, MovingPanelsKeepTheirWeights) {
  const auto kind = QuadratureKind::moving_simpson;
  const auto times = frames(201);
  double mean = 0;
  constexpr int kSteps = 400;
  for (int step = 0; step < kSteps; ++step) {
    const auto rule = at_times(make_quadrature({.kind = kind, .nodes = 21}, 3, step), kind, times);
    ASSERT_EQ(rule.nodes.size(), 21u);
    expect_nodes_among(times, rule);
    EXPECT_NEAR(integral(rule, 2), 1.0 / 3, 0.01);
    mean += integral(rule, 2) / kSteps;
  }
  EXPECT_NEAR(mean, 1.0 / 3, 5e-4);
  const auto all = at_times(make_quadrature({.kind = kind, .nodes = 21}, 3, 1), kind, frames(21));
  EXPECT_EQ(all.nodes, frames(21));
}

TEST(QuadratureAtFrames, TrapezoidAndRandomTimesMove) {
  const auto times = frames(201);
  const auto trapezoid =
      at_times(make_quadrature({.kind = QuadratureKind::trapezoid, .nodes = 11}), QuadratureKind::trapezoid, times);
  EXPECT_NEAR(integral(trapezoid, 1), 1.0 / 2, 1e-14);
  const auto random = at_times(make_quadrature({.kind = QuadratureKind::monte_carlo, .nodes = 11}, 1, 2),
                               QuadratureKind::monte_carlo, times);
  for (const double node : random.nodes) EXPECT_TRUE(std::binary_search(times.begin(), times.end(), node));
  for (const double weight : random.weights) EXPECT_EQ(weight, 1.0 / 11);
}

TEST(QuadratureAtFrames, RefusesWhatCannotMove) {
  EXPECT_THROW(validate({.kind = QuadratureKind::gauss_legendre, .nodes = 11, .at_frames = true}), UsageError);
  EXPECT_THROW(validate({.kind = QuadratureKind::clenshaw_curtis, .nodes = 11, .at_frames = true}), UsageError);
  const auto kind = QuadratureKind::simpson;
  EXPECT_THROW((void)at_times(make_quadrature({.kind = kind, .nodes = 21}), kind, frames(20)), UsageError);
}

}  // namespace
}  // namespace scorefield::training
