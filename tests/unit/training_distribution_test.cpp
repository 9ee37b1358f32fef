// Models that learn the distribution at every (mu, t), and the density along a learned flow.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <numbers>

#include "core/error.hpp"
#include "data/h5.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/train_keys.hpp"
#include "training/calibration/calibrate.hpp"
#include "training/model_file.hpp"
#include "training/rollout/infer.hpp"
#include "training/score_target.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using test::GaussianCase;

/// Two Gaussians of deviation .4 at (-1.2, 0) and (1, .6), weights 1/3 and 2/3.
struct Mixture {
  static constexpr double kDeviation = 0.4;
  static torch::Tensor centers() { return torch::tensor({{-1.2, 0.0}, {1.0, 0.6}}, torch::kFloat64); }

  static torch::Tensor sample(std::int64_t count) {
    torch::manual_seed(11);
    const auto second = (torch::arange(count) % 3 > 0).to(torch::kInt64);
    return centers().index_select(0, second) + kDeviation * torch::randn({count, 2}, torch::kFloat64);
  }

  /// grad log p of the mixture smoothed by independent noise of these deviations. x: [N, 2].
  static torch::Tensor score(const torch::Tensor& x, const std::vector<double>& noise) {
    const auto variance = torch::tensor(noise, torch::kFloat64).square() + kDeviation * kDeviation;
    const auto offset = centers().unsqueeze(1) - x.unsqueeze(0);  // [2, N, 2]
    const auto log_weight = torch::tensor({1.0, 2.0}, torch::kFloat64).log().unsqueeze(1);
    const auto share = torch::softmax(log_weight - (offset.square() / variance).sum(-1) / 2, 0);
    return (share.unsqueeze(-1) * offset / variance).sum(0);
  }
};

class Distributions : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path(name); }

  /// One frame of the mixture, or the moving Gaussian.
  std::string write_mixture() const {
    data::DatasetHeader header;
    header.mu_names = {"mu"};
    header.mu = {{0.0}};
    header.time = {0.0};
    header.time_units = "1";
    header.particles = 20000;
    header.coordinates = {"x", "y"};
    header.units = {"1", "1"};
    header.periods = {0, 0};
    header.identity = data::Identity::marginals;
    const auto x = Mixture::sample(header.particles).to(torch::kFloat32).contiguous();
    data::DatasetWriter writer(path("mixture.h5"), header);
    writer.write_frame(0, 0, {x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())});
    writer.commit();
    return path("mixture.h5");
  }

  static TrainConfig small_config(const char* loss) {
    TrainConfig config;
    config.loss.name = loss;
    config.model.width = 32;
    config.model.depth = 3;
    config.model.rank = 3;
    config.model.bias_latents = 6;
    config.model.hypernetwork_width = 24;
    config.model.time_features = 2;
    config.batch = {.mu = 3, .nodes = 8, .particles = 128};
    config.optimizer.learning_rate = 1e-2;
    config.training.steps = 600;
    config.training.log_every = 200;
    return config;
  }

  void train_to(const TrainConfig& config, const std::string& data, const std::string& model) const {
    OptionSet set;
    TrainConfig copy = config;
    bind(set, copy);
    train({.data_path = data, .output_path = path(model), .config = config, .config_toml = set.to_toml(), .seed = 4});
  }

  test::TemporaryFolder folder_;
};

TEST_F(Distributions, ScoreNetworkFindsTheScoreOfAMixture) {
  auto config = small_config("dsm");
  config.batch = {.mu = 1, .nodes = 1, .particles = 2048};
  train_to(config, write_mixture(), "score.h5");
  ASSERT_TRUE(is_score_model(path("score.h5")));
  EXPECT_FALSE(is_score_model(path("mixture.h5")));
  EXPECT_FALSE(is_score_model(path("absent.h5")));
  const ScoreTarget target(path("score.h5"));
  const auto x = Mixture::sample(4000) + torch::tensor({0.01, -0.02}, torch::kFloat64);
  const auto exact = Mixture::score(x, target.noise());
  const auto error = (target.score(x) - exact).square().mean().sqrt() / exact.square().mean().sqrt();
  EXPECT_LT(error.item<double>(), 0.1);
  EXPECT_EQ(target.dimension(), 2);
  EXPECT_EQ(target.score(x).scalar_type(), torch::kFloat64);
  EXPECT_FALSE(target.has_log_density());
  const auto start = target.initial(20500);  // the first of them again when there are too few
  EXPECT_EQ(start.sizes(), (std::vector<std::int64_t>{20500, 2}));
  EXPECT_TRUE(torch::equal(start.narrow(0, 0, 500), start.narrow(0, 20000, 500)));
}

