// Datasets whose frames differ in their particles, and mu in their times; weights and ids.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <set>

#include "core/error.hpp"
#include "models/network_drift.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/ragged_gaussian.hpp"
#include "tests/support/small_training.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/train_keys.hpp"
#include "training/batch/source.hpp"
#include "training/model_file.hpp"
#include "training/normalization.hpp"
#include "training/objective.hpp"
#include "training/rollout/infer.hpp"
#include "training/rollout/log_density.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using data::DatasetReader;
using data::Layouts;
using test::GaussianCase;

/// Three mu with times of their own: all of [0, 1], its beginning, and irregular ones that begin late.
test::RaggedCase unequal_times() {
  std::vector<double> irregular{0.2};
  for (int k = 1; k <= 24; ++k) irregular.push_back(0.2 + 0.8 * std::pow(k / 24.0, 1.3));
  return {.mu = {0.5, 1.0, 1.5}, .times = {test::even_times(0, 1, 33), test::even_times(0, 0.6, 21), irregular}};
}

/// -1/2 int |b|^2 from `first` to `last`.
double least_loss(double mu, double first, double last) {
  double sum = 0;
  constexpr int n = 2000;
  for (int i = 0; i < n; ++i) {
    const double s = GaussianCase::spread(first + (last - first) * (i + 0.5) / n);
    const double stretch = GaussianCase::kSpreadRate / s;
    sum += mu * mu + 0.25 + 2 * s * s * stretch * stretch;
  }
  return -0.5 * sum / n * (last - first);
}

class Ragged : public ::testing::Test {
 protected:
  BatchSource source(const TrainConfig& config) {
    return {DatasetReader(path_, Layouts::any), test::identity_normalizer(), config, 1};
  }

  /// Mean over batches of the loss at the exact potential.
  double loss_at_exact_potential(const TrainConfig& config) {
    const GroupPotential exact = [](const auto& x, const auto& mu, const auto& t) {
      return GaussianCase::potential(x, mu, t, 0);
    };
    auto batches = source(config);
    double sum = 0;
    constexpr int kBatches = 12;
    for (int i = 0; i < kBatches; ++i)
      sum += autograd_objective(exact, config.loss, batches.make(i), 1, i).item<double>();
    return sum / kBatches;
  }

  test::TemporaryFolder folder_;
  const std::string path_ = folder_.path("data.h5");
};

struct RaggedLoss {
  const char* name;
  const char* loss;
  test::RaggedCase data{};
  const char* key = "loss.stride=1";
  SamplingKind sampling = SamplingKind::stratified;
};

class RaggedLosses : public Ragged, public ::testing::WithParamInterface<RaggedLoss> {};

/// As for frames that are alike (training_batch_test): every mu gives the action over its own times.
TEST_P(RaggedLosses, AtTheExactPotentialAreMinusHalfTheKineticAction) {
  const RaggedLoss& c = GetParam();
  auto data = unequal_times();
  data.gaps = c.data.gaps;
  data.ids = c.data.ids;
  data.permuted = c.data.permuted;
  data.weighted = c.data.weighted;
  data.velocities = c.data.velocities;
  data.followed = c.data.followed;
  if (data.weighted) data.particles = 16000;  // which say as much as 4000 that are alike
  test::write_ragged_gaussian(path_, data);
  TrainConfig config;
  config.loss.name = c.loss;
  test::set_key(config, c.key);
  config.quadrature = {QuadratureKind::simpson, 33};
  config.batch = {.mu = 3, .nodes = 11, .particles = 512, .sampling = c.sampling};
  double expected = 0;
  for (std::size_t m = 0; m < data.mu.size(); ++m) {
    const double first = data.times[m].front(), last = data.times[m].back();
    const double action = least_loss(data.mu[m], first, last);
    expected +=
        (std::string(c.loss) == "velocity" ? action / (last - first) : action) / 3;  // velocity: mean over times
  }
  EXPECT_NEAR(loss_at_exact_potential(config), expected, 0.015 * std::abs(expected));
}

