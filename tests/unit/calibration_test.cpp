// Calibration of two parameters against closed forms, and whether a model explains an observation at all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <memory>

#include "core/error.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_values.hpp"
#include "training/calibration/ensemble.hpp"
#include "training/calibration/gauss_newton.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using test::expect_error;
using Tuples = std::vector<std::vector<double>>;

/// x_i(t) = (a t, (a + b) t) + (.5 + .4 t) z_i with z_i standard normal in the plane: both parameters shift means.
struct Drifting {
  Tuples mu;
  std::int64_t particles = 2000;
  std::uint64_t seed = 1;
  double spread = 1;  ///< factor of z
  std::vector<double> periods{0, 0};
  std::vector<std::string> names{"a", "b"};

  static double deviation(double t) { return 0.5 + 0.4 * t; }

  void write(const std::string& path) const {
    data::DatasetHeader header;
    header.provenance.format = data::kDatasetFormat;
    header.mu = mu;
    header.mu_names = names;
    for (int k = 0; k <= 8; ++k) header.time.push_back(k / 8.0);
    header.time_units = "1";
    header.particles = particles;
    header.coordinates = {"x", "y"};
    header.units = {"1", "1"};
    header.periods = periods;
    header.has_velocities = true;
    torch::manual_seed(seed);
    data::DatasetWriter writer(path, header);
    for (std::size_t m = 0; m < mu.size(); ++m) {
      const auto z = spread * torch::randn({particles, 2}, torch::kFloat64);
      const auto velocity = torch::tensor({mu[m][0], mu[m][0] + mu[m][1]}, torch::kFloat64);
      for (std::size_t k = 0; k < header.time.size(); ++k) {
        const double t = header.time[k];
        const auto x = (velocity * t + deviation(t) * z).to(torch::kFloat32).contiguous();
        const auto v = (velocity + 0.4 * z).to(torch::kFloat32).contiguous();
        writer.write_frame(static_cast<std::int64_t>(m), static_cast<std::int64_t>(k), test::values_of(x),
                           test::values_of(v));
      }
    }
    writer.commit();
  }
};

class TwoParameters : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TemporaryFolder>();
    Tuples mu;
    for (const double a : {0.5, 1.0, 1.5})
      for (const double b : {-1.0, -0.5, 0.0}) mu.push_back({a, b});
    Drifting{.mu = mu}.write(path("train.h5"));
    for (const char* name : {"model.h5", "other.h5"}) {
      TrainConfig config;
      config.loss.name = "velocity";
      config.model.width = 32;
      config.model.depth = 2;
      config.model.rank = 3;
      config.model.hypernetwork_width = 24;
      config.model.time_features = 2;
      config.batch = {.mu = 6, .nodes = 6, .particles = 96};
      config.optimizer.learning_rate = 1e-2;
      config.training.steps = std::string(name) == "model.h5" ? 500 : 60;
      OptionSet set;
      TrainConfig copy = config;
      bind(set, copy);
      train({.data_path = path("train.h5"),
             .output_path = path(name),
             .config = config,
             .config_toml = set.to_toml(),
             .seed = 4});
    }
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static std::string path(const std::string& name) { return folder_->path(name); }

  static CalibrateRequest request(const std::string& observed) {
    CalibrateRequest request{path("model.h5"), path(observed)};
    request.options.steps = 24;
    request.options.frames = 4;
    request.options.scan = 4;
    request.options.bootstrap = 100;
    request.options.particles = 1000;
    request.seed = 3;
    return request;
  }

  static std::unique_ptr<test::TemporaryFolder> folder_;
};
std::unique_ptr<test::TemporaryFolder> TwoParameters::folder_;

