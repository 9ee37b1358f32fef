// Free streaming as the known part of a drift: which coordinates it moves, what losses leave to it, and rollouts with
// it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.hpp"
#include "data/coordinates.hpp"
#include "data/dataset.hpp"
#include "models/density_drift.hpp"
#include "models/known_drift.hpp"
#include "models/network_drift.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_values.hpp"
#include "training/batch/source.hpp"
#include "training/objective.hpp"
#include "training/rollout/infer.hpp"
#include "training/trainer.hpp"

namespace scorefield {
namespace {

using models::KnownDriftKind;
using torch::Tensor;

TEST(VelocityCoordinates, AreKnownByTheirNames) {
  using Indices = std::vector<std::int64_t>;
  EXPECT_EQ(data::velocity_coordinates({"x", "v"}), (Indices{1, -1}));
  EXPECT_EQ(data::velocity_coordinates({"x", "y", "vy", "vx"}), (Indices{3, 2, -1, -1}));
  EXPECT_EQ(data::velocity_coordinates({"x/L", "v"}), (Indices{-1, -1})) << "another unit";
  EXPECT_EQ(data::velocity_coordinates({"x1", "x2"}), (Indices{-1, -1}));
}

/// x and v with centers and scales; 5 units of time.
models::Normalizer phase_space() {
  models::Normalizer normalizer;
  normalizer.center = {1, 2};
  normalizer.scale = {4, 0.5};
  normalizer.periods = {0, 0};
  normalizer.velocity_of = {1, -1};
  normalizer.mu_center = {0};
  normalizer.mu_scale = {1};
  normalizer.time_span = 5;
  return normalizer;
}

TEST(KnownDrift, MovesPositionsWithTheirVelocities) {
  const models::KnownDrift known(KnownDriftKind::free_streaming, phase_space());
  const auto x = torch::tensor({{0.3, -1.0}, {-2.0, 4.0}}, torch::kFloat64);  // v = 1.5 and 4
  const auto expected = torch::tensor({{1.5 * 5 / 4, 0.0}, {4.0 * 5 / 4, 0.0}}, torch::kFloat64);
  EXPECT_LT((known.add_to(torch::zeros_like(x), x) - expected).abs().max().item<double>(), 1e-14);
  const auto direction = torch::tensor({{9.0, 1.0}}, torch::kFloat64);
  const auto along = known.add_tangent(torch::zeros_like(direction), direction);
  EXPECT_NEAR(along[0][0].item<double>(), 0.5 * 5 / 4, 1e-14);
  EXPECT_EQ(along[0][1].item<double>(), 0);
  EXPECT_TRUE(models::KnownDrift(KnownDriftKind::none, phase_space()).empty());
  auto without = phase_space();
  without.velocity_of = {-1, -1};
  EXPECT_THAT([&] { models::KnownDrift(KnownDriftKind::free_streaming, without); },
              testing::ThrowsMessage<UsageError>(testing::HasSubstr("x and vx")));
}

/// Bodies that fall with acceleration mu: x = x_0 + v_0 t + mu t^2/2, v = v_0 + mu t, t in [0, 1].
void write_fall(const std::string& path) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  header.mu = {{0.5}, {1.0}, {1.5}};
  for (int k = 0; k < 33; ++k) header.time.push_back(k / 32.0);
  header.time_units = "1";
  header.particles = 2000;
  header.coordinates = {"x", "v"};
  header.units = {"1", "1"};
  header.periods = {0, 0};
  header.has_velocities = true;
  torch::manual_seed(1);
  const auto x0 = torch::randn({header.particles}), v0 = torch::randn({header.particles});
  data::DatasetWriter writer(path, header);
  for (std::size_t m = 0; m < header.mu.size(); ++m)
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      const double t = header.time[static_cast<std::size_t>(k)], mu = header.mu[m][0];
      const auto v = v0 + mu * t;
      const auto state = torch::stack({x0 + v0 * t + mu * t * t / 2, v}, 1).contiguous();
      const auto rate = torch::stack({v, torch::full_like(v, mu)}, 1).contiguous();
      writer.write_frame(static_cast<std::int64_t>(m), k, test::values_of(state), test::values_of(rate));
    }
  writer.commit();
}

class FallingBodies : public ::testing::TestWithParam<std::string> {
 protected:
  static training::TrainConfig config() {
    training::TrainConfig config;
    config.model.known_drift = KnownDriftKind::free_streaming;
    config.model.width = 12;
    config.model.depth = 2;
    config.model.hypernetwork_width = 12;
    config.model.time_features = 1;
    config.loss.name = GetParam();
    config.quadrature = {training::QuadratureKind::simpson, 33};
    config.batch = {.mu = 3, .nodes = 8, .particles = 64};
    config.optimizer.learning_rate = 1e-2;
    config.training.steps = 150;
    return config;
  }
  const test::TemporaryFolder folder_;
};

/// What is left to learn is the potential mu v of the acceleration, and the least value of every loss -1/2 mean mu^2.
TEST_P(FallingBodies, LossAtTheExactPotentialIsThatOfTheForceAlone) {
  write_fall(folder_.path("data.h5"));
  auto normalizer = phase_space();
  normalizer.center = {0, 0};
  normalizer.scale = {1, 1};
  normalizer.time_span = 1;
  training::BatchSource source(data::DatasetReader(folder_.path("data.h5")), normalizer, config(), 1);
  const training::GroupPotential exact = [](const Tensor& x, const Tensor& mu, const Tensor&) {
    return mu * x.select(-1, 1);
  };
  double sum = 0;
  constexpr int batches = 64;
  for (int i = 0; i < batches; ++i)
    sum += training::autograd_objective(exact, config().loss, source.make(i), 1, i).item<double>() / batches;
  const double expected = -0.5 * (0.25 + 1 + 2.25) / 3;
  EXPECT_NEAR(sum, expected, 0.02 * -expected);
}

TEST_P(FallingBodies, RolloutFalls) {
  write_fall(folder_.path("data.h5"));
  training::train({.data_path = folder_.path("data.h5"),
                   .output_path = folder_.path("model.h5"),
                   .config = config(),
                   .config_toml = "",
                   .seed = 4});
  training::InferOptions options;
  options.mu = {{1.2}};
  training::infer({folder_.path("model.h5"), folder_.path("rollout.h5"), options, "", 1});
  const data::DatasetReader rollout(folder_.path("rollout.h5"));
  const auto frame = [&](std::int64_t k) {
    std::vector<float> samples(static_cast<std::size_t>(rollout.header().frame_size()));
    rollout.read_samples(0, k, samples);
    return torch::from_blob(samples.data(), {rollout.header().particles, 2}).clone();
  };
  const auto first = frame(0), last = frame(rollout.header().frames() - 1);
  const auto x = first.select(1, 0) + first.select(1, 1) + 1.2 / 2, v = first.select(1, 1) + 1.2;
  // Single particles, not only the population: nothing but the force was learned.
  EXPECT_LT((last.select(1, 0) - x).square().mean().sqrt().item<double>(), 0.08);
  EXPECT_LT((last.select(1, 1) - v).square().mean().sqrt().item<double>(), 0.08);
}

INSTANTIATE_TEST_SUITE_P(Losses, FallingBodies, ::testing::Values("velocity", "action-matching", "dice"),
                         [](const auto& info) { return info.param == "action-matching" ? "simpson" : info.param; });

}  // namespace
}  // namespace scorefield
