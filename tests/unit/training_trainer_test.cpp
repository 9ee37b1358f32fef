#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/h5.hpp"
#include "models/network_drift.hpp"
#include "tests/support/gaussian_data.hpp"
#include "training/model_file.hpp"
#include "training/presets.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using test::GaussianCase;
namespace fs = std::filesystem;

class Trainer : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("scorefield-trainer-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    data_ = (folder_ / "data.h5").string();
    test::write_gaussian_dataset(data_, {0.5, 1.0, 1.5});
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  /// A small network and batch: a step takes about a millisecond.
  static TrainConfig small_config() {
    TrainConfig config;
    config.model.width = 24;
    config.model.depth = 2;
    config.model.rank = 2;
    config.model.bias_latents = 4;
    config.model.hypernetwork_width = 16;
    config.model.time_features = 2;
    config.batch = {.mu = 3, .nodes = 6, .particles = 64};
    config.optimizer.learning_rate = 1e-2;
    config.training.steps = 300;
    return config;
  }
  TrainRequest request(const TrainConfig& config, const std::string& output) const {
    OptionSet set;
    TrainConfig copy = config;
    bind(set, copy);
    return {.data_path = data_, .output_path = path(output), .config = config, .config_toml = set.to_toml(), .seed = 4};
  }

  fs::path folder_;
  std::string data_;
};

/// Relative error of the drift over the population, root mean square over times and an unseen mu.
double drift_error(const ReducedModel& model, double sigma) {
  const auto& normalizer = model.network->normalizer();
  const double mu = 1.2;
  double error = 0, total = 0;
  const models::NetworkDrift drift(model.network, {mu});
  const auto scale = torch::tensor(normalizer.scale), center = torch::tensor(normalizer.center);
  // sigma is given in normalised units, where the coordinates may be scaled differently: compare there.
  for (const double t : {0.1, 0.5, 0.9}) {
    torch::manual_seed(1);
    const auto x = torch::tensor({mu * t, -0.5 * t}) + GaussianCase::spread(t) * torch::randn({500, 2});
    const auto exact =
        GaussianCase::drift(x, mu, t, 0) / scale - sigma * sigma / 2 * (x - torch::tensor({mu * t, -0.5 * t})) * scale /
                                                       (GaussianCase::spread(t) * GaussianCase::spread(t));
    const auto found = drift.drift((x - center) / scale, t);
    error += (found - exact).square().sum().item<double>();
    total += exact.square().sum().item<double>();
  }
  return std::sqrt(error / total);
}

struct LossCase {
  const char* name;
  const char* loss;
  QuadratureKind rule;
  std::int64_t nodes;
  double sigma;
  LaplacianKind laplacian;
  optim::OptimizerKind optimizer;
  double tolerance;
  double jitter = 0;
};

class TrainedDrift : public Trainer, public ::testing::WithParamInterface<LossCase> {};

TEST_P(TrainedDrift, EqualsTheExactOneAtAnUnseenMu) {
  const LossCase& c = GetParam();
  auto config = small_config();
  config.loss = {.name = c.loss, .sigma = c.sigma, .laplacian = c.laplacian};
  config.quadrature = {c.rule, c.nodes};
  config.optimizer.kind = c.optimizer;
  config.batch.jitter = c.jitter;
  if (c.optimizer == optim::OptimizerKind::adam) config.training.steps = 600;
  const auto result = train(request(config, "model.h5"));
  EXPECT_EQ(result.engine, "fused");
  EXPECT_LT(drift_error(load_model(path("model.h5")), c.sigma), c.tolerance);
}