INSTANTIATE_TEST_SUITE_P(
    Losses, RaggedLosses,
    ::testing::Values(
        RaggedLoss{"velocity", "velocity"}, RaggedLoss{"action_matching", "action-matching"},
        RaggedLoss{"action_matching_at_frames", "action-matching", {}, "quadrature.at_frames=true"},
        RaggedLoss{"dice", "dice"}, RaggedLoss{"dice_stride", "dice", {}, "loss.stride=3"},
        RaggedLoss{"dice_of_trajectories", "dice", {.gaps = false, .followed = true}},
        RaggedLoss{
            "dice_of_permuted_trajectories", "dice", {.gaps = false, .ids = true, .permuted = true, .followed = true}},
        RaggedLoss{"differences_by_id",
                   "velocity",
                   {.ids = true, .permuted = true, .velocities = false},
                   "loss.velocities=differences"},
        RaggedLoss{"weights", "velocity", {.weighted = true}},
        RaggedLoss{"weights_drawn_at_random", "velocity", {.weighted = true}, "loss.stride=1", SamplingKind::random},
        RaggedLoss{"weights_along_paths",
                   "velocity",
                   {.gaps = false, .weighted = true, .followed = true},
                   "loss.stride=1",
                   SamplingKind::random},
        RaggedLoss{"weights_action_matching", "action-matching", {.weighted = true}},
        RaggedLoss{"weights_dice", "dice", {.gaps = false, .weighted = true}},
        RaggedLoss{"weights_dice_of_trajectories", "dice", {.gaps = false, .weighted = true, .followed = true}},
        RaggedLoss{"weights_differences_by_id",
                   "velocity",
                   {.ids = true, .permuted = true, .weighted = true, .velocities = false}}),
    [](const auto& info) { return info.param.name; });

/// Weights make N(0, I) of a cloud about kShift: without them the mean would be .5 kShift = (.3, -.2) off.
TEST_F(Ragged, ParticlesAreDrawnByTheirWeights) {
  test::write_ragged_gaussian(path_,
                              {.mu = {1}, .times = {test::even_times(0, 1, 9)}, .weighted = true, .particles = 16000});
  for (const auto sampling : {SamplingKind::stratified, SamplingKind::random}) {
    TrainConfig config;
    config.batch = {.mu = 1, .nodes = 1, .particles = 20000, .sampling = sampling};
    for (const auto subset : {Subset::training, Subset::validation}) {
      const auto batch = source(config).make(3, subset);
      const double t = batch.t[0].item<double>(), s = GaussianCase::spread(t);
      const double tolerance = subset == Subset::training ? 0.03 : 0.15;  // 700 particles validate
      EXPECT_NEAR(batch.x.select(-1, 0).mean().item<double>(), t, tolerance * s);
      EXPECT_NEAR(batch.x.select(-1, 1).mean().item<double>(), -t / 2, tolerance * s);
      EXPECT_NEAR(batch.x.select(-1, 0).std().item<double>(), s, tolerance * s);
    }
  }
}

TEST_F(Ragged, GaugePointsAreDrawnByTheirWeights) {
  test::write_ragged_gaussian(path_, {.mu = {0.5}, .times = {{0, 1e-6}}, .weighted = true});
  TrainConfig config;
  config.loss.name = "action-matching";
  test::set_key(config, "loss.gauge=20000");
  config.quadrature = {QuadratureKind::simpson, 3};
  config.batch = {.mu = 1, .particles = 8};
  const auto gauge = source(config).make(0).gauge;
  EXPECT_NEAR(gauge.select(-1, 0).mean().item<double>(), 0, 0.02);
  EXPECT_NEAR(gauge.select(-1, 1).mean().item<double>(), 0, 0.02);
}

