// Rollouts that are held to observables of the training runs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "data/mu_set.hpp"
#include "data/problems/problem.hpp"
#include "tests/support/small_model.hpp"
#include "tests/support/temporary_folder.hpp"
#include "training/model_file.hpp"
#include "training/rollout/guide.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using ::testing::HasSubstr;
using torch::Tensor;

constexpr std::int64_t kCount = 2000;

Tensor equal_shares() { return torch::full({kCount, 1}, 1.0 / kCount, torch::kFloat64); }

/// Units of their own, so that what is physical and what is normalised differ.
models::Normalizer normalizer_of(const std::vector<double>& periods) {
  models::Normalizer normalizer;
  for (std::size_t k = 0; k < periods.size(); ++k) {
    normalizer.center.push_back(periods[k] > 0 ? 0 : 0.3 * static_cast<double>(k + 1));
    normalizer.scale.push_back(1.5 + static_cast<double>(k));
  }
  normalizer.periods = periods;
  normalizer.mu_center = {0};
  normalizer.mu_scale = {1};
  return normalizer;
}

Tensor physical(const Tensor& x, const models::Normalizer& normalizer) {
  return x * torch::tensor(normalizer.scale, torch::kFloat64) + torch::tensor(normalizer.center, torch::kFloat64);
}

TEST(GuideToMoments, MeetsMeanAndCovarianceBySymmetricStretching) {
  torch::manual_seed(3);
  const auto normalizer = normalizer_of({0, 0, 0});
  const auto options = torch::TensorOptions(torch::kFloat64);
  const Tensor mix = torch::tensor({{1.0, 0.4, 0.0}, {0.0, 0.8, 0.3}, {0.2, 0.0, 1.2}}, options);
  const Tensor x = torch::randn({kCount, 3}, options).matmul(mix) + 0.2;
  const Tensor shares = torch::rand({kCount, 1}, options).softmax(0);
  const Observables target{{1, 2, 3, 2.0, 0.5, 1.5, -0.3, 0.2, 4.0}, {}};
  const Tensor moved = Guide(GuideKind::moments, normalizer).moved(x, shares, target);
  const Tensor found = physical(moved, normalizer);
  const Tensor mean = (shares * found).sum(0), around = found - mean;
  const Tensor covariance = around.t().matmul(shares * around);
  std::size_t next = 3;
  for (std::int64_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(mean[k].item<double>(), target.moments[static_cast<std::size_t>(k)], 1e-12);
    for (std::int64_t l = 0; l <= k; ++l)
      EXPECT_NEAR(covariance[k][l].item<double>(), target.moments[next++], 1e-11) << k << " " << l;
  }
  // The least displacement is the gradient of a quadratic: x -> A x + b, A symmetric and positive.
  const Tensor before = x - (shares * x).sum(0);
  const Tensor stretch = torch::linalg_solve(before.t().matmul(shares * before),
                                             before.t().matmul(shares * (moved - (shares * moved).sum(0))));
  EXPECT_LT((stretch - stretch.t()).abs().max().item<double>(), 1e-11);
  EXPECT_GT(stretch.diagonal().min().item<double>(), 0);
}

TEST(GuideToMoments, ScalesEveryOneOfManyCoordinates) {
  const std::int64_t d = 20;
  torch::manual_seed(4);
  const auto normalizer = normalizer_of(std::vector<double>(d, 0));
  const Tensor x = torch::randn({kCount, d}, torch::kFloat64);
  Observables target;
  for (std::int64_t k = 0; k < d; ++k) target.moments.push_back(0.1 * static_cast<double>(k));
  for (std::int64_t k = 0; k < d; ++k) target.moments.push_back(1 + 0.2 * static_cast<double>(k));
  const Tensor found = physical(Guide(GuideKind::moments, normalizer).moved(x, equal_shares(), target), normalizer);
  EXPECT_NEAR(found.mean(0)[7].item<double>(), 0.7, 1e-12);
  EXPECT_NEAR(found.var(0, false)[7].item<double>(), 2.4, 1e-11);
}

/// A density wave in x, L = 5, and velocities; normalised.
Tensor wave(double amplitude, const models::Normalizer& normalizer) {
  const Tensor u = (torch::arange(kCount, torch::kFloat64) + 0.5) / kCount;
  const Tensor x = u + amplitude / (2 * std::numbers::pi) * (2 * std::numbers::pi * u).sin();
  const Tensor v = (17 * u).sin();
  return (5 * torch::stack({x, v / 5}, 1) - torch::tensor(normalizer.center)) / torch::tensor(normalizer.scale);
}

Observables modes_of(const Tensor& x, const models::Normalizer& normalizer) {
  Observables found;
  const Tensor angle = 2 * std::numbers::pi / 5 * physical(x, normalizer).select(1, 0);
  for (std::int64_t m = 1; m <= kObservedModes; ++m) {
    found.modes.push_back((m * angle).cos().mean().item<double>());
    found.modes.push_back((m * angle).sin().mean().item<double>());
  }
  return found;
}

