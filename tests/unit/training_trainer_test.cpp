#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <functional>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/random.hpp"
#include "data/h5.hpp"
#include "models/network_drift.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/small_training.hpp"
#include "tests/support/train_keys.hpp"
#include "training/model_file.hpp"
#include "training/optim/schedule.hpp"
#include "training/population_range.hpp"
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

  TrainRequest request(const TrainConfig& config, const std::string& output) const {
    OptionSet set;
    TrainConfig copy = config;
    bind(set, copy);
    return {.data_path = data_, .output_path = path(output), .config = config, .config_toml = set.to_toml(), .seed = 4};
  }
  /// What goes on with the run that a signal stops at step 30.
  TrainRequest interrupted_at_30(const TrainConfig& config, const std::string& output) const {
    catch_interrupts();
    auto part = request(config, output);
    part.observer = [](const TrainProgress& progress) {
      if (progress.step == 30) std::raise(SIGINT);
    };
    EXPECT_THROW(train(part), Interrupted);
    clear_interrupt();
    part.observer = nullptr;
    part.resume = true;
    return part;
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
  auto config = test::small_config();
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
                                           LossCase{"transport", "transport", QuadratureKind::simpson, 3, 0,
                                                    LaplacianKind::exact, optim::OptimizerKind::soap, 0.1},
                                           LossCase{"weak", "weak", QuadratureKind::simpson, 3, 0, LaplacianKind::exact,
                                                    optim::OptimizerKind::soap, 0.1},
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
  auto config = test::small_config();
  config.training.steps = 60;
  config.training.log_every = 10;
  config.training.checkpoint_every = 25;
  train(request(config, "whole.h5"));

  auto part = interrupted_at_30(config, "part.h5");
  const auto result = train(part);
  EXPECT_EQ(result.steps, 60);
  expect_same_arrays(h5::File::open(path("whole.h5")), h5::File::open(path("part.h5")), "/");
}

TEST_F(Trainer, AVectorFieldIsLearnedResumedAndRolledOutWithItsDensity) {
  auto config = test::small_config();
  config.field.name = "vector";
  config.training.log_every = 10;
  const auto whole = train(request(config, "whole.h5"));
  EXPECT_EQ(whole.engine, "fused");
  const auto model = load_model(path("whole.h5"));
  EXPECT_EQ(model.kind, "vector-drift");
  EXPECT_LT(drift_error(model, 0), 0.06);
  EXPECT_THROW(
      static_cast<void>(model.network->potential(torch::zeros({1, 1, 2}), torch::zeros({1, 1}), torch::zeros({1}))),
      c10::ValueError);
  infer({.model_path = path("whole.h5"),
         .output_path = path("rollout.h5"),
         .options = {.mu = {{1.2}}, .log_density = LogDensityKind::gaussian}});
  const data::DatasetReader rollout(path("rollout.h5"));
  const auto frame = rollout.read_frame(0, rollout.header().frames() - 1);
  double mean = 0;
  for (std::size_t i = 0; i < frame.samples.size(); i += 2)
    mean += frame.samples[i] * 2.0 / static_cast<double>(frame.samples.size());
  EXPECT_NEAR(mean, 1.2, 0.05);

  auto part = interrupted_at_30(config, "part.h5");
  train(part);
  const auto one = load_model(path("whole.h5")).network->parameters(),
             two = load_model(path("part.h5")).network->parameters();
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(torch::equal(one[i], two[i])) << i;
}

/// Snapshots alone: the field of a flow in two parameters, and the weak form with the least energy, move the
/// population.
TEST_F(Trainer, VectorFieldsAreLearnedFromSnapshots) {
  for (const std::string loss : {"two-parameter", "weak"}) {
    auto config = test::small_config();
    config.field.name = "vector";
    config.loss.name = loss;
    config.training.steps = 600;
    test::set_key(config, "loss.path_points=1000");
    train(request(config, "model.h5"));
    EXPECT_EQ(load_model(path("model.h5")).kind, "vector-drift");
    for (const char* left : {"model.h5.flow", "model.h5.paths"}) EXPECT_FALSE(fs::exists(path(left)));
    infer({.model_path = path("model.h5"), .output_path = path("rollout.h5"), .options = {.mu = {{1.2}}}});
    const data::DatasetReader rollout(path("rollout.h5"));
    EXPECT_EQ(rollout.header().particles, 4000);
    const auto samples = rollout.read_frame(0, rollout.header().frames() - 1).samples;
    const auto x = torch::tensor(samples).view({-1, 2}).to(torch::kFloat64);
    EXPECT_NEAR(x.mean(0)[0].item<double>(), 1.2, 0.06) << loss;
    EXPECT_NEAR(x.mean(0)[1].item<double>(), -0.5, 0.06) << loss;
    for (const int c : {0, 1}) EXPECT_NEAR(x.std(0)[c].item<double>(), GaussianCase::spread(1), 0.06) << loss;
  }
}