/// Least squares of the means at t = 1/4 ... 1: the estimates of a and of a + b have the error c zbar, c = sum t S /
/// sum t^2, in independent directions, so var a = c^2/N, cov(a, b) = -c^2/N and var b = 2 c^2/N.
TEST_F(TwoParameters, AreBothFoundWithTheirCovariance) {
  Drifting{.mu = {{1.2, -0.35}}, .particles = 1000, .seed = 9}.write(path("observed.h5"));
  const auto result = calibrate(request("observed.h5"));
  EXPECT_EQ(result.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(result.converged);
  EXPECT_FALSE(result.at_boundary);
  double products = 0, squares = 0;
  for (const double t : {0.25, 0.5, 0.75, 1.0}) {
    products += t * Drifting::deviation(t);
    squares += t * t;
  }
  const double variance = std::pow(products / squares, 2) / 1000;
  EXPECT_NEAR(result.covariance[0][0] / variance, 1, 0.4);
  EXPECT_NEAR(result.covariance[1][1] / variance, 2, 0.8);
  EXPECT_NEAR(result.covariance[0][1] / variance, -1, 0.5);
  EXPECT_EQ(result.covariance[0][1], result.covariance[1][0]);
  EXPECT_DOUBLE_EQ(result.deviation[1], std::sqrt(result.covariance[1][1]));
  // The start of the rollouts, a thousand of the training particles, is as uncertain as the observation.
  EXPECT_NEAR(result.mu[0], 1.2, 3 * std::sqrt(2 * variance) + 0.02);
  EXPECT_NEAR(result.mu[1], -0.35, 3 * std::sqrt(4 * variance) + 0.02);
  EXPECT_LT(result.low[0], result.mu[0]);
  EXPECT_GT(result.high[1], result.mu[1]);
  EXPECT_TRUE(result.fits) << result.distance << " against " << result.floor;
  ASSERT_EQ(result.scan_mu.size(), 8u);
  for (const auto& mu : result.scan_mu) EXPECT_EQ(mu.size(), 2u);
}

TEST_F(TwoParameters, SlopesAreThoseOfTheDistance) {
  Drifting{.mu = {{1.2, -0.35}}, .particles = 1000, .seed = 9}.write(path("observed.h5"));
  const auto at = [&](double a, double b) { return calibration_loss(request("observed.h5"), {1, -0.5}, {a, b}); };
  const double h = 2e-3;
  const auto slope = at(0.8, -0.7).slope;
  const double along_a = (at(0.8 + h, -0.7).value - at(0.8 - h, -0.7).value) / (2 * h);
  const double along_b = (at(0.8, -0.7 + h).value - at(0.8, -0.7 - h).value) / (2 * h);
  EXPECT_NEAR(slope.at(0), along_a, 0.01 * std::abs(along_a));
  EXPECT_NEAR(slope.at(1), along_b, 0.01 * std::abs(along_b));
}

/// The distance of two independent samples of N points, by its definition.
TEST_F(TwoParameters, TheFloorIsThatOfTwoIndependentPopulations) {
  Drifting{.mu = {{1.2, -0.35}}, .particles = 1000, .seed = 9}.write(path("observed.h5"));
  Drifting{.mu = {{1.2, -0.35}}, .particles = 4000, .seed = 10}.write(path("larger.h5"));
  auto few = request("observed.h5"), many = request("larger.h5");
  few.options.bootstrap = many.options.bootstrap = 0;
  const double halves = calibrate(few).floor, whole = calibrate(many).floor;
  EXPECT_NEAR(halves / whole, 1, 0.4) << "halves of 500 scaled, against 1000 and 1000";
  EXPECT_GT(whole, 0.02);
  EXPECT_LT(whole, 0.1);
}

TEST_F(TwoParameters, AnObservationThatNoMuExplainsDoesNotFit) {
  Drifting{.mu = {{1.2, -0.35}}, .particles = 1000, .seed = 9, .spread = 1.6}.write(path("wide.h5"));
  auto asked = request("wide.h5");
  asked.options.bootstrap = 0;
  const auto result = calibrate(asked);
  EXPECT_FALSE(result.fits) << result.distance << " against " << result.floor;
  EXPECT_GT(result.distance, 3 * result.floor);
}

TEST_F(TwoParameters, AnEnsembleReportsItsSpread) {
  Drifting{.mu = {{1.2, -0.35}}, .particles = 1000, .seed = 9}.write(path("observed.h5"));
  auto asked = request("observed.h5");
  asked.options.seeds = 2;
  const auto found = calibrate_ensemble(asked, {path("model.h5"), path("other.h5")});
  ASSERT_EQ(found.members.size(), 4u);
  EXPECT_EQ(found.members[1].seed, 4);
  EXPECT_EQ(found.members[2].model_path, path("other.h5"));
  EXPECT_EQ(found.members[0].found.mu, calibrate(request("observed.h5")).mu);
  for (std::size_t p = 0; p < 2; ++p) {
    double mean = 0, squares = 0, sampling = 0;
    for (const auto& member : found.members) mean += member.found.mu[p] / 4;
    for (const auto& member : found.members) {
      squares += std::pow(member.found.mu[p] - mean, 2) / 3;
      sampling += std::pow(member.found.deviation[p], 2) / 4;
    }
    EXPECT_DOUBLE_EQ(found.mean[p], mean);
    EXPECT_NEAR(found.spread[p], std::sqrt(squares), 1e-12);
    EXPECT_NEAR(found.deviation[p], std::sqrt(squares + sampling), 1e-12);
    EXPECT_GT(found.spread[p], 0);
  }
}

TEST_F(TwoParameters, AnObservationOrAStartOfAnotherBoxIsRefused) {
  Drifting{.mu = {{1.2, -0.35}}, .particles = 100, .periods = {10, 0}}.write(path("box.h5"));
  expect_error<FileError>([&] { (void)calibrate(request("box.h5")); }, {"box.h5", "'x' has the period 10", "period 0"});
  auto started = request("train.h5");
  started.options.initial_file = path("box.h5");
  expect_error<FileError>([&] { (void)calibrate(started); }, {"box.h5", "another box"});
  InferOptions options;
  options.mu = {{1.2, -0.35}};
  options.start.path = path("box.h5");
  expect_error<FileError>([&] { infer({path("model.h5"), path("rollout.h5"), options}); }, {"box.h5", "another box"});
}

TEST_F(TwoParameters, InferTakesThemByNameAndChecksTheirRanges) {
  InferOptions options;
  options.integration.steps = 16;
  options.mu = {{-0.35, 1.2}, {0.5, 1.2}};
  options.parameters = "b, a";
  const auto result = infer({path("model.h5"), path("rollout.h5"), options});
  EXPECT_EQ(result.mu, (Tuples{{1.2, -0.35}, {1.2, 0.5}}));
  EXPECT_THAT(result.warnings, ::testing::ElementsAre(::testing::HasSubstr("b = 0.5 lies outside the training range"),
                                                      ::testing::HasSubstr("nearest training mu")));
  const data::DatasetReader rollout(path("rollout.h5"));
  EXPECT_EQ(rollout.header().mu, result.mu);
  EXPECT_EQ(rollout.header().mu_names, (std::vector<std::string>{"a", "b"}));
  std::vector<float> samples(static_cast<std::size_t>(rollout.header().frame_size()));
  rollout.read_samples(0, rollout.header().frames() - 1, samples);
  const auto mean = torch::from_blob(samples.data(), {rollout.header().particles, 2}).mean(0);
  EXPECT_NEAR(mean[0].item<double>(), 1.2, 0.08);
  EXPECT_NEAR(mean[1].item<double>(), 0.85, 0.08);

  const auto refused = [&](const Tuples& mu, const std::string& names, const std::vector<std::string>& words) {
    options.mu = mu;
    options.parameters = names;
    expect_error<UsageError>([&] { infer({path("model.h5"), path("rollout.h5"), options}); }, words);
  };
  refused({{1.2}}, "", {"mu = 1.2, the model expects 2 numbers: a, b"});
  refused({{1.2, 0}}, "a, c", {"parameter of the model", "'c'"});
  refused({{1.2}}, "a", {"expected each of the model's once: a, b"});
}

TEST(GaussNewton, SolvesAndLeavesUndeterminedComponentsOut) {
  EXPECT_EQ(solve_semidefinite({4}, {2}), std::vector<double>{0.5});
  const auto x = solve_semidefinite({4, 1, 1, 3}, {1, 2});
  EXPECT_NEAR(x[0], 1.0 / 11, 1e-15);
  EXPECT_NEAR(x[1], 7.0 / 11, 1e-15);
  EXPECT_EQ(solve_semidefinite({0, 0, 0, 2}, {1, 4}), (std::vector<double>{0, 2})) << "no dependence on the first";
  EXPECT_EQ(solve_semidefinite({2, 2, 2, 2}, {4, 4}), (std::vector<double>{2, 0})) << "the same direction twice";
}

TEST(GaussNewton, StopsAtTheBoundaryAndMinimisesAlongIt) {
  // F = (s1 - 3)^2 + (s1 + s2 - 2)^2: at s1 = 1 the minimum over s2 is 1; alone it would be (3, -1).
  const QuadraticModel model{{0, 0}, {-10, -4}, {4, 2, 2, 2}, {-1, -2}, {1, 2}};
  const auto at = bounded_minimum(model);
  EXPECT_EQ(at[0], 1);
  EXPECT_NEAR(at[1], 1, 1e-14);
  const auto inside = bounded_minimum({{0, 0}, {-10, -4}, {4, 2, 2, 2}, {-5, -5}, {5, 5}});
  EXPECT_NEAR(inside[0], 3, 1e-14);
  EXPECT_NEAR(inside[1], -1, 1e-14);
  EXPECT_EQ(bounded_minimum({{0.25}, {1}, {8}, {-1}, {1}}), std::vector<double>{0.125});
}

}  // namespace
}  // namespace scorefield::training
