#include "benchmarks/network_cases.hpp"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/parallel.hpp"
#include "models/sweeps/fused.hpp"
#include "training/objective.hpp"

namespace scorefield::benchmarks {
namespace {

using models::ScoreNetwork;

using Shape = NetworkBatch;

/// Every group inside the time integral, as almost all of a quadrature batch.
training::Batch make_batch(const Shape& shape) {
  training::Batch batch;
  batch.x = torch::randn({shape.groups, shape.particles, shape.dimension});
  batch.mu = torch::rand({shape.groups, 1}) * 2 - 1;
  batch.t = torch::rand({shape.groups});
  batch.terms.assign(static_cast<std::size_t>(shape.groups),
                     {.kinetic = 1, .time = 1, .scale = 1.0 / static_cast<double>(shape.points())});
  return batch;
}

struct Reference {
  const char* name;
  std::function<void()> run;
};

/// One piece of work of `forwards` forward-equivalents of matrix products beside its reference and its bound.
BenchmarkResult measure(const std::string& name, const Shape& shape, double forwards, const std::function<void()>& ours,
                        const Reference& reference, const BenchmarkOptions& options) {
  const MatrixProducts products(shape.width);
  const auto times = median_milliseconds(
      {ours, reference.run, [&] { products.by_libtorch(); }, [&] { products.by_kernels(); }}, options.seconds);
  const double operations = forwards * shape.forward_operations();
  BenchmarkResult result{.name = name,
                         .threads = thread_count(),
                         .milliseconds = times[0],
                         .reference = reference.name,
                         .reference_milliseconds = times[1]};
  result.bound_milliseconds = products.bound(operations, times[2], times[3]);
  result.numbers = {{"points_per_second", 1e3 * static_cast<double>(shape.points()) / times[0]},
                    {"matrix_gflops", 1e-6 * operations / times[0]},
                    {"bound_gflops", 1e-6 * operations / *result.bound_milliseconds},
                    {"libtorch_bound_milliseconds", products.bound(operations, times[2], times[2])}};
  return result;
}

BenchmarkResult gradient_step(const std::string& name, const Shape& shape, const BenchmarkOptions& options) {
  const auto network = some_network(shape);
  const auto batch = make_batch(shape);
  const training::LossOptions loss;
  const auto fused = training::make_objective(loss, training::EngineKind::fused, 0);
  const auto autograd = training::make_objective(loss, training::EngineKind::autograd, 0);
  const auto step = [&](const training::Objective& objective) {
    for (auto& parameter : network->parameters()) parameter.mutable_grad().reset();
    objective.loss(*network, batch, 0).backward();
  };
  return measure(
      name, shape, 6, [&] { step(*fused); }, {"LibTorch autograd, double backward", [&] { step(*autograd); }}, options);
}

BenchmarkResult score(const std::string& name, const Shape& shape, const BenchmarkOptions& options) {
  const auto network = some_network(shape);
  const auto batch = make_batch(shape);
  const auto fused = [&] {
    const torch::NoGradGuard no_grad;
    const auto weights = network->modulation().weights(batch.mu, batch.t, false);
    static_cast<void>(models::fused_gradient(network->shape(), weights, batch.x));
  };
  const auto autograd = [&] {
    const auto x = batch.x.detach().requires_grad_(true);
    static_cast<void>(torch::autograd::grad({network->potential(x, batch.mu, batch.t).sum()}, {x}));
  };
  return measure(name, shape, 2, fused, {"LibTorch autograd gradient", autograd}, options);
}

constexpr Shape kDeep{4, 64, 6, 16, 1024}, kWide{2, 128, 7, 16, 1024}, kManyGroups{2, 64, 4, 256, 256};

}  // namespace

std::shared_ptr<models::ScoreNetwork> some_network(const NetworkBatch& shape) {
  torch::manual_seed(1);
  models::ModelOptions options;
  options.width = shape.width;
  options.depth = shape.depth;
  const auto d = static_cast<std::size_t>(shape.dimension);
  models::Normalizer normalizer;
  normalizer.center.assign(d, 0.0);
  normalizer.scale.assign(d, 1.0);
  normalizer.periods.assign(d, 0.0);
  normalizer.mu_center = {0.0};
  normalizer.mu_scale = {1.0};
  return std::make_shared<models::ScoreNetwork>(options, normalizer);
}

std::vector<BenchmarkCase> network_cases() {
  const auto step = [](const std::string& name, const std::string& summary, const Shape& shape) {
    return BenchmarkCase{name, summary,
                         [=](const BenchmarkOptions& options) { return gradient_step(name, shape, options); }};
  };
  const auto gradient = [](const std::string& name, const std::string& summary, const Shape& shape) {
    return BenchmarkCase{name, summary, [=](const BenchmarkOptions& options) { return score(name, shape, options); }};
  };
  return {step("action-matching-step-d4-w64",
               "gradient step, 4 coordinates, width 64, 6 hidden layers, 16 x 1024 points", kDeep),
          step("action-matching-step-d2-w128",
               "gradient step, 2 coordinates, width 128, 7 hidden layers, 16 x 1024 points", kWide),
          step("action-matching-step-d2-w64-many-groups",
               "gradient step, 2 coordinates, width 64, 4 hidden layers, 256 x 256 points", kManyGroups),
          gradient("score-d4-w64", "s and grad_x s, shape of the first step", kDeep),
          gradient("score-d2-w128", "s and grad_x s, shape of the second step", kWide)};
}

}  // namespace scorefield::benchmarks
