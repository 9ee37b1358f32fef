// Where rollouts start: one rule for infer and calibrate, and the populations' derivative with respect to mu.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "data/problems/problem.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/small_model.hpp"
#include "tests/support/temporary_folder.hpp"
#include "training/calibration/calibrate.hpp"
#include "training/calibration/smooth_start.hpp"
#include "training/rollout/start.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

/// Data of a problem at three values of mu, and a model of them that has hardly learned.
class Starts : public ::testing::Test {
 protected:
  void make(const std::string& name, const std::vector<double>& mu) {
    test::SmallModel small{.problem = name, .mu = mu, .particles = 400, .frames = 4};
    if (name == "landau")
      small.settings = {"pic.cells=32", "pic.dt=0.2", "pic.simulated_particles=2000", "pic.duration=4"};
    test::make_small_model(small, path("data.h5"), path("model.h5"));
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  test::TemporaryFolder folder_;
};

TEST_F(Starts, AnUnseenMuStartsFromTheProblemsOwnPopulation) {
  make("landau", {0.1, 0.3, 0.5});
  const auto model = load_model(path("model.h5"));
  const RolloutStart start(model, {.particles = 300}, 7);
  EXPECT_TRUE(start.knows_every_mu());
  const auto unseen = start.at({0.4});
  EXPECT_EQ(unseen, start.with_numbers_of({0.4}, {0.4})) << "infer and calibrate start alike";
  auto kept = model.initial.samples[1];
  kept.resize(600);
  EXPECT_EQ(start.at({0.3}), kept) << "at a training mu from what the model keeps";
  const RolloutStart nearest(model, {.kind = StartKind::nearest, .particles = 300}, 7);
  EXPECT_EQ(nearest.at({0.31}), kept);
  EXPECT_FALSE(nearest.knows_every_mu());
}

/// Data of another code, whose rows are sorted by x: no part of the box may be what a small rollout starts from.
TEST_F(Starts, SomeParticlesOfImportedDataStandForAll) {
  make("landau", {0.1, 0.3, 0.5});
  auto model = load_model(path("model.h5"));
  EXPECT_EQ(problems::representative_rows(model.header, 9, 3, 7), (std::vector<std::int64_t>{0, 1, 2}))
      << "a quiet start begins evenly";
  model.header.provenance.config = "[import]\n";
  constexpr std::int64_t particles = 4000;
  model.initial.particles = particles;
  for (auto& samples : model.initial.samples) {
    samples.clear();
    for (std::int64_t i = 0; i < particles; ++i) {
      samples.push_back(static_cast<float>(i) / particles);
      samples.push_back(0);
    }
  }
  const auto population = RolloutStart(model, {.particles = 400}, 7).at({0.3});
  double mean = 0;
  for (std::size_t i = 0; i < population.size(); i += 2) mean += population[i] / 400;
  EXPECT_NEAR(mean, 0.5, 0.06) << "the first 400 have mean 0.05";
  EXPECT_EQ(RolloutStart(model, {.particles = 400}, 7).at({0.3}), population) << "a function of the seed";
  EXPECT_NE(RolloutStart(model, {.particles = 400}, 8).at({0.3}), population);
}

/// A density wave of amplitude mu: positions x + mu/k sin(kx) + ..., so that dx/dmu is what a quiet start moves by.
TEST_F(Starts, CommonRandomNumbersMoveParticlesSmoothlyWithMu) {
  make("landau", {0.1, 0.3, 0.5});
  const auto model = load_model(path("model.h5"));
  const RolloutStart start(model, {.particles = 300}, 7);
  const Rollout frames(model, {});
  SmoothStart smooth(start, frames, model.network->normalizer(), torch::kCPU);
  smooth.use_numbers_of({0.4});
  const auto tangent = smooth.tangent({0.4});
  ASSERT_EQ(tangent.sizes(), (std::vector<std::int64_t>{300, 2}));
  const auto moved = (smooth.at({0.42}) - smooth.at({0.4})) / (0.02 / model.network->normalizer().mu_scale[0]);
  const auto inside = moved.select(1, 0).abs() < 1;  // all but those that cross the box's end
  EXPECT_GT(tangent.select(1, 0).abs().max().item<double>(), 0.02);
  EXPECT_LT(((moved - tangent).select(1, 0) * inside).abs().max().item<double>(),
            0.1 * tangent.select(1, 0).abs().max().item<double>());
  EXPECT_LT(tangent.select(1, 1).abs().max().item<double>(), 1e-3) << "velocities do not depend on mu";
}

TEST_F(Starts, CalibrationsSlopeHasTheStartsShare) {
  make("landau", {0.1, 0.3, 0.5});
  CalibrateRequest request{path("model.h5"), path("data.h5")};
  request.options.run = 1;
  request.options.frames = 2;
  request.options.steps = 8;
  request.options.particles = 400;
  const double mu = 0.42, h = 0.01;
  const auto at = [&](double value) { return calibration_loss(request, {mu}, {value}); };
  const double difference = (at(mu + h).value - at(mu - h).value) / (2 * h);
  EXPECT_NEAR(at(mu).slope.at(0), difference, 0.05 * std::abs(difference));
  request.options.initial = CalibrationStart::model;
  EXPECT_GT(std::abs(at(mu).slope.at(0) - difference), 0.2 * std::abs(difference)) << "a fixed start has another slope";
}

TEST_F(Starts, APopulationThatDoesNotFollowMuIsKept) {
  make("oscillator", {7, 8, 9});
  const auto model = load_model(path("model.h5"));
  const RolloutStart start(model, {.particles = 300}, 7);
  const Rollout frames(model, {});
  SmoothStart smooth(start, frames, model.network->normalizer(), torch::kCPU);
  smooth.use_numbers_of({7.5});
  EXPECT_TRUE(torch::equal(smooth.at({7.5}), smooth.at({8.5})));
  EXPECT_EQ(smooth.tangent({7.5}).abs().max().item<double>(), 0);
}

TEST_F(Starts, DataOfUnknownOriginStartFromTheNearestTrainingMuWithANote) {
  test::write_gaussian_dataset(path("data.h5"), {0.5, 1.0, 1.5});
  TrainConfig config;
  config.model.width = 8;
  config.model.depth = 2;
  config.batch = {.mu = 1, .nodes = 2, .particles = 32};
  config.training.steps = 2;
  OptionSet keys;
  TrainConfig copy = config;
  bind(keys, copy);
  train(
      {.data_path = path("data.h5"), .output_path = path("model.h5"), .config = config, .config_toml = keys.to_toml()});
  CalibrateRequest request{path("model.h5"), path("data.h5")};
  request.options.scan = 2;
  request.options.steps = 4;
  request.options.iterations = 1;
  request.options.bootstrap = 0;
  EXPECT_THAT(calibrate(request).warnings, ::testing::ElementsAre(::testing::HasSubstr("nearest training mu")));
  request.options.initial = CalibrationStart::data;
  EXPECT_THAT(calibrate(request).warnings, ::testing::IsEmpty());
}

}  // namespace
}  // namespace scorefield::training