/// Over the times 0, .1, .. 1 and 0, .05, .. .5: means of m and S^2, frames alike.
TEST_F(Ragged, UnitsComeFromWeightsAndFromAllTimes) {
  const std::vector<std::vector<double>> times{test::even_times(0, 1, 11), test::even_times(0, 0.5, 11)};
  test::write_ragged_gaussian(path_, {.mu = {1, 3}, .times = times, .weighted = true});
  const auto normalizer = compute_normalizer(DatasetReader(path_, Layouts::any), {}, 2, 11);
  double mean = 0, square = 0;
  for (std::size_t m = 0; m < 2; ++m)
    for (const double t : times[m]) {
      const double x = (m == 0 ? 1.0 : 3.0) * t;
      mean += x / 22;
      square += (x * x + std::pow(GaussianCase::spread(t), 2)) / 22;
    }
  EXPECT_NEAR(normalizer.center[0], mean, 0.01);
  EXPECT_NEAR(normalizer.scale[0], std::sqrt(square - mean * mean), 0.01);
  EXPECT_EQ(normalizer.time_start, 0);
  EXPECT_EQ(normalizer.time_span, 1);
  EXPECT_EQ(normalizer.mu_center[0], 2);
}

/// z of a particle is (x - m)/S at any time.
TEST_F(Ragged, AParticleThatValidatesDoesSoInEveryFrame) {
  test::write_ragged_gaussian(path_, {.mu = {1}, .times = {test::even_times(0, 1, 5)}, .ids = true, .permuted = true});
  TrainConfig config;
  config.batch = {.mu = 1, .nodes = 5, .particles = 500};
  config.training.validation_fraction = 0.25;
  auto batches = source(config);
  const auto seen = [&](Subset subset) {
    std::set<std::pair<long, long>> particles;
    for (int step = 0; step < 10; ++step) {
      const auto batch = batches.make(step, subset);
      for (std::int64_t g = 0; g < batch.x.size(0); ++g) {
        const double t = batch.t[g].item<double>();
        const auto z = (batch.x[g] - torch::tensor({t, -t / 2})) / GaussianCase::spread(t);
        for (std::int64_t i = 0; i < z.size(0); ++i)
          particles.insert({std::lround(1e4 * z[i][0].item<double>()), std::lround(1e4 * z[i][1].item<double>())});
      }
    }
    return particles;
  };
  const auto training = seen(Subset::training), validation = seen(Subset::validation);
  EXPECT_GT(validation.size(), 700u);   // of about 1000
  EXPECT_LT(validation.size(), 2500u);  // rounding doubles some
  for (const auto& particle : validation) EXPECT_EQ(training.count(particle), 0u);
}

TEST_F(Ragged, BatchesDoNotDependOnTheMemoryBudget) {
  test::write_ragged_gaussian(path_, unequal_times());
  TrainConfig config;
  auto roomy = source(config);
  config.training.memory_limit = 1;  // MiB; the dataset has 4
  auto tight = source(config);
  for (int step = 0; step < 5; ++step) EXPECT_TRUE(torch::equal(roomy.make(step).x, tight.make(step).x));
}

TEST_F(Ragged, WhatCannotBeTrainedOnIsRefused) {
  test::write_ragged_gaussian(path_, {.mu = {1, 2}, .times = {{0, 1}, {0.5}}});
  test::expect_error<FileError>([&] { (void)compute_normalizer(DatasetReader(path_, Layouts::any), {}); },
                                {path_, "1 frame of some mu"});
  test::write_ragged_gaussian(path_, {.mu = {1}, .times = {{0, 0.5, 1}}, .followed = true});
  test::expect_error<FileError>([&] { (void)source({}); }, {path_, "trajectories", "marginals"});
  test::write_ragged_gaussian(path_, {.mu = {1, 2}, .times = {test::even_times(0, 1, 33), {0, 0.5, 1}}});
  TrainConfig config;
  config.loss.name = "action-matching";
  config.quadrature = {.kind = QuadratureKind::simpson, .nodes = 9, .at_frames = true};
  test::expect_error<UsageError>([&] { (void)source(config); }, {"quadrature.at_frames", "3 stored times", "9 nodes"});
  test::write_ragged_gaussian(path_, {.mu = {1}, .times = {{0, 1}}, .gaps = false, .particles = 1});
  test::expect_error<FileError>([&] { (void)source({}); }, {path_, "1 particle", "mu 0, time 0"});
}

