#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/integrators.hpp"

namespace scorefield::integrators {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// A drift given by a lambda.
class Field : public Drift {
 public:
  using Function = std::function<torch::Tensor(const torch::Tensor&, double)>;
  Field(std::int64_t dimension, Function function) : dimension_(dimension), function_(std::move(function)) {}
  [[nodiscard]] std::int64_t dimension() const override { return dimension_; }
  [[nodiscard]] torch::Tensor drift(const torch::Tensor& x, double t) const override { return function_(x, t); }

 private:
  std::int64_t dimension_;
  Function function_;
};

/// Rotation whose rate grows with radius and time: r is constant, the angle grows by (1 + r^2)(T + T^2/2).
Field anharmonic_rotation() {
  return {2, [](const torch::Tensor& x, double t) {
            const auto rate = (1 + x.square().sum(1)) * (1 + t);
            return torch::stack({-rate * x.select(1, 1), rate * x.select(1, 0)}, 1);
          }};
}

torch::Tensor rotated_exactly(const torch::Tensor& x, double time) {
  const auto angle = (1 + x.square().sum(1)) * (time + time * time / 2);
  const auto c = angle.cos(), s = angle.sin(), x0 = x.select(1, 0), x1 = x.select(1, 1);
  return torch::stack({c * x0 - s * x1, s * x0 + c * x1}, 1);
}

IntegrateOptions make_options(IntegrationMethod method, std::int64_t steps) {
  IntegrateOptions options;
  options.method = method;
  options.steps = steps;
  return options;
}

struct OrderCase {
  IntegrationMethod method;
  std::int64_t steps;
  double order;
};

class Order : public testing::TestWithParam<OrderCase> {};

TEST_P(Order, IsTheMethodsOwn) {
  const auto& [method, steps, order] = GetParam();
  const Field field = anharmonic_rotation();
  const auto x0 = torch::tensor({{1.0, 0.2}, {-0.3, 0.7}, {0.1, -0.9}}, torch::kFloat64);
  const auto error = [&, method = method](std::int64_t n) {
    const auto x = integrate(field, x0, {0.0, 1.0}, make_options(method, n));
    return (x - rotated_exactly(x0, 1.0)).norm().item<double>();
  };
  EXPECT_NEAR(std::log2(error(steps) / error(2 * steps)), order, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Integrators, Order,
                         testing::Values(OrderCase{IntegrationMethod::euler, 4096, 1},
                                         OrderCase{IntegrationMethod::heun, 256, 2},
                                         OrderCase{IntegrationMethod::rk4, 128, 4}));

TEST(NeededSteps, GrowWithWhatTheDriftAsksFor) {
  // Harmonic rotation by `angle`: an error of angle (angle/n)^4 / 120 in n steps of rk4.
  const auto rotation = [](double angle) {
    return Field(2, [angle](const torch::Tensor& x, double) {
      return angle * torch::stack({-x.select(1, 1), x.select(1, 0)}, 1);
    });
  };
  const auto x0 = step_noise(torch::zeros({2000, 2}, torch::kFloat64), 5, 0);
  const IntegrateOptions options;
  EXPECT_EQ(needed_steps(rotation(1), x0, {0, 1}, options), 12);
  EXPECT_EQ(needed_steps(rotation(10), x0, {0, 1}, options), 48);
  EXPECT_EQ(needed_steps(rotation(100), x0, {0, 1}, options), 96) << "at most";
  EXPECT_EQ(needed_steps(rotation(1), x0.narrow(0, 0, 500), {0, 1}, options), 96) << "too few to try some";
  EXPECT_EQ(needed_steps(rotation(1), x0, {0, 1}, make_options(IntegrationMethod::rk4, 7)), 7) << "asked for";
  EXPECT_EQ(needed_steps(rotation(1), x0, {0, 1}, make_options(IntegrationMethod::euler, 0)), 512);
  for (const double angle : {1.0, 10.0}) {
    const auto x = integrate(rotation(angle), x0, {0, 0.3, 1}, options);
    const double c = std::cos(angle), s = std::sin(angle);
    const auto exact =
        torch::stack({c * x0.select(1, 0) - s * x0.select(1, 1), s * x0.select(1, 0) + c * x0.select(1, 1)}, 1);
    EXPECT_LT((x - exact).square().mean().sqrt().item<double>(), 4e-4) << angle;
  }
}

TEST(Integrate, LeadsBackWhereTimesDecrease) {
  const Field field = anharmonic_rotation();
  const auto x0 = torch::tensor({{1.0, 0.2}, {-0.3, 0.7}}, torch::kFloat64);
  const auto options = make_options(IntegrationMethod::rk4, 400);
  const auto there = integrate(field, x0, {0, 1}, options);
  std::vector<torch::Tensor> back;
  integrate(field, there, {1, 0.5, 0}, options, [&](std::int64_t, const torch::Tensor& x) { back.push_back(x); });
  EXPECT_LT((back[2] - x0).abs().max().item<double>(), 1e-6);
  EXPECT_LT((back[1] - rotated_exactly(x0, 0.5)).abs().max().item<double>(), 1e-6);
  const auto few = make_options(IntegrationMethod::rk4, 40);
  back.clear();
  std::vector<double> times;
  for (int k = 0; k <= 50; ++k) times.push_back(1 - k / 50.0);
  integrate(field, there, times, few, [&](std::int64_t, const torch::Tensor& x) { back.push_back(x); });
  EXPECT_LT((back[25] - rotated_exactly(x0, 0.5)).abs().max().item<double>(), 1e-3) << "between steps";
}

// --- Euler-Maruyama on the Ornstein-Uhlenbeck process dX = -theta X dt + sigma dW ---

constexpr double kTheta = 1.5, kSigma = 0.8;

Field ornstein_uhlenbeck(std::int64_t dimension = 1) {
  return {dimension, [](const torch::Tensor& x, double) { return -kTheta * x; }};
}

TEST(EulerMaruyama, HasTheDiscreteVarianceExactlyAndTheTrueOneAtWeakOrderOne) {
  // n steps from 0: V = sigma^2 h (1 - a^2n) / (1 - a^2), a = 1 - theta h. The continuous value differs by O(h).
  // 40,000 particles: relative standard error of the variance sqrt(2/40000) = .0071; four of them.
  constexpr std::int64_t kParticles = 40000, kSteps = 8;
  IntegrateOptions options = make_options(IntegrationMethod::euler_maruyama, kSteps);
  options.sigma = {kSigma};
  options.seed = 3;
  const auto x = integrate(ornstein_uhlenbeck(), torch::zeros({kParticles, 1}, torch::kFloat64), {0, 1}, options);
  const auto discrete = [](double n) {
    const double h = 1 / n, a = 1 - kTheta * h;
    return kSigma * kSigma * h * (1 - std::pow(a, 2 * n)) / (1 - a * a);
  };
  EXPECT_NEAR(x.var().item<double>() / discrete(kSteps), 1, 4 * std::sqrt(2.0 / kParticles));
  EXPECT_LT(std::abs(x.mean().item<double>()), 4 * std::sqrt(discrete(kSteps) / kParticles));
  const double exact = kSigma * kSigma * (1 - std::exp(-2 * kTheta)) / (2 * kTheta);
  EXPECT_NEAR(std::log2((discrete(64) - exact) / (discrete(128) - exact)), 1, 0.02);
  EXPECT_GT(std::abs(discrete(kSteps) / exact - 1), 0.1) << "the step is too small to tell the two apart";
}

TEST(EulerMaruyama, HasWeakAndStrongOrderOneAgainstTheFinePathOfTheSameNoise) {
  // A Brownian path on 1024 fine steps; coarse steps use its increments. For additive noise Euler-Maruyama is
  // Milstein's scheme: the path-wise error E|X_h - X| falls like h, and so does the error of the mean.
  constexpr std::int64_t kFine = 1024, kParticles = 400;
  const Field field = ornstein_uhlenbeck();
  const auto like = torch::zeros({kParticles, 1}, torch::kFloat64);
  std::vector<torch::Tensor> increments;
  for (std::uint64_t i = 0; i < kFine; ++i)
    increments.push_back(step_noise(like, 17, i) / std::sqrt(static_cast<double>(kFine)));
  const auto sigma = torch::tensor({kSigma}, torch::kFloat64);
  const auto path_end = [&](std::int64_t steps) {
    torch::Tensor x = torch::ones_like(like);
    const double h = 1.0 / static_cast<double>(steps);
    for (std::int64_t i = 0; i < steps; ++i) {
      torch::Tensor dw = torch::zeros_like(like);
      for (std::int64_t j = 0; j < kFine / steps; ++j)
        dw += increments[static_cast<std::size_t>(i * (kFine / steps) + j)];
      x = euler_maruyama_step(field, x, static_cast<double>(i) * h, h, sigma, dw / std::sqrt(h));
    }
    return x;
  };
  const auto fine = path_end(kFine), half = path_end(32), whole = path_end(16);
  const auto strong = [&](const torch::Tensor& x) { return (x - fine).abs().mean().item<double>(); };
  const auto weak = [&](const torch::Tensor& x) { return std::abs((x - fine).mean().item<double>()); };
  EXPECT_NEAR(std::log2(strong(whole) / strong(half)), 1, 0.15);
  EXPECT_NEAR(std::log2(weak(whole) / weak(half)), 1, 0.15);
}

TEST(EulerMaruyama, SigmaActsPerCoordinate) {
  const Field still(3, [](const torch::Tensor& x, double) { return torch::zeros_like(x); });
  IntegrateOptions options = make_options(IntegrationMethod::euler_maruyama, 4);
  options.sigma = {0, 1, 2};
  options.seed = 9;
  const auto x = integrate(still, torch::zeros({40000, 3}), {0, 0.5, 1}, options);
  EXPECT_TRUE(torch::equal(x.select(1, 0), torch::zeros({40000})));
  EXPECT_NEAR(x.select(1, 1).var().item<double>(), 1, 4 * std::sqrt(2.0 / 40000));
  EXPECT_NEAR(x.select(1, 2).var().item<double>(), 4, 16 * std::sqrt(2.0 / 40000));
  EXPECT_LT(std::abs((x.select(1, 1) * x.select(1, 2)).mean().item<double>()), 4 * 2.0 / std::sqrt(40000.0));
}

TEST(StepNoise, DependsOnSeedStepAndParticleOnly) {
  const auto many = torch::zeros({5000, 3});
  const auto noise = step_noise(many, 1, 2);
  EXPECT_TRUE(torch::equal(step_noise(torch::zeros({70, 3}), 1, 2), noise.slice(0, 0, 70)));
  EXPECT_FALSE(torch::equal(step_noise(many, 1, 3), noise));
  EXPECT_FALSE(torch::equal(step_noise(many, 2, 2), noise));
  EXPECT_TRUE(torch::equal(step_noise(many.to(torch::kFloat64), 1, 2).to(torch::kFloat32), noise));
  EXPECT_LT(std::abs(noise.mean().item<double>()), 4 / std::sqrt(15000.0));
  EXPECT_NEAR(noise.var().item<double>(), 1, 4 * std::sqrt(2.0 / 15000));
}

TEST(StepNoise, DoesNotDependOnTheNumberOfThreads) {
  const int threads_before = thread_count();
  set_thread_count(1);
  const auto one = step_noise(torch::zeros({9000, 2}), 4, 5);
  set_thread_count(3);
  const auto three = step_noise(torch::zeros({9000, 2}), 4, 5);
  set_thread_count(threads_before);
  EXPECT_TRUE(torch::equal(one, three));
}

// --- the driver ---

TEST(StepsPerInterval, SharesStepsByLengthAndGivesEachAtLeastOne) {
  EXPECT_EQ(steps_per_interval({0, 1, 3, 4}, 100), (std::vector<std::int64_t>{25, 50, 25}));
  EXPECT_EQ(steps_per_interval({0, 1e-6, 1}, 10), (std::vector<std::int64_t>{1, 10}));
  EXPECT_EQ(steps_per_interval({0, 1, 2, 3}, 1), (std::vector<std::int64_t>{1, 1, 1}));
}

TEST(Integrate, DeliversEveryFrameAtItsTime) {
  // dx/dt = 2 t is integrated exactly by Heun: x(t) = x0 + t^2 - t0^2, whatever the steps.
  const Field clock(1, [](const torch::Tensor& x, double t) { return torch::full_like(x, 2 * t); });
  const std::vector<double> times{0.5, 0.6, 1.7, 4};
  std::vector<double> seen;
  const auto last = integrate(clock, torch::zeros({3, 1}, torch::kFloat64), times,
                              make_options(IntegrationMethod::heun, 7), [&](std::int64_t k, const torch::Tensor& x) {
                                EXPECT_EQ(k, static_cast<std::int64_t>(seen.size()));
                                seen.push_back(x[2][0].item<double>());
                              });
  ASSERT_EQ(seen.size(), times.size());
  for (std::size_t k = 0; k < times.size(); ++k) EXPECT_NEAR(seen[k], times[k] * times[k] - 0.25, 1e-13);
  EXPECT_EQ(last[2][0].item<double>(), seen.back());
}

/// Largest error over 41 frames of a rotation that `steps` steps follow.
double frames_error(IntegrationMethod method, std::int64_t steps) {
  const Field field = anharmonic_rotation();
  const auto x0 = torch::tensor({{1.0, 0.2}, {-0.3, 0.7}, {0.1, -0.9}}, torch::kFloat64);
  std::vector<double> times;
  for (int k = 0; k <= 40; ++k) times.push_back(k / 40.0);
  double error = 0;
  std::int64_t frames = 0;
  integrate(field, x0, times, make_options(method, steps), [&](std::int64_t k, const torch::Tensor& x) {
    EXPECT_EQ(k, frames++);
    error = std::max(error, (x - rotated_exactly(x0, times[static_cast<std::size_t>(k)])).norm().item<double>());
  });
  EXPECT_EQ(frames, 41);
  return error;
}

TEST(Integrate, FramesBetweenStepsKeepTheOrder) {
  EXPECT_NEAR(std::log2(frames_error(IntegrationMethod::heun, 19) / frames_error(IntegrationMethod::heun, 38)), 2, 0.3);
  EXPECT_NEAR(std::log2(frames_error(IntegrationMethod::rk4, 19) / frames_error(IntegrationMethod::rk4, 38)), 4, 0.4);
}

TEST(Integrate, FramesBetweenStepsTakeTheShortWayRound) {
  const Field field(1, [](const torch::Tensor& x, double) { return torch::full_like(x, 3.0); });
  const auto x0 = torch::tensor({{0.9}}, torch::kFloat64);
  auto options = make_options(IntegrationMethod::heun, 2);
  options.periods = {1.0};
  integrate(field, x0, {0, 0.25, 0.5, 0.75, 1}, options, [&](std::int64_t k, const torch::Tensor& x) {
    const double exact = std::fmod(0.9 + 0.75 * static_cast<double>(k), 1.0);
    EXPECT_NEAR(x.item<double>(), exact, 1e-12) << k;
  });
}

TEST(Integrate, WrapsPeriodicCoordinatesOnly) {
  const Field wind(2,
                   [](const torch::Tensor& x, double) { return torch::tensor({3.0, -2.0}, x.options()).expand_as(x); });
  IntegrateOptions options = make_options(IntegrationMethod::rk4, 16);
  options.periods = {5, 0};
  const auto x0 = torch::tensor({{4.0, 1.0}, {-1.0, 1.0}}, torch::kFloat64);
  const auto x = integrate(wind, x0, {0, 4}, options, [](std::int64_t, const torch::Tensor& frame) {
    EXPECT_TRUE(((frame.select(1, 0) >= 0) & (frame.select(1, 0) < 5)).all().item<bool>());
  });
  EXPECT_NEAR(x[0][0].item<double>(), 1, 1e-12);  // 4 + 12 = 16 = 3 * 5 + 1
  EXPECT_NEAR(x[1][0].item<double>(), 1, 1e-12);
  EXPECT_NEAR(x[0][1].item<double>(), -7, 1e-12);
}

TEST(Wrap, StaysBelowThePeriodInFloat32) {
  const auto x = torch::tensor({{-1e-9f}, {50.0f}, {-50.0f}, {125.0f}, {49.999996f}});
  const auto wrapped = wrap(x, {50});
  EXPECT_TRUE(((wrapped >= 0) & (wrapped < 50)).all().item<bool>()) << wrapped;
  EXPECT_EQ(wrapped[0].item<float>(), 0);
  EXPECT_EQ(wrapped[3].item<float>(), 25);
  EXPECT_EQ(wrapped[4].item<float>(), 49.999996f);
}

TEST(Integrate, KeepsDtypeAndLeavesTheInputAlone) {
  const auto x0 = torch::tensor({{1.0f, 0.0f}});
  const auto x = integrate(anharmonic_rotation(), x0, {0, 1}, make_options(IntegrationMethod::heun, 4));
  EXPECT_EQ(x.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::equal(x0, torch::tensor({{1.0f, 0.0f}})));
}

TEST(Integrate, DivergenceNamesTheFirstBadStep) {
  // The field is infinite from t = .5 on: with 10 Euler steps the step that starts at .5 is the sixth.
  const Field wall(1, [](const torch::Tensor& x, double t) { return torch::full_like(x, t < 0.499 ? 0.0 : INFINITY); });
  try {
    integrate(wall, torch::zeros({2, 1}), {0, 1}, make_options(IntegrationMethod::euler, 10));
    FAIL() << "no DivergenceError";
  } catch (const DivergenceError& error) {
    EXPECT_EQ(error.step(), 6);
    EXPECT_THAT(error.what(), HasSubstr("is not finite at step 6"));
  }
}

TEST(IntegrateErrors, SayWhatIsWrong) {
  const Field field = ornstein_uhlenbeck(2);
  const auto x0 = torch::zeros({4, 2});
  const auto attempt = [&](const IntegrateOptions& options, const std::vector<double>& times = {0, 1}) {
    return [&field, &x0, options, times] { integrate(field, x0, times, options); };
  };
  IntegrateOptions options;
  EXPECT_THAT(attempt(options, {0, 1, 1}), ThrowsMessage<UsageError>(HasSubstr("output times must increase")));
  EXPECT_THAT(attempt(options, {0}), ThrowsMessage<UsageError>(HasSubstr("at least one later output time")));
  options.steps = -1;
  EXPECT_THAT(attempt(options),
              ThrowsMessage<UsageError>(HasSubstr("option 'infer.steps' is -1, expected a whole number from 0 on")));
  options = {};
  options.sigma = {0.1, 0.1};
  EXPECT_THAT(attempt(options), ThrowsMessage<UsageError>(HasSubstr("needs infer.method euler-maruyama")));
  options.method = IntegrationMethod::euler_maruyama;
  options.sigma = {};
  EXPECT_THAT(attempt(options), ThrowsMessage<UsageError>(HasSubstr("needs a sigma")));
  options.sigma = {1, 1, 1};
  EXPECT_THAT(attempt(options), ThrowsMessage<UsageError>(HasSubstr("sigma has 3 entries")));
  options.sigma = {0.1};
  options.periods = {1};
  EXPECT_THAT(attempt(options), ThrowsMessage<UsageError>(HasSubstr("periods has 1 entries")));
  EXPECT_THAT([&] { integrate(field, torch::zeros({4, 3}), {0, 1}, {}); },
              ThrowsMessage<c10::ValueError>(HasSubstr("expected [N, 2]")));
}

/// Methods of low order take more steps when nobody says how many: a decay in a twentieth of the time is followed by
/// all of them.
TEST(IntegrateOptionsTest, StepsThatAreNotGivenFollowTheMethod) {
  const Field decay(1, [](const torch::Tensor& x, double) { return -20 * x; });
  for (const auto method : {IntegrationMethod::euler, IntegrationMethod::heun, IntegrationMethod::rk4}) {
    IntegrateOptions options;
    options.method = method;
    double worst = 0;
    integrate(decay, torch::ones({1, 1}, torch::kFloat64), {0, 0.05, 0.1, 0.2, 1}, options,
              [&, times = std::vector<double>{0, 0.05, 0.1, 0.2, 1}](std::int64_t frame, const torch::Tensor& x) {
                worst = std::max(worst,
                                 std::abs(x.item<double>() - std::exp(-20 * times[static_cast<std::size_t>(frame)])));
              });
    EXPECT_LT(worst, method == IntegrationMethod::euler ? 0.01 : 5e-4);
  }
}

TEST(IntegrateOptionsTest, BindsTheContractsKeys) {
  IntegrateOptions options;
  OptionSet set;
  bind(set, options);
  set.set("infer.method", "euler-maruyama");
  EXPECT_EQ(options.method, IntegrationMethod::euler_maruyama);
  set.set("infer.steps", "64");
  EXPECT_EQ(options.steps, 64);
  EXPECT_THAT([&] { set.set("infer.method", "huen"); }, ThrowsMessage<UsageError>(HasSubstr("did you mean 'heun'")));
}

}  // namespace
}  // namespace scorefield::integrators
