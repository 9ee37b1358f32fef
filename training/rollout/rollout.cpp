#include "training/rollout/rollout.hpp"

#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "models/score.hpp"
#include "solvers/integrators.hpp"

namespace scorefield::training {
namespace {

std::int64_t carried_numbers(Carried carried, const models::Normalizer& normalizer) {
  if (carried == Carried::nothing) return 0;
  if (carried == Carried::log_density) return 1;
  return normalizer.dimension() * static_cast<std::int64_t>(normalizer.mu_center.size());
}

torch::Tensor row(const std::vector<double>& values, const torch::TensorOptions& like) {
  return torch::tensor(values, torch::kFloat64).to(torch::kFloat32).to(like.device());
}

}  // namespace

Rollout::Rollout(const ReducedModel& model, integrators::IntegrateOptions integration, Carried carried)
    : model_(model), integration_(std::move(integration)), carried_(carried) {
  const auto& normalizer = model.network->normalizer();
  width_ = normalizer.dimension() + carried_numbers(carried, normalizer);
  for (std::int64_t c = 0; c < normalizer.dimension(); ++c)
    integration_.periods.push_back(normalizer.normalized_period(c));
  integration_.periods.resize(static_cast<std::size_t>(width_), 0);
  if (integration_.method == integrators::IntegrationMethod::euler_maruyama) integration_.sigma = {model.sigma};
  const auto options = model.network->parameters().front().options();
  center_ = row(normalizer.center, options);
  scale_ = row(normalizer.scale, options);
}

void Rollout::run(const std::vector<double>& mu, const torch::Tensor& state, const std::vector<double>& times,
                  const std::function<void(std::int64_t frame, const torch::Tensor& state)>& on_frame) const {
  const auto field = model_.loss->drift_use()->field(model_.network, mu, carried_);
  integrators::integrate(*field, state, times, integration_, [&](std::int64_t k, const torch::Tensor& moved) {
    if (interrupt_requested()) throw Interrupted("interrupted; no rollout was written.");
    on_frame(k, moved);
  });
}

torch::Device open_device(const std::string& name) {
  const torch::Device device(name);
  if (device.is_cuda() && !torch::cuda::is_available())
    throw UsageError("--device " + name + ": no CUDA device is available; use --device cpu.");
  return device;
}

}  // namespace scorefield::training