TEST_F(Trainer, AVectorFieldNeedsALossThatIsARegression) {
  auto config = test::small_config();
  config.field.name = "vector";
  config.loss.name = "dice";
  EXPECT_THAT([&] { train(request(config, "model.h5")); },
              ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("model.field = potential")));
  config.loss.name = "velocity";
  config.loss.sigma = 0.1;
  EXPECT_THAT([&] { train(request(config, "model.h5")); },
              ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("loss.laplacian")));
}

TEST_F(Trainer, DivergenceNamesStepAndQuantityAndKeepsTheLastCheckpoint) {
  auto config = test::small_config();
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
  auto config = test::small_config();
  config.training.steps = 1000000;
  auto limited = request(config, "model.h5");
  limited.time_limit_seconds = 0.5;
  const auto result = train(limited);
  EXPECT_TRUE(result.time_limit_reached);
  EXPECT_LT(result.seconds, 5);
  EXPECT_GT(result.steps, 0);
  EXPECT_EQ(load_model(path("model.h5")).step, result.steps);
}

std::vector<double> rates(const std::string& model) {
  return h5::File::open(model).read<double>("/history/learning_rate");
}

TEST_F(Trainer, MoreStepsGoOnWhereTheRateWas) {
  auto config = test::small_config();
  config.training.steps = 60;
  config.training.log_every = 10;
  train(request(config, "model.h5"));
  const auto before = rates(path("model.h5"));
  auto more = request(config, "model.h5");
  more.resume = true;
  more.config.training.steps = 100;
  std::string said;
  more.observer = [&](const TrainProgress& progress) { said += progress.message; };
  train(more);
  EXPECT_THAT(said, ::testing::HasSubstr("goes on after step 60, at 100 % of the learning rate's schedule"));
  const auto after = rates(path("model.h5"));
  ASSERT_EQ(after.size(), 10u);
  const double end = config.optimizer.learning_rate * config.optimizer.final_fraction;
  for (std::size_t row = 6; row < 10; ++row) {
    EXPECT_LE(after[row], before.back()) << row;
    EXPECT_DOUBLE_EQ(after[row], end) << row;
  }

  // Another rate asks for another schedule.
  more.config.training.steps = 160;
  more.config.optimizer.learning_rate = 4e-3;
  more.new_schedule = true;
  train(more);
  const auto again = rates(path("model.h5"));
  EXPECT_GT(again[10], 3e-3);
  EXPECT_LT(again[15], 1e-4);
}

/// Stopped half way and given twice the steps: the second half of the schedule takes the rest, without a jump.
TEST_F(Trainer, AnInterruptedRunWithMoreStepsStretchesTheRestOfTheSchedule) {
  auto config = test::small_config();
  config.training.steps = 60;
  config.training.log_every = 10;
  auto part = interrupted_at_30(config, "model.h5");
  part.config.training.steps = 120;
  train(part);
  const auto seen = rates(path("model.h5"));
  const auto steps = h5::File::open(path("model.h5")).read<double>("/history/step");
  for (std::size_t row = 0; row < seen.size(); ++row) {
    const double last = steps[row] - 1;  // the rate of a row is that of its last step
    // The signal is seen one step after the row of step 30.
    const double progress = last <= 30 ? last / 60 : 31.0 / 60 + (1 - 31.0 / 60) * (last - 31) / (120 - 31);
    EXPECT_NEAR(seen[row], optim::learning_rate(progress, config.optimizer), 1e-12) << steps[row];
  }
}

TEST_F(Trainer, ATimeLimitIsTheSchedulesEndAlsoForTheRunAfterIt) {
  auto config = test::small_config();
  config.training.steps = 1000000;
  config.training.log_every = 1;
  auto limited = request(config, "model.h5");
  limited.time_limit_seconds = 0.5;
  train(limited);
  const auto rows = rates(path("model.h5")).size();
  limited.resume = true;
  train(limited);
  const auto all = rates(path("model.h5"));
  ASSERT_GT(all.size(), rows);
  for (std::size_t row = rows; row < all.size(); ++row)
    ASSERT_DOUBLE_EQ(all[row], config.optimizer.learning_rate * config.optimizer.final_fraction) << row;
}

TEST_F(Trainer, ADivergedTrainingLeavesItsBestCheckpoint) {
  auto config = test::small_config();
  config.optimizer.kind = optim::OptimizerKind::adam;
  config.training.steps = 100;
  config.training.log_every = 10;
  const auto good = train(request(config, "model.h5"));
  EXPECT_EQ(good.verdict, Verdict::sound);
  EXPECT_EQ(good.kept_step, 100);
  fs::copy_file(path("model.h5"), path("good.h5"));
  auto wild = request(config, "model.h5");
  wild.resume = wild.new_schedule = true;
  wild.config.training.steps = 120;
  wild.config.optimizer.learning_rate = 0.6;
  wild.config.optimizer.warmup = 0;
  wild.config.optimizer.ema_decay = 0;
  const auto result = train(wild);
  EXPECT_EQ(result.verdict, Verdict::diverged);
  EXPECT_EQ(result.steps, 120);
  EXPECT_EQ(result.kept_step, 100);
  EXPECT_EQ(result.validation_loss, good.validation_loss);
  EXPECT_THAT(result.judgement, ::testing::HasSubstr("model.h5 holds the checkpoint of step 100"));
  EXPECT_THAT(result.judgement, ::testing::HasSubstr("training.learning_rate (0.6)"));
  expect_same_arrays(h5::File::open(path("good.h5")), h5::File::open(path("model.h5")), "/");
}