/// Relative error of the drift at an unseen mu, in [0, .6], where all mu of unequal_times() have been.
double drift_error(const ReducedModel& model) {
  const auto& normalizer = model.network->normalizer();
  const double mu = 1.2;
  double error = 0, total = 0;
  const models::NetworkDrift drift(model.network, {mu});
  const auto scale = torch::tensor(normalizer.scale), center = torch::tensor(normalizer.center);
  for (const double t : {0.25, 0.4, 0.55}) {
    torch::manual_seed(1);
    const auto x = torch::tensor({mu * t, -0.5 * t}) + GaussianCase::spread(t) * torch::randn({500, 2});
    const auto exact = GaussianCase::drift(x, mu, t, 0) / scale;
    const auto found = drift.drift((x - center) / scale, normalizer.normalized_time(t));
    error += (found - exact).square().sum().item<double>();
    total += exact.square().sum().item<double>();
  }
  return std::sqrt(error / total);
}

/// That of a small training on snapshots.
double trained_drift_error(const std::string& data, const std::string& output) {
  auto config = test::small_config();
  config.loss.name = "action-matching";
  config.quadrature = {QuadratureKind::simpson, 17};
  static_cast<void>(train({.data_path = data, .output_path = output, .config = config, .config_toml = "", .seed = 4}));
  return drift_error(load_model(output));
}

/// Snapshots with weights and gaps: what moves the weighted population, from its densities alone.
TEST_F(Ragged, TrainingsFindTheFieldOfTheWeightedPopulation) {
  for (const bool weighted : {false, true}) {
    auto data = unequal_times();
    data.weighted = weighted;
    test::write_ragged_gaussian(path_, data);
    EXPECT_LT(trained_drift_error(path_, folder_.path("model.h5")), 0.1) << (weighted ? "weighted" : "");
  }
}

/// Particles of a fixed cloud whose weights move: the unweighted population stands still.
TEST_F(Ragged, TrainingsFindWhatTheWeightsMove) {
  for (const bool weighted : {false, true}) {
    test::write_moving_weights(path_, {0.5, 1.0, 1.5}, weighted);
    const double error = trained_drift_error(path_, folder_.path("model.h5"));
    if (weighted) EXPECT_LT(error, 0.2);
    else EXPECT_GT(error, 0.8);
  }
}

/// Sum of the weights and mean of the first coordinate in the frame nearest to t, its weight counted.
std::pair<double, double> weight_and_mean(const std::string& path, double t) {
  const DatasetReader rollout(path);
  const auto& time = rollout.header().time;
  const auto nearest =
      std::min_element(time.begin(), time.end(), [t](double a, double b) { return std::abs(a - t) < std::abs(b - t); });
  const auto frame = rollout.read_frame(0, nearest - time.begin());
  double weight = 0, sum = 0;
  for (std::size_t n = 0; n < frame.weights.size(); ++n) {
    weight += frame.weights[n];
    sum += static_cast<double>(frame.weights[n]) * frame.samples[2 * n];
  }
  return {weight, sum / weight};
}