TEST_F(Distributions, ScoreNetworkIsConditionedOnMuAndTime) {
  const auto data = path("gaussian.h5");
  test::write_gaussian_dataset(data, {0.5, 1.0, 1.5});
  train_to(small_config("dsm"), data, "score.h5");
  for (const double t : {0.1, 0.8}) {
    const ScoreTarget target(path("score.h5"), {1.2}, t);
    const auto mean = torch::tensor({1.2 * t, -0.5 * t}, torch::kFloat64);
    const auto x = mean + GaussianCase::spread(t) * torch::randn({500, 2}, torch::kFloat64);
    const auto variance =
        torch::tensor(target.noise(), torch::kFloat64).square() + std::pow(GaussianCase::spread(t), 2);
    const auto exact = -(x - mean) / variance;
    EXPECT_LT(((target.score(x) - exact).square().mean() / exact.square().mean()).sqrt().item<double>(), 0.1) << t;
  }
  InferOptions options;
  options.mu = {{1.2}};
  EXPECT_THAT([&] { infer({path("score.h5"), path("rollout.h5"), options, "", 1}); },
              ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("'scorefield sample'")));
  EXPECT_THROW(ScoreTarget(path("score.h5"), {1.2, 3.0}, 0), UsageError);
}

struct BaselineCase {
  const char* name;
  const char* loss;
  ConditionalMethod method;
};

class ConditionalBaseline : public Distributions, public ::testing::WithParamInterface<BaselineCase> {};