/// Thirty particles, half of them for validation, and a network that can follow each of them.
TEST_F(Trainer, AnOverfittedTrainingLeavesItsBestCheckpoint) {
  test::write_gaussian_dataset(data_, {0.5, 1.0}, 30, 3);
  auto config = test::small_config();
  config.model.width = 48;
  config.training.validation_fraction = 0.5;
  config.training.steps = 400;
  config.training.log_every = 20;
  const data::DatasetReader reader(data_);
  auto header = reader.header();
  data::DatasetWriter writer(path("noisy.h5"), header);  // velocities that have nothing to do with the positions
  std::vector<float> x(static_cast<std::size_t>(header.frame_size())), v(x.size());
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      reader.read_samples(m, k, x);
      for (std::size_t i = 0; i < v.size(); ++i)
        v[i] = static_cast<float>(Philox(7, static_cast<std::uint64_t>(3 * m + k)).normals(i)[0]);
      writer.write_frame(m, k, x, v);
    }
  writer.commit();
  data_ = path("noisy.h5");
  const auto result = train(request(config, "model.h5"));
  EXPECT_EQ(result.verdict, Verdict::overfitted);
  EXPECT_LT(result.kept_step, 400);
  EXPECT_EQ(load_model(path("model.h5")).step, result.kept_step);
  EXPECT_THAT(result.judgement, ::testing::HasSubstr("batch.jitter"));
}

TEST_F(Trainer, RolloutFollowsTheGaussian) {
  auto config = test::small_config();
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

/// A population that is pushed far away, or gathers in a point, is no longer one that the model knows.
TEST(PopulationRange, SaysWhatIsLost) {
  data::DatasetHeader header;
  header.coordinates = {"x", "y"};
  header.periods = {0, 1};
  const PopulationRange range{{-1, 0}, {1, 0}, {0.5, 0.3}, {0.7, 0.3}};
  EXPECT_FALSE(range.lost({0, 0}, {0.6, 0.3}, header));
  EXPECT_FALSE(range.lost({3.3, 0}, {0.2, 0.3}, header)) << "outside, but not far";
  EXPECT_THAT(range.lost({5, 0}, {0.6, 0.3}, header).value(),
              ::testing::HasSubstr("mean of 'x' is 5, in the training"));
  EXPECT_THAT(range.lost({0, 0}, {0.1, 0.3}, header).value(), ::testing::HasSubstr("deviation of 'x' is 0.1"));
  EXPECT_TRUE(range.lost({0, 0}, {2.2, 0.3}, header));
  EXPECT_TRUE(range.lost({std::nan(""), 0}, {0.6, 0.3}, header));
  EXPECT_FALSE(range.lost({0, 900}, {0.6, 70}, header)) << "periodic";
}

/// A start ten deviations wide is not what the model was trained on.
TEST_F(Trainer, ARolloutFarFromTheTrainingPopulationsWarns) {
  auto config = test::small_config();
  config.training.steps = 20;
  train(request(config, "model.h5"));
  const data::DatasetReader reader(data_);
  data::DatasetWriter writer(path("wide.h5"), reader.header());
  std::vector<float> x(static_cast<std::size_t>(reader.header().frame_size())), v(x.size());
  for (std::int64_t m = 0; m < reader.header().mu_count(); ++m)
    for (std::int64_t k = 0; k < reader.header().frames(); ++k) {
      reader.read_samples(m, k, x);
      for (float& value : x) value *= 10;
      writer.write_frame(m, k, x, v);
    }
  writer.commit();
  InferOptions options;
  options.mu = {{1.0}};
  options.integration.steps = 4;
  EXPECT_TRUE(infer({path("model.h5"), path("rollout.h5"), options, "", 1}).warnings.empty());
  options.start.path = path("wide.h5");
  EXPECT_THAT(
      infer({path("model.h5"), path("rollout.h5"), options, "", 1}).warnings,
      ::testing::ElementsAre(::testing::HasSubstr("mu = 1 lost its population: at time 0 the deviation of 'x'")));
}

TEST_F(Trainer, RolloutFramesAreTrainingTimesWhereThereAreEnough) {
  auto config = test::small_config();
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
  auto wrong = request(test::small_config(), "model.h5");
  wrong.data_path = path("plain.h5");
  wrong.config.loss.name = "velocity";
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