/// A rollout takes the weights of its start along; some particles of it are drawn by weight and weigh as much together.
/// Without the weights the mean at t = .6 would be .74 kShift = .44 off.
TEST_F(Ragged, RolloutsKeepTheWeightsOfTheirStart) {
  auto data = unequal_times();
  data.weighted = true;
  test::write_ragged_gaussian(path_, data);
  const auto model = folder_.path("model.h5"), rollout = folder_.path("rollout.h5"), start = folder_.path("start.h5");
  static_cast<void>(
      train({.data_path = path_, .output_path = model, .config = test::small_config(), .config_toml = "", .seed = 4}));
  test::write_ragged_gaussian(start, {.mu = {1.2, 9}, .times = {{0}, {0, 1}}, .weighted = true, .particles = 3000});
  InferOptions options;
  options.mu.resize(1);
  options.mu[0] = {1.2};
  options.integration.steps = 32;
  const auto check = [&](double weight) {
    infer({model, rollout, options, "", 1});
    const auto [sum, mean] = weight_and_mean(rollout, 0.6);
    EXPECT_NEAR(mean, 1.2 * 0.6, 0.06);
    EXPECT_NEAR(sum, weight, 1e-3 * weight);
    EXPECT_NEAR(weight_and_mean(rollout, 0).first, weight, 1e-3 * weight);
  };
  const auto sum_of = [](const std::string& path) {
    double sum = 0;
    for (const float weight : DatasetReader(path, Layouts::any).read_frame(0, 0).weights) sum += weight;
    return sum;
  };
  check(sum_of(path_));
  EXPECT_EQ(DatasetReader(rollout).header().time, data::all_times(DatasetReader(path_, Layouts::any).header()));
  options.start.particles = 1000;  // of 3400: drawn by weight
  check(sum_of(path_));
  options.start.particles = 2000;
  check(sum_of(path_));
  options.start.path = start;
  check(sum_of(start));
  options.start.particles = 0;
  check(sum_of(start));
  EXPECT_EQ(DatasetReader(rollout).header().frames(),
            std::ssize(data::all_times(DatasetReader(path_, Layouts::any).header())));
  test::write_ragged_gaussian(start,
                              {.mu = {1.2, 9}, .times = {{0, 0.123}, {0, 2}}, .weighted = true, .particles = 3000});
  check(sum_of(start));
  const auto times = DatasetReader(rollout).header().time;
  EXPECT_NE(std::find(times.begin(), times.end(), 0.123), times.end()) << "a time at which the truth is known";
  EXPECT_EQ(times.back(), 1) << "2 is beyond the model's times";
  EXPECT_EQ(DatasetReader(rollout).header().particles, DatasetReader(start, Layouts::any).header().particles_at(0, 0));
}

TEST_F(Ragged, TheDensityOfAStartIsThatOfItsWeightedParticles) {
  const auto x = (test::quiet_normals(4000) + torch::tensor({test::kShift[0], test::kShift[1]})).to(torch::kFloat32);
  const auto weights =
      (-(x * torch::tensor({test::kShift[0], test::kShift[1]}).to(torch::kFloat32)).sum(1, true)).exp();
  const auto found = initial_log_density(LogDensityKind::gaussian, x, {0, 0}, 1e6 * weights);
  const auto exact = -x.square().sum(1) / 2 - std::log(2 * std::numbers::pi);
  EXPECT_LT((found - exact).abs().mean().item<double>(), 0.1);
  const auto without = initial_log_density(LogDensityKind::gaussian, x, {0, 0});
  EXPECT_GT((without - exact).abs().mean().item<double>(), 0.3);
}

/// The third mu has no frame at the first time of all.
TEST_F(Ragged, ModelsKeepPopulationsOfTheFirstTimeWithTheirWeights) {
  for (const bool alike : {false, true}) {
    auto data = unequal_times();
    data.weighted = true;
    data.particles = 50;
    data.gaps = false;
    if (!alike) data.times[1] = {0, 0.3, 0.6};
    test::write_ragged_gaussian(path_, data);
    auto initial = initial_populations_of(DatasetReader(path_, Layouts::any));
    ASSERT_EQ(initial.mu, (std::vector<std::vector<double>>{{0.5}, {1.0}}));
    ASSERT_EQ(initial.weights.size(), 2u);
    if (!alike) {
      initial.samples[1].resize(2 * 30);
      initial.weights[1].resize(30);
      initial.particles = 30;
    }
    const auto stored = folder_.path("initial.h5");
    {
      auto file = h5::File::create(stored);
      write_initial(file, initial, 2);
      file.close();
    }
    EXPECT_EQ(h5::File::open(stored).dims("/initial/samples"), alike ? (h5::Dims{2, 50, 2}) : (h5::Dims{80, 2}));
    const auto read = read_initial(h5::File::open(stored), 2);
    EXPECT_EQ(read.mu, initial.mu);
    EXPECT_EQ(read.samples, initial.samples);
    EXPECT_EQ(read.weights, initial.weights);
    EXPECT_EQ(read.particles, initial.particles);
  }
}

}  // namespace
}  // namespace scorefield::training
