#include "training/calibration/fit.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::training {
namespace {

ReducedModel load_drift_model(const CalibrateRequest& request) {
  const auto device = open_device(request.device);
  auto model = load_model(request.model_path);
  static_cast<void>(require_drift(model, request.model_path));
  model.network->to(device);
  return model;
}

integrators::IntegrateOptions heun(std::int64_t steps) {
  integrators::IntegrateOptions options;
  options.method = integrators::IntegrationMethod::heun;
  options.steps = steps;
  return options;
}

}  // namespace

Fit::Fit(const CalibrateRequest& request) : model_(load_drift_model(request)), data_(request.data_path) {
  check(request);
  plain_.emplace(model_, heun(request.options.steps));
  with_tangent_.emplace(model_, heun(request.options.steps), Carried::tangent);
  place_start(request);
  observation_.emplace(model_, data_, request.options, particles_, request.seed);
}

void Fit::check(const CalibrateRequest& request) const {
  check_ranges(request.options);
  const auto& header = data_.header();
  if (request.options.run < 0 || request.options.run >= header.mu_count())
    throw UsageError("calibrate.run " + std::to_string(request.options.run) + ": " + data_.path() + " holds " +
                     std::to_string(header.mu_count()) + " runs, counted from 0.");
  if (model_.header.mu_names.size() != 1) throw UsageError("calibrate takes models with one physics parameter.");
  if (model_.sigma > 0)
    throw UsageError("calibrate follows a flow without noise; the model was trained with loss.sigma > 0.");
  if (header.coordinates != model_.header.coordinates)
    throw FileError(data_.path(), "its coordinates differ from the model's; it cannot be explained by this model.");
}

void Fit::place_start(const CalibrateRequest& request) {
  const auto& options = request.options;
  const auto device = open_device(request.device);
  const auto& normalizer = model_.network->normalizer();
  particles_ = data_.header().particles;
  if (options.particles > 0) particles_ = std::min(particles_, options.particles);
  if (options.initial == CalibrationStart::data) {
    if (std::abs(normalizer.normalized_time(data_.header().time.front())) > 1e-6)
      throw UsageError("calibrate.initial data: " + data_.path() + " does not begin at the model's first time.");
    const ObservedParticles first{options.run, 0, particles_, request.seed};
    start_.emplace(observed_population(model_, data_, first), *plain_, normalizer, device);
    return;
  }
  StartOptions start;
  if (options.initial == CalibrationStart::model) start.kind = StartKind::nearest;
  const bool known = RolloutStart(model_, start, request.seed).knows_every_mu();
  if (!known) particles_ = std::min(particles_, model_.initial.particles);
  starts_elsewhere_ = !known && start.kind == StartKind::automatic;
  start.particles = particles_;
  populations_.emplace(model_, start, request.seed);
  start_.emplace(*populations_, *plain_, normalizer, device);
}

Prediction Fit::predict(double mu, bool with_tangent) const {
  const auto at = physical(mu);
  auto state = start_->at(at);
  const std::int64_t d = state.size(1);
  if (with_tangent) state = torch::cat({state, start_->tangent(at)}, 1);
  Prediction prediction;
  const auto keep = [&](std::int64_t k, const torch::Tensor& moved) {
    if (k == 0) return;
    prediction.x.push_back(moved.narrow(1, 0, d).contiguous());
    if (with_tangent) prediction.tangent.push_back(moved.narrow(1, d, moved.size(1) - d).contiguous());
  };
  try {
    (with_tangent ? *with_tangent_ : *plain_).run(at, state, observation_->times(), keep);
  } catch (const DivergenceError&) {
    throw DivergenceError(0, "a particle of the rollout", "Take more steps (calibrate.steps).");
  }
  return prediction;
}

std::vector<double> Fit::physical(double mu) const {
  const auto [lowest, highest] = std::minmax_element(model_.header.mu.begin(), model_.header.mu.end());
  return {std::clamp(unbounded(mu), (*lowest)[0], (*highest)[0])};
}

double Fit::unbounded(double mu) const {
  const auto& normalizer = model_.network->normalizer();
  return normalizer.mu_center[0] + normalizer.mu_scale[0] * mu;
}

double Fit::normalised(const std::vector<double>& mu) const {
  return model_.network->normalizer().normalized_mu(mu).front();
}

}  // namespace scorefield::training