/// At an unseen mu every frame has the moments of the Gaussian there. Standard error of 4000 samples: 1.1 % of the
/// spread.
TEST_P(ConditionalBaseline, SamplesTheGaussianAtAnUnseenMu) {
  const auto data = path("gaussian.h5");
  test::write_gaussian_dataset(data, {0.5, 1.0, 1.5});
  auto config = small_config(GetParam().loss);
  test::set_key(config, "loss.noise_max=3");
  config.training.steps = 800;
  config.optimizer.learning_rate = 5e-3;
  train_to(config, data, "model.h5");
  InferOptions options;
  options.mu = {{1.2}};
  options.frames = 3;
  options.conditional.method = GetParam().method;
  infer({path("model.h5"), path("samples.h5"), options, "", 1});
  const data::DatasetReader reader(path("samples.h5"));
  const bool followed = std::string(GetParam().loss) == "cfm";  // the same points of noise at all times
  EXPECT_EQ(reader.header().identity, followed ? data::Identity::trajectories : data::Identity::marginals);
  for (std::int64_t k = 0; k < 3; ++k) {
    std::vector<float> frame(static_cast<std::size_t>(reader.header().frame_size()));
    reader.read_samples(0, k, frame);
    const double t = static_cast<double>(k) / 2, spread = GaussianCase::spread(t);
    const auto x = torch::tensor(frame).view({-1, 2});
    const auto error = (x.mean(0) - torch::tensor({1.2 * t, -0.5 * t})) / spread;
    EXPECT_LT(error.abs().max().item<double>(), 0.1) << "mean at t = " << t;
    EXPECT_LT((x.std(0) / spread - 1).abs().max().item<double>(), 0.1) << "spread at t = " << t;
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, ConditionalBaseline,
                         ::testing::Values(BaselineCase{"ncsm_flow", "ncsm", ConditionalMethod::probability_flow},
                                           BaselineCase{"ncsm_langevin", "ncsm", ConditionalMethod::langevin},
                                           BaselineCase{"cfm", "cfm", ConditionalMethod::probability_flow}),
                         [](const auto& info) { return info.param.name; });

/// log rho of the moving Gaussian is known everywhere; the learned drift is exact to a few percent.
TEST_F(Distributions, LogDensityAlongTheFlowIsThatOfTheGaussian) {
  const auto data = path("gaussian.h5");
  test::write_gaussian_dataset(data, {0.5, 1.0, 1.5});
  auto config = small_config("velocity");
  config.training.steps = 300;
  train_to(config, data, "model.h5");
  InferOptions options;
  options.mu = {{1.2}};
  options.frames = 5;
  options.integration.steps = 32;
  options.log_density = LogDensityKind::gaussian;
  infer({path("model.h5"), path("rollout.h5"), options, "", 1});
  const auto file = h5::File::open(path("rollout.h5"));
  EXPECT_THAT(file.string_attribute("/log_density", "initial"), ::testing::HasSubstr("Gaussian"));
  ASSERT_EQ(file.dims("/log_density"), (h5::Dims{1, 5, 4000}));
  const auto samples = torch::tensor(file.read<double>("/samples")).view({5, 4000, 2});
  const auto density = torch::tensor(file.read<double>("/log_density")).view({5, 4000});
  for (std::int64_t k = 0; k < 5; ++k) {
    const double t = static_cast<double>(k) / 4, spread = GaussianCase::spread(t);
    const auto z = (samples[k] - torch::tensor({1.2 * t, -0.5 * t}, torch::kFloat64)) / spread;
    const auto exact = -z.square().sum(1) / 2 - std::log(2 * std::numbers::pi * spread * spread);
    // The change of log rho over the run is 2 log(.9/.5) = 1.18.
    EXPECT_LT((density[k] - exact).abs().mean().item<double>(), 0.05) << t;
  }
}

/// mu of an observation that the model never saw, from other particles than its own.
TEST_F(Distributions, CalibrationFindsAKnownMuWithItsUncertainty) {
  const auto data = path("gaussian.h5"), observed = path("observed.h5");
  test::write_gaussian_dataset(data, {0.5, 1.0, 1.5});
  test::write_gaussian_dataset(observed, {0.8, 1.27}, 1000, 9, 0.13);
  auto config = small_config("velocity");
  config.training.steps = 300;
  train_to(config, data, "model.h5");
  CalibrateOptions options;
  options.run = 1;
  options.steps = 24;
  options.frames = 4;
  options.scan = 4;
  options.bootstrap = 60;
  const auto result = calibrate({path("model.h5"), observed, options, 3});
  EXPECT_TRUE(result.converged);
  EXPECT_FALSE(result.at_boundary);
  // Least squares of the means at t = 1/4, 1/2, 3/4, 1 of 1000 independent trajectories: E[x_k] = mu t_k, deviations
  // S(t_k).
  double spread = 0, squares = 0;
  for (const double t : {0.25, 0.5, 0.75, 1.0}) {
    spread += t * GaussianCase::spread(t);
    squares += t * t;
  }
  const double expected = spread / squares / std::sqrt(1000.0);
  EXPECT_NEAR(result.deviation.at(0), expected, 0.35 * expected);
  EXPECT_NEAR(result.mu.at(0), 1.27, 2 * expected + 0.01);  // quiet samples are closer than independent ones
  EXPECT_LT(result.low, result.mu);
  EXPECT_GT(result.high, result.mu);

  // Fewer particles are random ones of all: the first 500 of a file may be one corner of the population.
  options.particles = 500;
  options.bootstrap = 0;
  EXPECT_NEAR(calibrate({path("model.h5"), observed, options, 3}).mu.at(0), 1.27, 3 * std::sqrt(2.0) * expected + 0.01);

  // The derivative of the discrete rollout's distance, through every step.
  const double h = 2e-3;
  for (const double mu : {0.9, 1.4}) {
    const auto at = [&](double value) {
      return calibration_loss({path("model.h5"), observed, options, 3}, {mu}, {value});
    };
    const double difference = (at(mu + h).value - at(mu - h).value) / (2 * h);
    EXPECT_NEAR(at(mu).slope.at(0), difference, 0.01 * std::abs(difference)) << mu;
  }
}

TEST_F(Distributions, LogDensityIsRefusedWhereTheFlowDoesNotCarryThePopulation) {
  const auto data = path("gaussian.h5");
  test::write_gaussian_dataset(data, {0.5, 1.0});
  auto config = small_config("velocity");
  config.training.steps = 2;
  config.loss.sigma = 0.2;
  train_to(config, data, "model.h5");
  InferOptions options;
  options.mu = {{0.7}};
  options.log_density = LogDensityKind::change;
  EXPECT_THAT([&] { infer({path("model.h5"), path("rollout.h5"), options, "", 1}); },
              ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("without noise")));
  EXPECT_FALSE(std::filesystem::exists(path("rollout.h5")));
}

}  // namespace
}  // namespace scorefield::training
