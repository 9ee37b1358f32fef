#include "benchmarks/device_cases.hpp"

#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "benchmarks/network_cases.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "models/network_drift.hpp"
#include "models/score_network.hpp"
#include "models/sweeps/tensor_sweeps.hpp"
#include "solvers/integrators.hpp"
#include "solvers/pairs/device_pair_sums.hpp"
#include "training/objective.hpp"

namespace scorefield::benchmarks {
namespace {

using models::SweepEngine;
using torch::Tensor;

/// The device's work ends with what is timed.
std::function<void()> waited(torch::Device device, std::function<void()> work) {
  return [device, work = std::move(work)] {
    work();
    if (device.is_cuda()) torch::cuda::synchronize(device.index());
  };
}

/// What the device itself does: products of matrices that keep it busy, and copies through its memory.
struct DeviceRates {
  double operations_per_millisecond, bytes_per_millisecond;
};
DeviceRates measure_rates(torch::Device device, double seconds) {
  const torch::NoGradGuard no_grad;
  const std::int64_t n = device.is_cpu() ? 512 : 4096, elements = device.is_cpu() ? 1 << 22 : 1 << 28;
  const auto options = torch::TensorOptions().device(device);
  const auto a = torch::randn({n, n}, options), b = torch::randn({n, n}, options);
  auto product = torch::empty_like(a);
  const auto from = torch::zeros({elements}, options);
  auto to = torch::empty_like(from);
  const auto times = median_milliseconds(
      {waited(device, [&] { at::mm_out(product, a, b); }), waited(device, [&] { to.copy_(from); })}, seconds / 4);
  return {2.0 * std::pow(static_cast<double>(n), 3) / times[0], 8.0 * static_cast<double>(elements) / times[1]};
}

std::shared_ptr<models::ScoreNetwork> network_on(torch::Device device, const NetworkBatch& shape) {
  auto network = some_network(shape);
  network->to(device);
  return network;
}

/// Groups within the time integral, as almost all of a quadrature batch.
struct DevicePoints {
  Tensor x, mu, t;
  models::TermTensors terms;

