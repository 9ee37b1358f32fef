// What a device other than the CPU is trusted with. SCOREFIELD_TEST_DEVICE chooses it (scripts/test --device cuda);
// without it the comparisons run on the CPU itself, where they hold the LibTorch sweeps against the kernels.

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "models/device_graph.hpp"
#include "models/network_drift.hpp"
#include "models/sweeps/block_sweeps.hpp"
#include "models/sweeps/tensor_sweeps.hpp"
#include "solvers/integrators.hpp"
#include "tests/support/gaussian_data.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/test_device.hpp"
#include "training/model_file.hpp"
#include "training/objective.hpp"
#include "training/optim/clip.hpp"
#include "training/optim/ema.hpp"
#include "training/optim/kronecker_group.hpp"
#include "training/optim/optimizer.hpp"
#include "training/trainer.hpp"

namespace scorefield {
namespace {

using torch::Tensor;

class NetworkOnDevice : public test::OnDevice {
 protected:
  static std::shared_ptr<models::ScoreNetwork> make_network(bool quadratic = false) {
    torch::manual_seed(3);
    models::ModelOptions options;
    options.width = 20;
    options.depth = 3;
    options.rank = 2;
    options.bias_latents = 3;
    options.hypernetwork_width = 9;
    options.time_features = 2;
    options.quadratic = quadratic;
    auto network = std::make_shared<models::ScoreNetwork>(options, test::identity_normalizer());
    const torch::NoGradGuard no_grad;
    for (auto& parameter : network->parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
    return network;
  }

  /// Four groups of 30 points with every term.
  static training::Batch make_batch() {
    torch::manual_seed(5);
    training::Batch batch;
    batch.x = torch::randn({4, 30, 2});
    batch.target = torch::randn({4, 30, 2});
    batch.mu = torch::randn({4, 1});
    batch.t = torch::rand({4});
    batch.gauge = torch::randn({3, 2});
    for (int g = 0; g < 4; ++g)
      batch.terms.push_back(
          {.kinetic = 1.0 + g, .velocity = -0.5, .time = 1.0, .potential = 0.3 * g, .scale = 0.25 / (1 + g)});
    batch.total_groups = 4;
    return batch;
  }
};

std::vector<Tensor> gradients(models::ScoreNetwork& network, const Tensor& loss) {
  network.zero_grad();
  loss.backward();
  std::vector<Tensor> found;
  for (const auto& parameter : network.parameters())
    found.push_back(
        (parameter.grad().defined() ? parameter.grad() : torch::zeros_like(parameter)).detach().clone().cpu());
  return found;
}

/// Largest error over tensors, relative to their Frobenius norms; a tensor whose gradient cancels (the output's bias
/// under a gauge) counts by the norm of all together.
double largest_error(const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
  double total = 0, largest = 0;
  for (const auto& tensor : expected) total += tensor.square().sum().item<double>();
  for (std::size_t i = 0; i < found.size(); ++i)
    largest = std::max(largest, (found[i] - expected[i]).norm().item<double>() /
                                    (expected[i].norm().item<double>() + 1e-3 * std::sqrt(total)));
  return largest;
}

TEST_F(NetworkOnDevice, ObjectiveAndGradientsEqualTheCpuKernels) {
  for (const auto& [kind, engine] : {std::pair(training::LaplacianKind::exact, models::SweepEngine::operations),
                                     std::pair(training::LaplacianKind::hutchinson, models::SweepEngine::operations),
                                     std::pair(training::LaplacianKind::exact, models::SweepEngine::blocks),
                                     std::pair(training::LaplacianKind::hutchinson, models::SweepEngine::blocks)}) {
    if (device_.is_cuda() && engine == models::SweepEngine::blocks &&
        !models::has_block_sweeps(make_network()->shape(), device_))
      continue;  // a build without them
    const training::LossOptions loss{.name = "action-matching", .sigma = 0.2, .laplacian = kind, .probes = 2};
    const auto objective = training::make_objective(loss, training::EngineKind::fused, 1);
    auto batch = make_batch();
    for (Tensor* tensor : batch.tensors()) *tensor = tensor->to(torch::kFloat64);
    auto network = make_network();
    network->to(torch::kFloat64);
    const auto on_cpu = objective->loss(*network, batch, 7);
    const auto expected = gradients(*network, on_cpu);
    const auto inputs = objective->prepare(batch, 7, device_);
    const models::GroupPoints points{inputs.batch.x, inputs.batch.target, inputs.probes, inputs.batch.gauge};
    network->to(device_);
    const auto value =
        models::swept_objective(network->shape(), network->modulation().weights(inputs.batch.mu, inputs.batch.t, true),
                                models::term_tensors(inputs.batch.terms, points.x.options()), points, engine);
    EXPECT_NEAR(value.item<double>(), on_cpu.item<double>(), 1e-12 * std::abs(on_cpu.item<double>()) + 1e-13);
    EXPECT_LT(largest_error(gradients(*network, value), expected), 1e-11);
  }
}

TEST_F(NetworkOnDevice, ObjectiveWithAQuadraticPartEqualsTheCpus) {
  const training::LossOptions loss{.name = "action-matching", .sigma = 0.2, .probes = 2};
  const auto objective = training::make_objective(loss, training::EngineKind::fused, 1);
  auto batch = make_batch();
  for (Tensor* tensor : batch.tensors()) *tensor = tensor->to(torch::kFloat64);
  for (auto& term : batch.terms) term.kinetic = 1;
  auto network = make_network(true);
  network->to(torch::kFloat64);
  const auto on_cpu = objective->loss(*network, batch, 7);
  const auto expected = gradients(*network, on_cpu);
  const auto inputs = objective->prepare(batch, 7, device_);
  network->to(device_);
  const auto value = objective->loss(*network, inputs);
  EXPECT_NEAR(value.item<double>(), on_cpu.item<double>(), 1e-12 * std::abs(on_cpu.item<double>()) + 1e-13);
  EXPECT_LT(largest_error(gradients(*network, value), expected), 1e-11);
}

TEST_F(NetworkOnDevice, RolloutEqualsTheCpus) {
  auto network = make_network(true);
  torch::manual_seed(2);
  const auto x = torch::randn({500, 2});
  integrators::IntegrateOptions options;
  options.steps = 12;
  const std::vector<double> times{0, 0.5, 1};
  const auto expected = integrators::integrate(models::NetworkDrift(network, {0.7}), x, times, options);
  network->to(device_);
  const auto found = integrators::integrate(models::NetworkDrift(network, {0.7}), x.to(device_), times, options).cpu();
  EXPECT_LT((found - expected).norm().item<double>(), 1e-5 * expected.norm().item<double>());
}

/// A recorded step, replayed on other inputs, does what a call does.
TEST_F(NetworkOnDevice, ReplaysEqualCalls) {
  const auto state = torch::zeros({3}, device_), input = torch::zeros({3}, device_);
  models::DeviceGraph graph(device_);
  double expected = 0;
  for (int run = 1; run <= 8; ++run) {
    input.fill_(run);
    graph.run([&] { state.mul_(0.5).add_(input); });
    expected = 0.5 * expected + run;
    EXPECT_EQ(state[1].item<double>(), expected) << "run " << run;
  }
  EXPECT_EQ(graph.recorded(), models::DeviceGraph::available(device_));
}

/// Fields are compared, not weights: Adam divides a gradient by its own size, so a weight whose gradient cancels (the
/// output's bias under a gauge) walks by round-off alone, and nothing depends on it.
TEST_F(NetworkOnDevice, TrainsLikeTheCpu) {
  const test::TemporaryFolder folder;
  test::write_gaussian_dataset(folder.path("data.h5"), {0.5, 1.0, 1.5}, 1000, 17);
  training::TrainConfig config;
  config.model.width = 24;
  config.model.depth = 2;
  config.loss = {.name = "action-matching", .sigma = 0.2};
  config.quadrature = {training::QuadratureKind::simpson, 9};
  config.batch = {.mu = 2, .particles = 32};
  config.optimizer.kind = optim::OptimizerKind::adam;
  config.training.steps = 20;
  torch::manual_seed(6);
  const auto x = torch::randn({200, 2});
  std::vector<Tensor> fields[2];
  for (const bool on_device : {false, true}) {
    training::TrainRequest request{.data_path = folder.path("data.h5"),
                                   .output_path = folder.path("model.h5"),
                                   .config = config,
                                   .config_toml = "",
                                   .seed = 4};
    if (on_device) request.device = device_.str();
    (void)training::train(request);
    const auto network = training::load_model(folder.path("model.h5")).network;
    for (const double t : {0.0, 0.5, 1.0})
      fields[on_device].push_back(network->field(x, network->normalized_mu({1.0}), t));
  }
  EXPECT_GT(fields[0][1].norm().item<double>(), 0);
  EXPECT_LT(largest_error(fields[1], fields[0]), 1e-3);
}

/// The same tensors, as leaves without storage: whatever reads a value or mixes in one from the host fails.
Tensor without_storage(const Tensor& tensor) {
  return tensor.defined() ? tensor.detach().to(torch::kMeta).requires_grad_(tensor.is_floating_point()) : tensor;
}

TEST(RecordedStep, NeedsNothingFromTheHost) {
  torch::manual_seed(1);
  models::ModelOptions options;
  options.width = 16;
  options.depth = 2;
  models::ScoreNetwork network(options, test::identity_normalizer());
  for (const double sigma : {0.0, 0.3}) {
    const auto cpu = network.modulation().weights(torch::zeros({3, 1}), torch::rand({3}), true);
    models::ModulatedWeights weights = cpu;
    optim::NamedTensors leaves;
    const auto leaf = [&](Tensor& tensor) {
      tensor = without_storage(tensor);
      if (tensor.defined()) leaves.emplace_back("leaf" + std::to_string(leaves.size()), tensor);
    };
    leaf(weights.values);
    leaf(weights.rates);
    for (auto& layer : weights.layers)
      for (Tensor* tensor : {&layer.weight, &layer.bias, &layer.left, &layer.right, &layer.bias_map}) leaf(*tensor);
    const std::vector<kernels::GroupTerms> terms(
        3, {.kinetic = 1, .time = 1, .laplacian = sigma, .potential = 1, .scale = 1});
    auto on_device = models::term_tensors(terms, torch::TensorOptions());
    on_device.values = on_device.values.to(torch::kMeta);
    const models::GroupPoints points{
        torch::empty({3, 10, 2}, torch::kMeta), {}, {}, torch::empty({2, 2}, torch::kMeta)};
    const auto loss = models::swept_objective(network.shape(), weights, on_device, points);
    loss.backward();
    EXPECT_TRUE(leaves.front().second.grad().is_meta());
    optim::clip_gradient_norm(leaves, 1.0);
  }
}

TEST(RecordedStep, OptimizerAndAverageNeedNothingFromTheHost) {
  optim::NamedTensors parameters;
  for (const std::int64_t rows : {6, 8})
    parameters.emplace_back("matrix" + std::to_string(rows), torch::empty({rows, 5}, torch::kMeta).requires_grad_());
  for (auto& [name, parameter] : parameters) parameter.mutable_grad() = torch::empty_like(parameter);
  optim::KroneckerGroup group({parameters.front()}, {}, 0);
  group.prepare(3, 1e-3);
  group.apply();
  optim::ExponentialMovingAverage average(parameters, 0.99);
  average.update();
  EXPECT_TRUE(average.averages().front().second.is_meta());
}

}  // namespace
}  // namespace scorefield
