// Mass that grows: unbalanced action matching at a known potential, and a growth field that finds a mass that splits.

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <vector>

#include "core/error.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/train_keys.hpp"
#include "training/batch/source.hpp"
#include "training/model_file.hpp"
#include "training/objective.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// N(u t, S^2) on the line whose mass grows as exp(r t). With g = s/lambda a potential that is linear in x,
///   s = lambda r + b (x - u t),   b = u/(1 + S^2/lambda),
/// moves the mean by b + S^2 b/lambda = u (the growth favours one side), keeps S, and E[g] = r.
constexpr double kSpeed = 0.8, kSpread = 0.5, kRate = 0.7, kLambda = 2;
constexpr double kSlope = kSpeed / (1 + kSpread * kSpread / kLambda);
constexpr std::int64_t kFrames = 33;

Tensor exact_potential(const Tensor& x, const Tensor& t) {
  return kLambda * kRate + kSlope * (x.select(-1, 0) - kSpeed * t.unsqueeze(1));
}

/// -1/2 int m E[|b|^2 + s^2/lambda] dt, the least value.
double least_loss() {
  const double density = kSlope * kSlope + (std::pow(kLambda * kRate, 2) + std::pow(kSlope * kSpread, 2)) / kLambda;
  return -0.5 * density * (std::exp(kRate) - 1) / kRate;
}

class Growth : public ::testing::Test {
 protected:
  /// The growing Gaussian: the same particles at every time, whose weights grow.
  void write_gaussian() const {
    constexpr std::int64_t particles = 2000;
    data::DatasetHeader header;
    header.provenance.format = data::kDatasetFormat;
    header.mu = {{0}};
    header.mu_names = {"mu"};
    for (std::int64_t k = 0; k < kFrames; ++k) header.time.push_back(static_cast<double>(k) / (kFrames - 1));
    header.time_units = "1";
    header.particles = particles;
    header.coordinates = {"x"};
    header.units = {"1"};
    header.periods = {0};
    header.identity = data::Identity::marginals;
    header.has_weights = true;
    data::DatasetWriter writer(path_, header);
    for (std::int64_t k = 0; k < kFrames; ++k) {
      const double t = header.time[static_cast<std::size_t>(k)];
      std::vector<float> x, weights(particles, static_cast<float>(std::exp(kRate * t)));
      for (std::int64_t i = 0; i < particles; ++i)
        x.push_back(static_cast<float>(kSpeed * t + kSpread * test::GaussianCase::quantile((i + 0.5) / particles)));
      writer.write_frame(0, k, x, {}, weights);
    }
    writer.commit();
  }

  static models::Normalizer line() {
    models::Normalizer normalizer;
    normalizer.center = {0};
    normalizer.scale = {1};
    normalizer.periods = {0};
    normalizer.mu_center = {0};
    normalizer.mu_scale = {1};
    return normalizer;
  }

  static TrainConfig config_of(const std::string& loss) {
    TrainConfig config;
    config.loss.name = loss;
    config.loss.growth = kLambda;
    config.quadrature = {QuadratureKind::simpson, kFrames};
    config.batch = {.mu = 1, .nodes = kFrames, .particles = 512};
    return config;
  }

  test::TemporaryFolder folder_;
  const std::string path_ = folder_.path("data.h5");
};

/// The exact potential has the least value and no slope in any direction, of time alone included.
TEST_F(Growth, UnbalancedLossesHaveTheirLeastValueAtTheExactPotential) {
  write_gaussian();
  for (const char* loss : {"action-matching", "dice"}) {
    const auto config = config_of(loss);
    BatchSource source(data::DatasetReader(path_), line(), config, 1);
    const auto mean = [&](const GroupPotential& potential) {
      double sum = 0;
      for (int i = 0; i < 4; ++i)
        sum += autograd_objective(potential, config.loss, source.make(i), 1, i).item<double>() / 4;
      return sum;
    };
    EXPECT_NEAR(mean([](const auto& x, const auto&, const auto& t) { return exact_potential(x, t); }), least_loss(),
                0.01 * std::abs(least_loss()))
        << loss;
    for (int direction = 0; direction < 4; ++direction) {
      const auto along = [&](double step) {
        return mean([&](const auto& x, const auto&, const auto& t) {
          const auto y = x.select(-1, 0);
          const auto time = t.unsqueeze(1).expand_as(y);
          const Tensor directions[] = {torch::ones_like(y), y, time, y.square() + y * time};
          return exact_potential(x, t) + step * directions[direction];
        });
      };
      EXPECT_NEAR((along(0.1) - along(-0.1)) / 0.2, 0, 0.02) << loss << ", direction " << direction;
    }
  }
}

