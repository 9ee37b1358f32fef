#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "training/optim/clip.hpp"
#include "training/optim/ema.hpp"
#include "training/optim/schedule.hpp"

namespace scorefield::optim {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// --- learning-rate schedule ---

OptimizerOptions schedule_options() {
  OptimizerOptions options;
  options.learning_rate = 4e-3;
  options.warmup = 0.1;
  options.final_fraction = 0.05;
  return options;
}

TEST(Schedule, HasItsEndPointsAndMiddle) {
  const OptimizerOptions options = schedule_options();
  EXPECT_EQ(learning_rate(0, options), 0);
  EXPECT_DOUBLE_EQ(learning_rate(0.05, options), 2e-3);
  EXPECT_DOUBLE_EQ(learning_rate(0.1, options), 4e-3);
  EXPECT_NEAR(learning_rate(0.55, options), 4e-3 * (0.05 + 0.95 / 2), 1e-17);
  EXPECT_DOUBLE_EQ(learning_rate(1, options), 4e-3 * 0.05);
}

TEST(Schedule, ClampsProgress) {
  const OptimizerOptions options = schedule_options();
  EXPECT_EQ(learning_rate(-1, options), learning_rate(0, options));
  EXPECT_EQ(learning_rate(1.5, options), learning_rate(1, options));
}

TEST(Schedule, RisesThenFallsWithoutJumps) {
  const OptimizerOptions options = schedule_options();
  constexpr int kPoints = 1000;
  for (int i = 0; i < kPoints; ++i) {
    const double now = learning_rate(static_cast<double>(i) / kPoints, options);
    const double next = learning_rate((i + 1.0) / kPoints, options);
    EXPECT_EQ(next > now, i < kPoints / 10) << i;
    EXPECT_LT(std::abs(next - now), 1.01 * options.learning_rate / (0.1 * kPoints));
  }
}

TEST(Schedule, WithoutWarmupStartsAtThePeak) {
  OptimizerOptions options = schedule_options();
  options.warmup = 0;
  EXPECT_EQ(learning_rate(0, options), options.learning_rate);
  options.warmup = 1;
  EXPECT_EQ(learning_rate(1, options), options.learning_rate);
}

// --- options ---

TEST(OptimizerOptionsTest, BindsItsKeysAndResolvesBetas) {
  OptimizerOptions options;
  OptionSet set;
  bind(set, options);
  EXPECT_EQ(options.resolved_beta2(), 0.95);
  set.set("optimizer.name", "adam");
  EXPECT_EQ(options.resolved_beta1(), 0.9);
  EXPECT_EQ(options.resolved_beta2(), 0.999);
  set.set("optimizer.beta2", "0.99");
  EXPECT_EQ(options.resolved_beta2(), 0.99);
  set.set("training.learning_rate", "1e-4");
  EXPECT_EQ(options.learning_rate, 1e-4);
}

TEST(OptimizerOptionsTest, BadValuesNameKeyAndRange) {
  OptimizerOptions options;
  options.learning_rate = -1;
  EXPECT_THAT([&] { check_ranges(options); },
              ThrowsMessage<UsageError>(HasSubstr("option 'training.learning_rate' is -1, expected a number above 0")));
  options = {};
  options.ema_decay = 1;
  EXPECT_THAT([&] { check_ranges(options); }, ThrowsMessage<UsageError>(HasSubstr("training.ema_decay")));
  options = {};
  options.beta1 = NAN;
  EXPECT_THROW(check_ranges(options), UsageError);
  options = {};
  options.precondition_frequency = 0;
  EXPECT_THROW(check_ranges(options), UsageError);
}

// --- clipping ---

NamedTensors with_gradients(const std::vector<torch::Tensor>& gradients) {
  NamedTensors parameters;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    auto p = torch::zeros_like(gradients[i]).requires_grad_();
    p.mutable_grad() = gradients[i].clone();
    parameters.emplace_back(std::to_string(i), p);
  }
  return parameters;
}

TEST(ClipGradientNorm, ScalesTheWholeGradientToTheNorm) {
  const auto parameters = with_gradients({torch::full({2, 2}, 3.0), torch::full({7}, 0.0), torch::tensor(8.0)});
  EXPECT_FLOAT_EQ(clip_gradient_norm(parameters, 5).item<float>(), 10);  // sqrt(4 * 9 + 64)
  EXPECT_FLOAT_EQ(parameters[0].second.grad()[1][1].item<float>(), 1.5);
  EXPECT_FLOAT_EQ(parameters[2].second.grad().item<float>(), 4);
  EXPECT_FLOAT_EQ(clip_gradient_norm(parameters, 0).item<float>(), 5);
}