INSTANTIATE_TEST_SUITE_P(Losses, TrainedDrift,
                         ::testing::Values(LossCase{"velocity", "velocity", QuadratureKind::simpson, 3, 0,
                                                    LaplacianKind::exact, optim::OptimizerKind::soap, 0.05},
                                           LossCase{"velocity_adam", "velocity", QuadratureKind::simpson, 3, 0,
                                                    LaplacianKind::exact, optim::OptimizerKind::adam, 0.05},
                                           LossCase{"simpson", "action-matching", QuadratureKind::simpson, 17, 0,
                                                    LaplacianKind::exact, optim::OptimizerKind::soap, 0.1},
                                           LossCase{"moving_simpson", "action-matching", QuadratureKind::moving_simpson,
                                                    17, 0, LaplacianKind::exact, optim::OptimizerKind::soap, 0.1},
                                           LossCase{"gauss_legendre", "action-matching", QuadratureKind::gauss_legendre,
                                                    12, 0, LaplacianKind::exact, optim::OptimizerKind::soap, 0.1},
                                           LossCase{"velocity_entropic_exact", "velocity", QuadratureKind::simpson, 3,
                                                    0.3, LaplacianKind::exact, optim::OptimizerKind::soap, 0.05},
                                           LossCase{"velocity_entropic_stein", "velocity", QuadratureKind::simpson, 3,
                                                    0.3, LaplacianKind::stein, optim::OptimizerKind::soap, 0.05, 0.05},
                                           LossCase{"simpson_entropic_hutchinson", "action-matching",
                                                    QuadratureKind::simpson, 17, 0.3, LaplacianKind::hutchinson,
                                                    optim::OptimizerKind::soap, 0.1},
                                           LossCase{"dice", "dice", QuadratureKind::simpson, 3, 0, LaplacianKind::exact,
                                                    optim::OptimizerKind::soap, 0.05},
                                           LossCase{"dice_entropic", "dice", QuadratureKind::simpson, 3, 0.3,
                                                    LaplacianKind::hutchinson, optim::OptimizerKind::soap, 0.1}),
                         [](const auto& info) { return info.param.name; });

/// Every array of two files, compared bit for bit.
void expect_same_arrays(const h5::File& a, const h5::File& b, const std::string& group) {
  ASSERT_EQ(a.children(group), b.children(group));
  for (const auto& child : a.children(group)) {
    const auto name = group == "/" ? "/" + child : group + "/" + child;
    if (a.is_group(name)) {
      expect_same_arrays(a, b, name);
    } else if (name != "/history/seconds") {
      EXPECT_EQ(a.read<double>(name), b.read<double>(name)) << name;
    }
  }
}

TEST_F(Trainer, InterruptedAndResumedEqualsUninterruptedBitForBit) {
  auto config = small_config();
  config.training.steps = 60;
  config.training.log_every = 10;
  config.training.checkpoint_every = 25;
  train(request(config, "whole.h5"));

  catch_interrupts();
  auto part = request(config, "part.h5");
  part.observer = [](const TrainProgress& progress) {
    if (progress.step == 30) std::raise(SIGINT);
  };
  EXPECT_THROW(train(part), Interrupted);
  clear_interrupt();
  part.observer = nullptr;
  part.resume = true;
  const auto result = train(part);
  EXPECT_EQ(result.steps, 60);
  expect_same_arrays(h5::File::open(path("whole.h5")), h5::File::open(path("part.h5")), "/");
}

TEST_F(Trainer, DivergenceNamesStepAndQuantityAndKeepsTheLastCheckpoint) {
  auto config = small_config();
  config.training.steps = 40;
  config.training.log_every = 5;
  config.training.checkpoint_every = 5;
  config.optimizer.kind = optim::OptimizerKind::adam;
  train(request(config, "model.h5"));
  const auto before = load_model(path("model.h5")).step;
  auto broken = request(config, "model.h5");
  broken.resume = true;
  broken.config.training.steps = 200;
  broken.config.optimizer.learning_rate = 1e30;
  broken.config.optimizer.clip_norm = 0;
  try {
    train(broken);
    FAIL() << "a learning rate of 1e30 must diverge";
  } catch (const DivergenceError& error) {
    EXPECT_GT(error.step(), before);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("loss is not finite at step"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("training.learning_rate"));
  }
  EXPECT_EQ(load_model(path("model.h5")).step, before);
}

