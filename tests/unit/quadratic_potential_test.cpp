// The quadratic part of a potential: exact derivatives, the same objective in every engine, and what it is there for.

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "models/density_drift.hpp"
#include "models/derivatives.hpp"
#include "models/network_drift.hpp"
#include "models/score_network.hpp"
#include "models/sweeps/fused.hpp"
#include "models/sweeps/tensor_sweeps.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_values.hpp"
#include "training/model_file.hpp"
#include "training/objective.hpp"
#include "training/trainer.hpp"

namespace scorefield {
namespace {

using torch::Tensor;
using training::LaplacianKind;

/// Three coordinates, the first of them periodic, every parameter away from its starting value.
std::shared_ptr<models::ScoreNetwork> make_network() {
  torch::manual_seed(3);
  models::Normalizer normalizer;
  normalizer.center = {0, 0, 0};
  normalizer.scale = {1, 1, 1};
  normalizer.periods = {3, 0, 0};
  normalizer.mu_center = {0};
  normalizer.mu_scale = {1};
  models::ModelOptions options;
  options.width = 12;
  options.depth = 2;
  options.quadratic = true;
  auto network = std::make_shared<models::ScoreNetwork>(options, normalizer);
  network->to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters()) parameter.add_(torch::randn_like(parameter) * 0.2);
  return network;
}

training::Batch make_batch(bool gauge) {
  torch::manual_seed(5);
  training::Batch batch;
  batch.x = torch::randn({4, 30, 3}, torch::kFloat64);
  batch.target = torch::randn({4, 30, 3}, torch::kFloat64);
  batch.mu = torch::randn({4, 1}, torch::kFloat64);
  batch.t = torch::rand({4}, torch::kFloat64);
  if (gauge) batch.gauge = torch::randn({3, 3}, torch::kFloat64);
  for (int g = 0; g < 4; ++g)
    batch.terms.push_back({.kinetic = g == 3 ? 0.0 : 1.0,
                           .velocity = g == 3 ? 0 : -0.5 - g,
                           .time = g == 3 ? 0.0 : 1.0,
                           .potential = 0.3 * g,
                           .scale = 0.25 / (1 + g)});
  batch.total_groups = 4;
  return batch;
}

std::vector<Tensor> gradients(models::ScoreNetwork& network, const Tensor& loss) {
  network.zero_grad();
  loss.backward();
  std::vector<Tensor> found;
  for (const auto& parameter : network.parameters())
    found.push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::zeros_like(parameter));
  return found;
}

TEST(QuadraticPotential, GradientIsThatOfThePotentialAndLeavesPeriodicCoordinatesAlone) {
  const auto network = make_network();
  const auto x = torch::randn({20, 3}, torch::kFloat64), mu = torch::full({1, 1}, 0.4, torch::kFloat64);
  const auto t = torch::full({1}, 0.7, torch::kFloat64);
  const auto exact = models::gradient(
      [&](const Tensor& points) { return network->potential(points.unsqueeze(0), mu, t).squeeze(0); }, x);
  EXPECT_LT((network->field(x, mu, 0.7) - exact).abs().max().item<double>(), 1e-12);
  const auto q = network->quadratic()->coefficients(mu, t, false);
  EXPECT_EQ(q.curvature[0][0].item<double>(), 0);
  EXPECT_EQ(q.slope[0][0].item<double>(), 0);
  EXPECT_GT(q.curvature[0][1].abs().item<double>(), 1e-3);
}

TEST(QuadraticPotential, FusedObjectiveEqualsDoubleBackward) {
  const auto network = make_network();
  for (const bool gauge : {false, true})
    for (const double sigma : {0.0, 0.3})
      for (const auto kind : {LaplacianKind::exact, LaplacianKind::hutchinson}) {
        const training::LossOptions loss{.name = "action-matching", .sigma = sigma, .laplacian = kind, .probes = 2};
        const auto batch = make_batch(gauge);
        const auto fused = training::make_objective(loss, training::EngineKind::fused, 1)->loss(*network, batch, 7);
        const auto found = gradients(*network, fused);
        const auto exact = training::make_objective(loss, training::EngineKind::autograd, 1)->loss(*network, batch, 7);
        const auto expected = gradients(*network, exact);
        EXPECT_NEAR(fused.item<double>(), exact.item<double>(), 1e-11 * std::abs(exact.item<double>()));
        for (std::size_t i = 0; i < found.size(); ++i)
          EXPECT_LE((found[i] - expected[i]).norm().item<double>(), 1e-10 * expected[i].norm().item<double>() + 1e-12)
              << i;
      }
}

