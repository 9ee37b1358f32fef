#include "training/rollout/rollout.hpp"

#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "solvers/integrators.hpp"
#include "training/batch/random_streams.hpp"

namespace scorefield::training {
namespace {

constexpr double kSameTime = 1e-9;  // of the span

std::int64_t carried_numbers(Carried carried, const models::Normalizer& normalizer) {
  if (carried == Carried::nothing) return 0;
  if (carried == Carried::log_density || carried == Carried::log_weight) return 1;
  return normalizer.dimension() * static_cast<std::int64_t>(normalizer.mu_center.size());
}

torch::Tensor row(const std::vector<double>& values, const torch::TensorOptions& like) {
  return torch::tensor(values, torch::kFloat64).to(torch::kFloat32).to(like.device());
}

}  // namespace

Rollout::Rollout(const ReducedModel& model, integrators::IntegrateOptions integration, Carried carried)
    : model_(model), integration_(std::move(integration)), carried_(carried) {
  const auto& normalizer = model.normalizer;
  width_ = normalizer.dimension() + carried_numbers(carried, normalizer);
  integration_.periods = normalizer.normalized_periods();
  integration_.periods.resize(static_cast<std::size_t>(width_), 0);
  if (integration_.method == integrators::IntegrationMethod::euler_maruyama) integration_.sigma = {model.sigma};
  const auto options = model.options();
  center_ = row(normalizer.center, options);
  scale_ = row(normalizer.scale, options);
}

void Rollout::move(const std::vector<double>& mu, const torch::Tensor& state, const std::vector<double>& times,
                   const integrators::IntegrateOptions& integration,
                   const std::function<void(std::int64_t frame, const torch::Tensor& state)>& on_frame) const {
  model_.mover->move({mu, carried_, state, times, integration}, [&](std::int64_t k, const torch::Tensor& moved) {
    if (interrupt_requested()) throw Interrupted("interrupted; no rollout was written.");
    on_frame(k, moved);
  });
}

void Rollout::run(const std::vector<double>& mu, const torch::Tensor& state, const std::vector<double>& times,
                  const std::function<void(std::int64_t frame, const torch::Tensor& state)>& on_frame) const {
  move(mu, state, times, integration_, on_frame);
}

void Rollout::run_guided(const std::vector<double>& mu, const torch::Tensor& state, const std::vector<double>& times,
                         const GuideStep& guide,
                         const std::function<void(std::int64_t frame, const torch::Tensor& state)>& on_frame) const {
  const auto steps = model_.mover->step_count({mu, carried_, state, times, integration_});
  const double start = times.front(), span = times.back() - start, same = kSameTime * span;
  auto integration = integration_;
  integration.steps = 1;
  torch::Tensor x = state;
  std::size_t next = 1;  // frame
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto time_of = [&](std::int64_t i) {
      return start + span * static_cast<double>(i) / static_cast<double>(steps);
    };
    std::vector<double> within{time_of(step)};
    const std::size_t first = next;
    const double end = step + 1 == steps ? times.back() : time_of(step + 1);
    for (; next < times.size() && times[next] < end - same; ++next) within.push_back(times[next]);
    within.push_back(end);
    const bool lands = next < times.size() && times[next] <= end + same;
    integration.seed = derive_seed(integration_.seed, kSegmentStream, static_cast<std::uint64_t>(step));
    move(mu, x, within, integration, [&](std::int64_t k, const torch::Tensor& moved) {
      if (k == 0) {
        if (step == 0) on_frame(0, moved);
        return;
      }
      const bool last = k + 1 == static_cast<std::int64_t>(within.size());
      const auto held = integrators::wrap(guide(moved, within[static_cast<std::size_t>(k)]), integration.periods);
      if (last) x = held;
      if (!last || lands) on_frame(static_cast<std::int64_t>(first) + k - 1, held);
    });
    if (lands) ++next;
  }
}

torch::Tensor Rollout::traced_back(const std::vector<double>& mu, const torch::Tensor& state, double t,
                                   double earlier) const {
  auto integration = integration_;
  const auto steps = static_cast<double>(model_.mover->step_count({mu, carried_, state, {t, earlier}, integration_}));
  integration.steps = std::max<std::int64_t>(1, std::llround(steps * (t - earlier)));  // normalised: the span is 1
  torch::Tensor before;
  move(mu, state, {t, earlier}, integration, [&](std::int64_t, const torch::Tensor& moved) { before = moved; });
  return before;
}

torch::Device open_device(const std::string& name) {
  const torch::Device device(name);
  if (device.is_cuda() && !torch::cuda::is_available())
    throw UsageError("--device " + name + ": no CUDA device is available; use --device cpu.");
  return device;
}

}  // namespace scorefield::training