double distance(const Observables& a, const Observables& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.modes.size(); ++i) sum += std::pow(a.modes[i] - b.modes[i], 2);
  return std::sqrt(sum);
}

TEST(GuideToModes, MeetsThemToSecondOrderByTheLeastDisplacement) {
  const auto normalizer = normalizer_of({5, 0});
  const Guide guide(GuideKind::modes, normalizer);
  const Tensor x = wave(0.1, normalizer);
  std::vector<double> left;
  for (const double change : {0.04, 0.02}) {
    const auto target = modes_of(wave(0.1 + change, normalizer), normalizer);
    const Tensor moved = guide.moved(x, equal_shares(), target);
    left.push_back(distance(modes_of(moved, normalizer), target));
    EXPECT_LT(left.back(), 0.05 * distance(modes_of(x, normalizer), target));
    EXPECT_TRUE(torch::equal(moved.select(1, 1), x.select(1, 1))) << "velocities are no positions";
    // Whatever else would change no observable is orthogonal to it.
    const Tensor delta = (moved - x).select(1, 0);
    const Tensor angle = 2 * std::numbers::pi / 5 * physical(x, normalizer).select(1, 0);
    const Tensor numbers = torch::arange(1, kObservedModes + 1, torch::kFloat64);
    const Tensor angles = angle.unsqueeze(1) * numbers;
    const Tensor slopes = torch::cat({-numbers * angles.sin(), numbers * angles.cos()}, 1);
    Tensor other = (31 * x.select(1, 0)).sin() + x.select(1, 1);
    other = other - slopes.matmul(torch::linalg_solve(slopes.t().matmul(slopes), slopes.t().matmul(other)));
    EXPECT_LT(std::abs(delta.dot(other).item<double>()),
              1e-6 * delta.norm().item<double>() * other.norm().item<double>());
  }
  EXPECT_NEAR(left[0] / left[1], 4, 0.6);
}

TEST(GuideToModes, DoesNotThrowAPopulationFarInOneStep) {
  const auto normalizer = normalizer_of({5, 0});
  const Tensor x = wave(0, normalizer);
  Observables target{{}, std::vector<double>(2 * kObservedModes)};
  target.modes[0] = 0.9;
  const Tensor moved = Guide(GuideKind::modes, normalizer).moved(x, equal_shares(), target);
  const Tensor turn = (physical(moved, normalizer) - physical(x, normalizer)).select(1, 0) * (2 * std::numbers::pi / 5);
  EXPECT_LT(turn.square().mean().sqrt().item<double>(), 0.51 / kObservedModes);
  EXPECT_GT(modes_of(moved, normalizer).modes[0], 0.02) << "on the way";
}

TEST(Observables, AreInterpolatedByCubicsInTimeAndByWeightsInMu) {
  ObservableCourses courses;
  courses.time = {{0, 0.5, 1.5, 2, 4}, {0, 1}};
  courses.moments = {{}, {1, 1, 3, 1}};
  for (const double t : courses.time[0]) {
    courses.moments[0].push_back(t * t * t - t);
    courses.moments[0].push_back(2);
  }
  courses.modes = {{}, {}};
  for (const double t : {0.0, 0.2, 1.7, 3.0, 4.0}) {
    const auto found = courses.at({{0, 2.0}, {1, -1.0}}, t);
    const double line = t < 1 ? 1 + 2 * t : 3;
    EXPECT_NEAR(found.moments[0], 2 * (t * t * t - t) - line, 1e-12) << t;
    EXPECT_NEAR(found.moments[1], 3, 1e-12);
  }
}

/// Smooth functions of two parameters are carried by kriging, of one by cubics.
TEST(GuideRule, IsThatOfTheLeastErrorAtRunsLeftOut) {
  ReducedModel model;
  model.observables.emplace();
  for (const double a : {0.0, 0.3, 0.6, 1.0})
    for (const double b : {0.0, 0.35, 0.7, 1.0}) {
      model.header.mu.push_back({a, b});
      model.observables->time.push_back({0, 1, 2});
      model.observables->moments.emplace_back();
      auto& modes = model.observables->modes.emplace_back();
      for (std::int64_t i = 0; i < 3 * 2 * kObservedModes; ++i)
        modes.push_back(std::sin(2 * a + static_cast<double>(i % 5)) * std::cos(1.5 * b));
    }
  const auto rule = guide_rule(model, GuideKind::modes);
  EXPECT_EQ(rule.kind, MuInterpolationKind::kriging);
  EXPECT_LT(rule.left_out, 0.03);
  const std::vector<double> at{0.45, 0.5};
  const auto weights = mu_weights(rule, data::MuSet(model.header.mu), model.header.mu, at);
  double found = 0;
  for (std::size_t m = 0; m < weights.size(); ++m) found += weights[m] * model.observables->modes[m][1];
  EXPECT_NEAR(found, std::sin(2 * at[0] + 1) * std::cos(1.5 * at[1]), 5e-3);
  model.header.mu = {{0}, {1}, {2}, {3}};
  EXPECT_EQ(guide_rule(model, GuideKind::modes).kind, MuInterpolationKind::cubic);
  model.header.mu.pop_back();
  EXPECT_EQ(guide_rule(model, GuideKind::modes).kind, MuInterpolationKind::linear);
}

