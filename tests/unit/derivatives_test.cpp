#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "models/derivatives.hpp"
#include "tests/support/gradient_check.hpp"

namespace scorefield::models {
namespace {

using test_support::central_differences;
using test_support::expect_gradients_match;
using test_support::expect_near;
using testing::HasSubstr;
using testing::ThrowsMessage;

torch::Tensor samples(std::int64_t count, std::int64_t dimension) {
  return torch::randn({count, dimension}, at::make_generator<at::CPUGeneratorImpl>(4), torch::kFloat64);
}

/// exp(-|x|^2 / 2): gradient -x s, Laplacian (|x|^2 - d) s.
torch::Tensor bell(const torch::Tensor& x) { return (-0.5 * x.square().sum(1)).exp(); }

TEST(Derivatives, OfTheBellHaveTheirClosedForm) {
  const auto x = samples(20, 3);
  const auto s = bell(x);
  expect_near(gradient(bell, x), -x * s.unsqueeze(1), 1e-15, "gradient");
  expect_near(laplacian_exact(bell, x), (x.square().sum(1) - 3) * s, 1e-14, "Laplacian");
}

TEST(Derivatives, MatchCentralDifferences) {
  const auto w = samples(7, 4);
  expect_gradients_match(bell, samples(20, 3));
  expect_gradients_match([&](const auto& x) { return x.matmul(w.t()).tanh().pow(3).sum(1); }, samples(11, 4));
  expect_gradients_match([](const auto& x) { return (2 * x.select(1, 0)).sin() * x.select(1, 1).exp(); },
                         samples(5, 2));
}

TEST(Derivatives, OfLinearAndConstantPotentialsAreExact) {
  const auto x = samples(6, 2);
  const auto linear = [](const torch::Tensor& y) { return 3 * y.select(1, 0) - y.select(1, 1); };
  const auto constant = [](const torch::Tensor& y) { return torch::full({y.size(0)}, 2.0, torch::kFloat64); };
  EXPECT_TRUE(torch::equal(gradient(linear, x), torch::tensor({{3.0, -1.0}}, torch::kFloat64).expand({6, 2})));
  EXPECT_TRUE(torch::equal(laplacian_exact(linear, x), torch::zeros({6}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(laplacian_hutchinson(linear, x, torch::ones({2, 6, 2}, torch::kFloat64)),
                           torch::zeros({6}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(gradient(constant, x), torch::zeros_like(x)));
}

TEST(Derivatives, TimeDerivativeMatchesCentralDifferences) {
  const auto x = samples(9, 2);
  const auto t = torch::linspace(0, 1, 9, torch::kFloat64);
  const TimePotential wave = [](const torch::Tensor& y, const torch::Tensor& time) {
    return (y.select(1, 0) - 3 * time).sin() * (1 + time * y.select(1, 1));
  };
  const double h = 1e-5;
  const auto expected = (wave(x, t + h) - wave(x, t - h)) / (2 * h);
  expect_near(time_derivative(wave, x, t), expected, 1e-9, "time derivative");
}

TEST(Derivatives, HutchinsonIsExactForDiagonalHessiansAndUnbiasedOtherwise) {
  const auto x = samples(4, 3);
  const auto diagonal = [](const torch::Tensor& y) { return y.pow(4).sum(1); };
  expect_near(laplacian_hutchinson(diagonal, x, rademacher_probes(1, x, 5, 0)), laplacian_exact(diagonal, x), 1e-14,
              "one sign probe");
  // x0 x1: Laplacian 0, one probe gives 2 v0 v1 = +-2; 4096 probes: standard error 2/64, 5 of them.
  const auto saddle = [](const torch::Tensor& y) { return y.select(1, 0) * y.select(1, 1); };
  const auto estimate = laplacian_hutchinson(saddle, x, rademacher_probes(4096, x, 5, 1));
  EXPECT_LT(estimate.abs().max().item<double>(), 5 * 2.0 / 64);
  EXPECT_GT(laplacian_hutchinson(saddle, x, rademacher_probes(1, x, 5, 1)).abs().min().item<double>(), 1.99);
}

TEST(Derivatives, ProbesAreBalancedSignsThatRepeat) {
  const auto x = torch::zeros({1000, 3});
  const auto probes = rademacher_probes(2, x, 1, 7);
  EXPECT_EQ(probes.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::equal(probes.square(), torch::ones({2, 1000, 3})));
  EXPECT_LT(std::abs(probes.mean().item<double>()), 4 / std::sqrt(6000.0));
  EXPECT_TRUE(torch::equal(probes, rademacher_probes(2, x, 1, 7)));
  EXPECT_FALSE(torch::equal(probes, rademacher_probes(2, x, 1, 8)));
}

TEST(Derivatives, CreateGraphReachesParametersAndSamples) {
  // s = exp(a x): d/da of sum(s') = sum((1 + a x) e^{a x}), of sum(s'') = sum((2 a + a^2 x) e^{a x}).
  const auto a = torch::tensor(0.7, torch::kFloat64).requires_grad_();
  const auto x = samples(8, 1);
  const Potential s = [&](const torch::Tensor& y) { return (a * y.select(1, 0)).exp(); };
  const auto column = x.select(1, 0);
  const auto value = (a.detach() * column).exp();
  const auto slope = torch::autograd::grad({gradient(s, x, true).sum()}, {a})[0];
  expect_near(slope, ((1 + a.detach() * column) * value).sum(), 1e-13, "d gradient / da");
  const auto curvature = torch::autograd::grad({laplacian_exact(s, x, true).sum()}, {a})[0];
  const auto probes = rademacher_probes(1, x, 1, 1);
  const auto estimate = torch::autograd::grad({laplacian_hutchinson(s, x, probes, true).sum()}, {a})[0];
  expect_near(curvature, ((2 * a.detach() + a.detach().square() * column) * value).sum(), 1e-13, "d Laplacian / da");
  expect_near(estimate, curvature, 1e-13, "d Hutchinson / da");
}

TEST(Derivatives, AreDetachedByDefaultAndWorkWithoutGradMode) {
  const torch::NoGradGuard no_grad;
  const auto x = samples(3, 2);
  EXPECT_FALSE(gradient(bell, x).requires_grad());
  EXPECT_FALSE(laplacian_exact(bell, x).requires_grad());
  EXPECT_FALSE(x.requires_grad());
}

TEST(Derivatives, WrongShapesSayWhatTheySaw) {
  const auto x = samples(3, 2);
  const Potential column = [](const torch::Tensor& y) { return y.sum(1, /*keepdim=*/true); };
  EXPECT_THAT([&] { (void)gradient(column, x); }, ThrowsMessage<c10::ValueError>(HasSubstr("[3, 1]")));
  EXPECT_THAT([&] { (void)gradient(bell, x[0]); }, ThrowsMessage<c10::ValueError>(HasSubstr("expected [B, d]")));
  EXPECT_THAT([&] { (void)laplacian_hutchinson(bell, x, torch::ones({3, 2})); },
              ThrowsMessage<c10::ValueError>(HasSubstr("expected [P, 3, 2]")));
}

}  // namespace
}  // namespace scorefield::models