  DevicePoints(const NetworkBatch& shape, double laplacian, torch::Device device)
      : x(torch::randn({shape.groups, shape.particles, shape.dimension}).to(device)),
        mu((torch::rand({shape.groups, 1}) * 2 - 1).to(device)),
        t(torch::rand({shape.groups}).to(device)),
        terms(models::term_tensors(
            std::vector<kernels::GroupTerms>(
                static_cast<std::size_t>(shape.groups),
                {.kinetic = 1, .time = 1, .laplacian = laplacian, .scale = 1.0 / static_cast<double>(shape.points())}),
            x.options())) {}
};

/// The result of two times, and the bound of `operations` at the device's rate.
BenchmarkResult result_of(const std::string& name, const std::vector<double>& times, const std::string& reference,
                          double operations, const DeviceRates& rates) {
  BenchmarkResult result{.name = name,
                         .threads = thread_count(),
                         .milliseconds = times[0],
                         .reference = reference,
                         .reference_milliseconds = times[1]};
  result.bound_milliseconds = operations / rates.operations_per_millisecond;
  result.numbers = {{"gflops", 1e-6 * operations / times[0]},
                    {"device_gflops", 1e-6 * rates.operations_per_millisecond},
                    {"device_gigabytes_per_second", 1e-6 * rates.bytes_per_millisecond}};
  return result;
}

constexpr const char* kOperations = "the same sweeps in LibTorch operations";

/// `forwards`: forward-equivalents of matrix products (models/sweeps/README.md).
BenchmarkCase device_step(const std::string& name, const std::string& summary, const NetworkBatch& shape,
                          double laplacian, double forwards) {
  return {
      name, summary,
      [=](const BenchmarkOptions& options) {
        const torch::Device device(options.device);
        const auto network = network_on(device, shape);
        const DevicePoints points(shape, laplacian, device);
        const auto step = [&](SweepEngine engine) {
          return waited(device, [&, engine] {
            for (auto& parameter : network->parameters()) parameter.mutable_grad().reset();
            const auto weights = network->modulation().weights(points.mu, points.t, true);
            models::swept_objective(network->shape(), weights, points.terms, {points.x, {}, {}, {}}, engine).backward();
          });
        };
        const auto rates = measure_rates(device, options.seconds);
        const auto times =
            median_milliseconds({step(SweepEngine::automatic), step(SweepEngine::operations)}, options.seconds);
        return result_of(name, times, kOperations, forwards * shape.forward_operations(), rates);
      },
      true};
}

BenchmarkCase device_field(const std::string& name, const std::string& summary, const NetworkBatch& shape) {
  return {name, summary,
          [=](const BenchmarkOptions& options) {
            const torch::Device device(options.device);
            const auto network = network_on(device, shape);
            const DevicePoints points(shape, 0, device);
            const auto evaluate = [&](SweepEngine engine) {
              return waited(device, [&, engine] {
                const torch::NoGradGuard no_grad;
                const auto weights = network->modulation().weights(points.mu, points.t, false);
                static_cast<void>(models::swept_gradient(network->shape(), weights, points.x, engine));
              });
            };
            const auto rates = measure_rates(device, options.seconds);
            const auto times = median_milliseconds(
                {evaluate(SweepEngine::automatic), evaluate(SweepEngine::operations)}, options.seconds);
            return result_of(name, times, kOperations, 2 * shape.forward_operations(), rates);
          },
          true};
}

BenchmarkResult device_rollout(const BenchmarkOptions& options) {
  constexpr NetworkBatch kShape{2, 64, 6, 1, 25000};
  const torch::Device device(options.device);
  const auto there = network_on(device, kShape), here = some_network(kShape);
  const auto x = torch::randn({kShape.particles, kShape.dimension});
  const auto x_there = x.to(device);
  integrators::IntegrateOptions integration;
  integration.method = integrators::IntegrationMethod::heun;
  integration.steps = 4;
  const models::NetworkDrift drift_there(there, {0.3}), drift_here(here, {0.3});
  const auto rates = measure_rates(device, options.seconds);
  const auto times = median_milliseconds(
      {waited(device, [&] { static_cast<void>(integrators::integrate(drift_there, x_there, {0, 0.1}, integration)); }),
       [&] { static_cast<void>(integrators::integrate(drift_here, x, {0, 0.1}, integration)); }},
      options.seconds);
  return result_of("device-rollout", times, "the same on the CPU", 8 * 2 * kShape.forward_operations(), rates);
}

/// One visit to all pairs, of which iterations of ift, svgd and mmd-flow consist.
BenchmarkCase device_pairs(const std::string& name, const std::string& summary, std::int64_t n, std::int64_t d) {
  return {name, summary,
          [=](const BenchmarkOptions& options) {
            const torch::Device device(options.device);
            const Philox random(7, 1);
            std::vector<double> x(static_cast<std::size_t>(n * d)), value(static_cast<std::size_t>(n)), gradient(x);
            for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.normals(i)[0];
            const pairs::RadialKernel kernel{pairs::Form::gaussian, {std::sqrt(static_cast<double>(d))}};
            const auto visit = [&](const pairs::PairSums& sums) {
              return waited(device, [&, sums] {
                sums(kernel, {x.data(), n, x.data(), n, d, nullptr, nullptr}, {value.data(), gradient.data(), nullptr});
              });
            };
            const auto rates = measure_rates(device, options.seconds);
            const auto times = median_milliseconds(
                {visit(pairs::device_pair_sums(device, false)), visit(pairs::fused_pair_sums(false))}, options.seconds);
            return result_of(name, times, "the CPU's kernels",
                             4.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(d), rates);
          },
          true};
}

}  // namespace

std::vector<BenchmarkCase> device_cases() {
  constexpr NetworkBatch kDeep{4, 64, 6, 16, 1024}, kWide{2, 128, 7, 16, 1024}, kTwoStream{2, 64, 6, 64, 256},
      kAuthors{2, 64, 6, 257, 256}, kRollout{2, 64, 6, 7, 25000};
  return {device_step("device-step-d4-w64", "gradient step, 4 coordinates, width 64, 16 x 1024 points", kDeep, 0, 6),
          device_step("device-step-d2-w128", "gradient step, 2 coordinates, width 128, 16 x 1024 points", kWide, 0, 6),
          device_step("device-step-d2-w64-groups", "gradient step, 2 coordinates, width 64, 64 x 256 points",
                      kTwoStream, 0, 6),
          device_step("device-step-laplacian", "gradient step with the exact Laplacian, 257 x 256 points", kAuthors,
                      1.25e-3, 12),
          device_field("device-field", "grad_x s at 7 x 25,000 points", kRollout),
          {"device-rollout", "four Heun steps of 25,000 particles through the default network", device_rollout, true},
          device_pairs("device-pairs-d2", "sums over the pairs of 20,000 points, d = 2", 20000, 2),
          device_pairs("device-pairs-d100", "sums over the pairs of 2000 points, d = 100", 2000, 100)};
}

}  // namespace scorefield::benchmarks