/// Landau damping of a few particles, and a model of it that has hardly learned.
class GuidedRollouts : public ::testing::Test {
 protected:
  void SetUp() override {
    test::make_small_model(
        {.problem = "landau",
         .mu = {0.1, 0.2, 0.3, 0.4, 0.5},
         .particles = 600,
         .frames = 9,
         .settings = {"pic.cells=32", "pic.dt=0.2", "pic.simulated_particles=4000", "pic.duration=8"}},
        path("data.h5"), path("model.h5"));
  }

  InferResult roll_out(const std::string& output, InferOptions options) const {
    options.integration.steps = 12;
    return infer({.model_path = path("model.h5"), .output_path = path(output), .options = options, .seed = 7});
  }

  /// Mean over frames and runs of |n_1 - n_1*| of a rollout at the training mu.
  [[nodiscard]] double first_mode_error(const std::string& name) const {
    const data::DatasetReader rollout(path(name)), truth(path("data.h5"));
    const auto found = observable_courses_of(rollout), wanted = observable_courses_of(truth);
    double sum = 0;
    for (std::size_t m = 0; m < 5; ++m)
      for (std::size_t k = 1; k < 9; ++k)
        sum += std::hypot(found.modes[m][16 * k] - wanted.modes[m][16 * k],
                          found.modes[m][16 * k + 1] - wanted.modes[m][16 * k + 1]) /
               40;
    return sum;
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  const std::vector<std::vector<double>> training_{{0.1}, {0.2}, {0.3}, {0.4}, {0.5}};
  test::TemporaryFolder folder_;
};

TEST_F(GuidedRollouts, KeepTheModesOfTheTrainingRuns) {
  roll_out("free.h5", {.mu = training_});
  const auto result = roll_out("held.h5", {.mu = training_, .guide = GuideKind::modes});
  EXPECT_TRUE(result.warnings.empty());
  const double free = first_mode_error("free.h5"), held = first_mode_error("held.h5");
  EXPECT_GT(free, 0.02) << "a model that has learned little";
  EXPECT_LT(held, 0.2 * free);
  EXPECT_EQ(data::DatasetReader(path("held.h5")).header().guide, "modes");
  EXPECT_EQ(data::DatasetReader(path("free.h5")).header().guide, "");
}

TEST_F(GuidedRollouts, HoldMomentsBetweenTrainingValuesAndSayWhereTheyCannot) {
  const auto result = roll_out("held.h5", {.mu = {{0.25}, {0.6}}, .guide = GuideKind::moments});
  EXPECT_THAT(result.warnings, ::testing::Contains(HasSubstr("= 0.6 is not guided")));
  const auto model = load_model(path("model.h5"));
  const auto held = observable_courses_of(data::DatasetReader(path("held.h5")));
  const auto wanted =
      model.observables->at({{0, -1. / 16}, {1, 9. / 16}, {2, 9. / 16}, {3, -1. / 16}}, held.time[0][5]);
  EXPECT_NEAR(held.moments[0][2 * 5], wanted.moments[0], 1e-5) << "mean velocity";
  EXPECT_NEAR(held.moments[0][2 * 5 + 1], wanted.moments[1], 1e-5) << "its variance";
}

TEST_F(GuidedRollouts, DoNotDependOnTheNumberOfThreads) {
  const int threads = thread_count();
  set_thread_count(1);
  roll_out("one.h5", {.mu = {{0.25}}, .guide = GuideKind::modes});
  set_thread_count(3);
  roll_out("three.h5", {.mu = {{0.25}}, .guide = GuideKind::modes});
  set_thread_count(threads);
  EXPECT_EQ(data::DatasetReader(path("one.h5")).read_frame(0, 8).samples,
            data::DatasetReader(path("three.h5")).read_frame(0, 8).samples);
}

TEST_F(GuidedRollouts, RefuseWhatDoesNotGoTogether) {
  const auto message = [&](const InferOptions& options) -> std::string {
    try {
      roll_out("none.h5", options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message({.mu = {{0.2}}, .log_density = LogDensityKind::change, .guide = GuideKind::modes}),
              HasSubstr("infer.log_density follows the model's flow alone"));
  auto model = load_model(path("model.h5"));
  EXPECT_NO_THROW(require_observables(model, GuideKind::modes, "model.h5"));
  model.observables.reset();
  EXPECT_THROW(require_observables(model, GuideKind::modes, "model.h5"), UsageError);
  EXPECT_NO_THROW(require_observables(model, GuideKind::none, "model.h5"));
  model = load_model(path("model.h5"));
  model.header.periods = {0, 0};
  EXPECT_THROW(require_observables(model, GuideKind::modes, "model.h5"), UsageError);
}

}  // namespace
}  // namespace scorefield::training