TEST(QuadraticPotential, EnginesAreDifferentiableInTheVelocity) {
  const auto network = make_network();
  const auto batch = make_batch(true);
  const auto weights = network->modulation().weights(batch.mu, batch.t, true);
  const auto expected = [&] {  // scale velocity grad s, by finite differences of a linear function: exact
    const auto field = models::fused_gradient(network->shape(), weights, batch.x);
    auto result = torch::empty_like(field);
    for (std::int64_t g = 0; g < 4; ++g) {
      const auto& term = batch.terms[static_cast<std::size_t>(g)];
      result[g].copy_(field[g] * (term.scale * term.velocity));
    }
    return result;
  }();
  for (const bool swept : {false, true}) {
    const auto velocity = batch.target.detach().clone().requires_grad_();
    const models::GroupPoints points{batch.x, velocity, {}, batch.gauge};
    const auto value = swept ? models::swept_objective(network->shape(), weights, batch.terms, points)
                             : models::fused_objective(network->shape(), weights, batch.terms, points);
    const auto found = torch::autograd::grad({2 * value}, {velocity})[0];
    EXPECT_LT((found - 2 * expected).abs().max().item<double>(), 1e-12) << (swept ? "sweeps" : "kernels");
  }
}

TEST(QuadraticPotential, DensityFallsByTheWholeLaplacian) {
  const auto network = make_network();
  const auto x = torch::randn({20, 3}, torch::kFloat64);
  const auto state = torch::cat({x, torch::zeros({20, 1}, torch::kFloat64)}, 1);
  const auto moved = models::DensityDrift(network, {0.4}).drift(state, 0.7);
  const auto mu = torch::full({1, 1}, 0.4, torch::kFloat64), t = torch::full({1}, 0.7, torch::kFloat64);
  const auto laplacian = models::laplacian_exact(
      [&](const Tensor& points) { return network->potential(points.unsqueeze(0), mu, t).squeeze(0); }, x);
  EXPECT_LT((moved.select(1, 3) + laplacian).abs().max().item<double>(), 1e-11);
  EXPECT_LT((moved.narrow(1, 0, 3) - models::NetworkDrift(network, {0.4}).drift(x, 0.7)).abs().max().item<double>(),
            1e-11);
}

/// x_c(t) = c t / d + (1 - .6 t) z_c in `d` coordinates at mu = 0 and 1 alike.
void write_contraction(const std::string& path, std::int64_t d) {
  data::DatasetHeader header;
  header.provenance.format = data::kDatasetFormat;
  header.mu_names = {"mu"};
  header.mu = {{0.0}, {1.0}};
  for (int k = 0; k < 9; ++k) header.time.push_back(k / 8.0);
  header.time_units = "1";
  header.particles = 2000;
  for (std::int64_t c = 0; c < d; ++c) header.coordinates.push_back("x" + std::to_string(c));
  header.units.assign(static_cast<std::size_t>(d), "1");
  header.periods.assign(static_cast<std::size_t>(d), 0);
  header.has_velocities = true;
  torch::manual_seed(1);
  const auto z = torch::randn({header.particles, d});
  const auto shift = torch::arange(d, torch::kFloat32) / static_cast<double>(d);
  data::DatasetWriter writer(path, header);
  for (std::int64_t m = 0; m < 2; ++m)
    for (std::int64_t k = 0; k < 9; ++k) {
      const double t = header.time[static_cast<std::size_t>(k)];
      const auto x = (shift * t + (1 - 0.6 * t) * z).contiguous(), v = (shift - 0.6 * z).contiguous();
      writer.write_frame(m, k, test::values_of(x), test::values_of(v));
    }
  writer.commit();
}

/// Relative error of the trained drift at mu = .5, t = .5.
double contraction_error(const std::string& data, const std::string& output, std::int64_t d, const char* loss,
                         bool quadratic) {
  training::TrainConfig config;
  config.model.width = 6;
  config.model.depth = 1;
  config.model.hypernetwork_width = 16;
  config.model.time_features = 1;
  config.model.quadratic = quadratic;
  config.loss.name = loss;
  config.quadrature = {training::QuadratureKind::moving_simpson, 9};
  config.batch = {.mu = 2, .nodes = 6, .particles = 64};
  config.optimizer.learning_rate = 1e-2;
  config.training.steps = 200;
  training::train({.data_path = data, .output_path = output, .config = config, .config_toml = "", .seed = 4});
  const auto model = training::load_model(output);
  const auto& normalizer = model.network->normalizer();
  const auto scale = torch::tensor(normalizer.scale), center = torch::tensor(normalizer.center);
  torch::manual_seed(2);
  const auto z = torch::randn({500, d}), shift = torch::arange(d, torch::kFloat32) / static_cast<double>(d);
  const auto x = shift * 0.5 + 0.7 * z, exact = shift - 0.6 * z;
  const auto found =
      models::NetworkDrift(model.network, {0.5}).drift(((x - center) / scale).to(torch::kFloat32), 0.5) * scale;
  return ((found - exact).norm() / exact.norm()).item<double>();
}

TEST(QuadraticPotential, ContractsMoreDirectionsThanThereAreNeurons) {
  const test::TemporaryFolder folder;
  constexpr std::int64_t d = 30;
  write_contraction(folder.path("data.h5"), d);
  const auto error = [&](const char* loss, bool quadratic) {
    return contraction_error(folder.path("data.h5"), folder.path("model.h5"), d, loss, quadratic);
  };
  EXPECT_LT(error("velocity", true), 0.05);
  EXPECT_LT(error("dice", true), 0.1);
  EXPECT_LT(error("action-matching", true), 0.1);
  EXPECT_GT(error("velocity", false), 0.3) << "six neurons cannot";
}

}  // namespace
}  // namespace scorefield