TEST_F(Trainer, TimeLimitStopsWithAResumableFile) {
  auto config = small_config();
  config.training.steps = 1000000;
  auto limited = request(config, "model.h5");
  limited.time_limit_seconds = 0.5;
  const auto result = train(limited);
  EXPECT_TRUE(result.time_limit_reached);
  EXPECT_LT(result.seconds, 5);
  EXPECT_GT(result.steps, 0);
  EXPECT_EQ(load_model(path("model.h5")).step, result.steps);
}

TEST_F(Trainer, RolloutFollowsTheGaussian) {
  auto config = small_config();
  train(request(config, "model.h5"));
  InferOptions options;
  options.mu = {{1.2}, {2.5}};
  options.integration.steps = 64;
  const auto result = infer({path("model.h5"), path("rollout.h5"), options, "", 1});
  EXPECT_THAT(result.warnings, ::testing::ElementsAre(::testing::HasSubstr("2.5 lies outside the training range"),
                                                      ::testing::HasSubstr("--initial DATA.h5")));
  const data::DatasetReader rollout(path("rollout.h5"));
  const auto last = rollout.header().frames() - 1;
  std::vector<float> samples(static_cast<std::size_t>(rollout.header().frame_size()));
  rollout.read_samples(0, last, samples);
  const auto x = torch::from_blob(samples.data(), {rollout.header().particles, 2});
  EXPECT_NEAR(x.mean(0)[0].item<double>(), 1.2, 0.05);
  EXPECT_NEAR(x.mean(0)[1].item<double>(), -0.5, 0.05);
  EXPECT_NEAR(x.std(0)[0].item<double>(), 0.9, 0.05);
  EXPECT_NEAR(x.std(0)[1].item<double>(), 0.9, 0.05);
}

TEST_F(Trainer, RolloutFramesAreTrainingTimesWhereThereAreEnough) {
  auto config = small_config();
  config.training.steps = 1;
  train(request(config, "model.h5"));
  const auto times = [&](std::int64_t frames) {
    InferOptions options;
    options.mu = {{1.2}};
    options.start.particles = 10;
    options.frames = frames;
    options.integration.steps = 4;
    infer({path("model.h5"), path("rollout.h5"), options, "", 1});
    return data::DatasetReader(path("rollout.h5")).header().time;
  };
  const auto all = times(0);  // 33 of them
  for (const std::int64_t frames : {2, 6, 22, 33}) {
    const auto chosen = times(frames);
    ASSERT_EQ(static_cast<std::int64_t>(chosen.size()), frames);
    EXPECT_EQ(chosen.front(), all.front());
    EXPECT_EQ(chosen.back(), all.back());
    for (const double t : chosen) EXPECT_NE(std::find(all.begin(), all.end(), t), all.end()) << t << " of " << frames;
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end(), std::less_equal<>()));
  }
  EXPECT_NEAR(times(41)[1], 1.0 / 40, 1e-12) << "more than those: equally spaced";
}

TEST_F(Trainer, MarginalsWithoutVelocitiesSayWhatToDo) {
  const data::DatasetReader full(data_);
  auto header = full.header();
  header.has_velocities = false;
  header.identity = data::Identity::marginals;
  data::DatasetWriter writer(path("plain.h5"), header);
  std::vector<float> samples(static_cast<std::size_t>(header.frame_size()));
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      full.read_samples(m, k, samples);
      writer.write_frame(m, k, samples);
    }
  writer.commit();
  auto wrong = request(small_config(), "model.h5");
  wrong.data_path = path("plain.h5");
  EXPECT_THAT([&] { train(wrong); },
              ::testing::ThrowsMessage<FileError>(::testing::HasSubstr("loss.name=action-matching")));
  EXPECT_FALSE(fs::exists(path("model.h5")));
}

TEST(Presets, AllParseAndAreValid) {
  for (const auto& preset : presets()) {
    TrainConfig config;
    OptionSet set;
    bind(set, config);
    set.load_toml(preset.toml, preset.name);
    EXPECT_NO_THROW(validate(config)) << preset.name;
  }
  EXPECT_THAT([] { static_cast<void>(find_preset("two-straem")); },
              ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("did you mean 'two-stream'")));
}

}  // namespace
}  // namespace scorefield::training