TEST(ClipGradientNorm, LeavesSmallAndZeroGradientsAndMissingOnes) {
  auto parameters = with_gradients({torch::full({4}, 0.5), torch::zeros({3})});
  parameters.emplace_back("unused", torch::zeros({3}).requires_grad_());
  clip_gradient_norm(parameters, 1.5);
  EXPECT_TRUE(torch::equal(parameters[0].second.grad(), torch::full({4}, 0.5)));
  EXPECT_FALSE(parameters[2].second.grad().defined());
  const auto zero = with_gradients({torch::zeros({3})});
  EXPECT_EQ(clip_gradient_norm(zero, 1).item<float>(), 0);
  EXPECT_TRUE(torch::equal(zero[0].second.grad(), torch::zeros({3})));
}

TEST(ClipGradientNorm, ReportsNonFiniteGradients) {
  const auto parameters = with_gradients({torch::tensor({1.0f, NAN}), torch::ones({3})});
  EXPECT_TRUE(std::isnan(clip_gradient_norm(parameters, 1).item<double>()));
  EXPECT_TRUE(parameters[1].second.grad().isnan().all().item<bool>());
}

TEST(ClipGradientNorm, DoesNotDependOnTheNumberOfThreads) {
  const int threads_before = thread_count();
  const auto gradient = torch::randn({400123}, at::make_generator<at::CPUGeneratorImpl>(3));
  const auto norm = [&](int threads) {
    at::set_num_threads(threads);
    return clip_gradient_norm(with_gradients({gradient}), 1).item<float>();
  };
  const float one = norm(1), two = norm(2), three = norm(3);
  at::set_num_threads(threads_before);
  EXPECT_EQ(one, two);
  EXPECT_EQ(one, three);
}

// --- averaged weights ---

TEST(Ema, FollowsItsClosedForm) {
  // Weights jump from 1 to 3 after the start: a_n = 3 - 2 prod_k d_k with d_k = min(decay, (1 + k) / (10 + k)).
  auto w = torch::ones({2, 3}, torch::kFloat64).requires_grad_();
  ExponentialMovingAverage ema({{"w", w}}, 0.5);
  w.detach().fill_(3);
  double product = 1;
  for (int n = 0; n < 30; ++n) {
    ema.update();
    product *= std::min(0.5, (1.0 + n) / (10.0 + n));
    EXPECT_NEAR(ema.averages()[0].second[1][2].item<double>(), 3 - 2 * product, 1e-14) << n;
  }
}

TEST(Ema, WithoutDecayIsTheWeights) {
  auto w = torch::ones({3});
  ExponentialMovingAverage ema({{"w", w}}, 0);
  w.mul_(5);
  ema.update();
  EXPECT_TRUE(torch::equal(ema.averages()[0].second, w));
}

TEST(Ema, SwapExchangesAndSwapsBack) {
  auto w = torch::ones({3});
  ExponentialMovingAverage ema({{"w", w}}, 0.9);
  w.fill_(2);
  ema.swap();
  EXPECT_TRUE(torch::equal(w, torch::ones({3})));
  ema.swap();
  EXPECT_TRUE(torch::equal(w, torch::full({3}, 2.0f)));
  EXPECT_TRUE(torch::equal(ema.averages()[0].second, torch::ones({3})));
}

TEST(Ema, ResumesBitForBitAndRefusesOtherStates) {
  auto w = torch::randn({5});
  ExponentialMovingAverage ema({{"w", w}}, 0.99);
  for (int i = 0; i < 5; ++i) ema.update();
  ExponentialMovingAverage resumed({{"w", w}}, 0.99);
  resumed.load_state(ema.state());
  w.add_(1);
  ema.update();
  resumed.update();
  EXPECT_TRUE(torch::equal(ema.averages()[0].second, resumed.averages()[0].second));
  EXPECT_THAT([&] { resumed.load_state({}); }, ThrowsMessage<Error>(HasSubstr("averaged weights lacks 'ema.w'")));
}

}  // namespace
}  // namespace scorefield::optim
