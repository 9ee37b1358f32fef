#include "training/conditional_sampler.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "core/error.hpp"
#include "models/score.hpp"
#include "solvers/integrators.hpp"
#include "training/noise_levels.hpp"

namespace scorefield::training {
namespace {

LossOptions noise_range(const ReducedModel& model) {
  LossOptions loss;
  loss.noise_min = model.noise_min;
  loss.noise_max = model.noise_max;
  return loss;
}

/// A conditional network frozen at (mu, t): a drift in the level (ncsm: in minus the level, noise falling).
class LevelDrift : public Drift {
 public:
  LevelDrift(const ReducedModel& model, std::vector<double> mu, double t)
      : model_(model), mu_(std::move(mu)), time_(t) {}

  std::int64_t dimension() const override { return model_.network->shape().dimension(); }

  torch::Tensor drift(const torch::Tensor& x, double at) const override {
    if (model_.kind == ModelKind::cfm) return gradient(x, at) / 2;
    const double rate = std::log(model_.noise_max / model_.noise_min) / 2;  // d log sigma / d level
    return gradient(x, -at) * (rate * noise_of_level(noise_range(model_), -at));
  }

  torch::Tensor gradient(const torch::Tensor& x, double level) const {
    auto mu = mu_;
    mu.push_back(level);
    return model_.network->gradient(x, model_.network->normalized_mu(mu), time_);
  }

 private:
  const ReducedModel& model_;
  std::vector<double> mu_;
  double time_;
};

/// Where sampling starts: standard normals, scaled for ncsm; uniform on the periodic coordinates of cfm.
torch::Tensor starting_points(const ReducedModel& model, std::int64_t particles, std::uint64_t seed) {
  const auto& normalizer = model.network->normalizer();
  const auto options = model.network->parameters().front().options().requires_grad(false);
  auto x = integrators::step_noise(torch::empty({particles, normalizer.dimension()}, options), seed, 0);
  if (model.kind == ModelKind::ncsm) return x * std::sqrt(1 + model.noise_max * model.noise_max);
  for (std::int64_t c = 0; c < normalizer.dimension(); ++c)
    if (normalizer.periods[static_cast<std::size_t>(c)] > 0)
      x.select(1, c).copy_(torch::special_ndtr(x.select(1, c)) * normalizer.normalized_period(c));
  return x;
}

}  // namespace

void bind(OptionSet& set, ConditionalOptions& options) {
  set.add("infer.sampler", options.method,
          {{"probability-flow", ConditionalMethod::probability_flow}, {"langevin", ConditionalMethod::langevin}},
          "ncsm models: integrate the probability flow, or annealed Langevin steps");
  set.add("infer.sampler_steps", options.steps, at_least(1),
          "ncsm and cfm models: Heun steps per (mu, time), or noise levels of langevin");
  set.add("infer.sampler_sweeps", options.sweeps, at_least(1), "langevin: steps per noise level");
  set.add("infer.sampler_step_size", options.step_size, above(0).up_to(1),
          "langevin: step in units of the level's variance");
}

void validate(const ConditionalOptions& options, ModelKind kind) {
  check_ranges(options);
  if (options.method == ConditionalMethod::langevin && kind != ModelKind::ncsm)
    throw UsageError("infer.sampler langevin needs a model trained with loss.name = ncsm.");
}

torch::Tensor sample_conditional(const ReducedModel& model, const std::vector<double>& mu, double t,
                                 std::int64_t particles, std::uint64_t seed, const ConditionalOptions& options) {
  const torch::NoGradGuard no_grad;
  const LevelDrift field(model, mu, t);
  integrators::IntegrateOptions integration;
  integration.method = integrators::IntegrationMethod::heun;
  integration.steps = options.steps;
  const auto& normalizer = model.network->normalizer();
  for (std::int64_t c = 0; c < normalizer.dimension(); ++c)
    integration.periods.push_back(normalizer.normalized_period(c));
  auto x = starting_points(model, particles, seed);
  // Around the mean that the network sees through the largest noise (Tweedie at 0): starting from mean zero leaves
  // about mean / noise_max of an error in the end.
  if (model.kind == ModelKind::ncsm) x = x + model.noise_max * field.gradient(torch::zeros_like(x.narrow(0, 0, 1)), 1);
  if (options.method == ConditionalMethod::probability_flow) {
    x = integrators::integrate(field, x, {-1, 1}, integration);
  } else {
    std::uint64_t step = 1;
    const auto noise = [&] { return integrators::step_noise(x, seed, step++); };
    const auto level = [&](std::int64_t i) {
      return 1 - 2 * static_cast<double>(i) / static_cast<double>(options.steps);
    };
    for (std::int64_t i = 0; i < options.steps; ++i) {
      // Down one level by the reverse diffusion: Langevin steps alone would freeze the spread of the last wide level.
      const double high = noise_of_level(noise_range(model), level(i)),
                   sigma = noise_of_level(noise_range(model), level(i + 1));
      const double removed = high * high - sigma * sigma;
      x = x + (removed / high) * field.gradient(x, level(i)) + std::sqrt(removed) * noise();
      for (std::int64_t k = 0; k < options.sweeps; ++k)
        x = x + (options.step_size / 2 * sigma) * field.gradient(x, level(i + 1)) +
            (std::sqrt(options.step_size) * sigma) * noise();
      x = integrators::wrap(x, integration.periods);
    }
  }
  if (model.kind == ModelKind::ncsm) x = x + model.noise_min * field.gradient(x, -1);
  return integrators::wrap(x, integration.periods);
}

}  // namespace scorefield::training