TEST_F(Growth, OnlyLossesThatSeeThePotentialLearnGrowth) {
  for (const char* loss : {"velocity", "transport", "cfm"}) {
    const auto config = config_of(loss);
    EXPECT_THROW(validate(config), UsageError) << loss;
  }
  EXPECT_NO_THROW(validate(config_of("dice")));
}

/// Trained and rolled out, weights of the rollout are the mass: it grows as exp(r t), and the mean moves.
TEST_F(Growth, RolloutsCarryTheMass) {
  write_gaussian();
  auto config = config_of("dice");
  test::set_key(config, "model.width=16");
  test::set_key(config, "model.depth=2");
  config.batch.particles = 64;
  config.batch.nodes = 16;
  config.training.steps = 300;
  config.optimizer.ema_decay = 0.95;
  const std::string model = folder_.path("model.h5"), rollout = folder_.path("rollout.h5");
  static_cast<void>(train({.data_path = path_, .output_path = model, .config = config, .config_toml = ""}));
  EXPECT_GT(load_model(model).growth, 0);
  InferOptions options;
  options.mu = {{0}};
  options.frames = 3;
  static_cast<void>(infer({.model_path = model, .output_path = rollout, .options = options}));
  const data::DatasetReader reader(rollout);
  ASSERT_TRUE(reader.header().has_weights);
  for (std::int64_t k = 0; k < 3; ++k) {
    const auto frame = reader.read_frame(0, k);
    double mass = 0, moment = 0;
    for (std::size_t i = 0; i < frame.weights.size(); ++i) {
      mass += frame.weights[i];
      moment += static_cast<double>(frame.weights[i]) * frame.samples[i];
    }
    const double t = static_cast<double>(k) / 2;
    EXPECT_NEAR(mass / static_cast<double>(frame.weights.size()), std::exp(kRate * t), 0.06) << "time " << t;
    EXPECT_NEAR(moment / mass, kSpeed * t, 0.05) << "time " << t;
  }
}

/// Two clouds move alike, one of them doubles: few frames whose numbers of particles say so, the middle one unseen.
TEST_F(Growth, AFieldOfGrowthFindsWhichPartOfThePopulationGrows) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu = {{0}};
  header.mu_names = {"mu"};
  header.time_units = "1";
  header.coordinates = {"x"};
  header.units = {"1"};
  header.periods = {0};
  header.identity = data::Identity::marginals;
  header.runs.push_back({{0, 1}, {400, 600}});
  {
    data::DatasetWriter writer(path_, header);
    for (std::int64_t k = 0; k < 2; ++k) {
      const std::int64_t right = k == 0 ? 200 : 400;
      std::vector<float> x;
      for (std::int64_t i = 0; i < 200; ++i)
        x.push_back(static_cast<float>(-2 + k + 0.2 * test::GaussianCase::quantile((i + 0.5) / 200)));
      for (std::int64_t i = 0; i < right; ++i)
        x.push_back(static_cast<float>(2 + k + 0.2 * test::GaussianCase::quantile((i + 0.5) / right)));
      writer.write_frame(0, k, x);
    }
    writer.commit();
  }
  TrainConfig config;
  for (const char* key : {"model.field=growth", "growth.width=16", "growth.particles=100", "growth.points=100",
                          "growth.steps=8", "growth.noise=0"})
    test::set_key(config, key);
  config.training.steps = 250;
  config.optimizer.ema_decay = 0.95;
  const std::string model = folder_.path("model.h5"), rollout = folder_.path("rollout.h5");
  static_cast<void>(train({.data_path = path_, .output_path = model, .config = config, .config_toml = ""}));
  InferOptions options;
  options.mu = {{0}};
  options.frames = 3;
  static_cast<void>(infer({.model_path = model, .output_path = rollout, .options = options}));
  const auto frame = data::DatasetReader(rollout).read_frame(0, 1);  // at 1/2, where no data were
  double left = 0, right = 0, mean_right = 0;
  for (std::size_t i = 0; i < frame.weights.size(); ++i) {
    (frame.samples[i] < 0.5F ? left : right) += frame.weights[i] / 200;
    if (frame.samples[i] >= 0.5F) mean_right += static_cast<double>(frame.samples[i]) * frame.weights[i] / 200;
  }
  EXPECT_NEAR(left, 1, 0.1) << "conserved";
  EXPECT_NEAR(right, std::sqrt(2), 0.14) << "doubles in unit time";
  EXPECT_NEAR(mean_right / right, 2.5, 0.15);
}

}  // namespace
}  // namespace scorefield::training
