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
  static_cast<void>(require_mover(model, request.model_path));
  model.to(device);
  return model;
}

/// In the frames of one run.
std::int64_t fewest_particles(const data::DatasetHeader& header, std::int64_t run) {
  std::int64_t fewest = header.particles_at(run, 0);
  for (std::size_t k = 1; k < header.times(run).size(); ++k)
    fewest = std::min(fewest, header.particles_at(run, static_cast<std::int64_t>(k)));
  return fewest;
}

integrators::IntegrateOptions heun(std::int64_t steps) {
  integrators::IntegrateOptions options;
  options.method = integrators::IntegrationMethod::heun;
  options.steps = steps;
  return options;
}

}  // namespace

Fit::Fit(const CalibrateRequest& request)
    : model_(load_drift_model(request)), known_(model_.header.mu), data_(request.data_path, data::Layouts::any) {
  check(request);
  for (std::size_t j = 0; j < names().size(); ++j) {
    const double bound = known_.low()[j] < known_.high()[j] ? 1 : 0;
    low_.push_back(-bound);
    high_.push_back(bound);
  }
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
  if (model_.sigma > 0)
    throw UsageError("calibrate follows a flow without noise; the model was trained with loss.sigma > 0.");
  require_space_of(model_.header, header, data_.path());
}

void Fit::place_start(const CalibrateRequest& request) {
  const auto& options = request.options;
  const auto device = open_device(request.device);
  const auto& normalizer = model_.normalizer;
  particles_ = fewest_particles(data_.header(), options.run);
  if (options.particles > 0) particles_ = std::min(particles_, options.particles);
  if (options.initial == CalibrationStart::data && options.initial_file.empty()) {
    if (std::abs(normalizer.normalized_time(data_.header().times(options.run).front())) > 1e-6)
      throw UsageError("calibrate.initial data: " + data_.path() + " does not begin at the model's first time.");
    const ObservedParticles first{options.run, 0, particles_, request.seed};
    start_.emplace(observed_population(model_, data_, first), *plain_, normalizer, device);
    return;
  }
  StartOptions start;
  start.path = options.initial_file;
  if (options.initial == CalibrationStart::model) start.kind = StartKind::nearest;
  const RolloutStart available(model_, start, request.seed);
  if (!available.knows_every_mu()) particles_ = std::min(particles_, available.particles());
  starts_elsewhere_ = !available.knows_every_mu() && start.kind == StartKind::automatic && start.path.empty();
  start.particles = particles_;
  populations_.emplace(model_, start, request.seed);
  start_.emplace(*populations_, *plain_, normalizer, device);
}

Prediction Fit::predict(const std::vector<double>& mu, bool with_tangent) const {
  const auto at = physical(mu);
  auto state = start_->at(at);
  const std::int64_t d = state.size(1);
  if (with_tangent) state = torch::cat({state, start_->tangent(at)}, 1);
  Prediction prediction;
  const auto keep = [&](std::int64_t k, const torch::Tensor& moved) {
    if (k == 0) return;
    prediction.x.push_back(moved.narrow(1, 0, d).contiguous());
    if (!with_tangent) return;
    auto tangent = moved.narrow(1, d, moved.size(1) - d).clone();
    for (std::size_t j = 0; j < low_.size(); ++j)
      if (low_[j] == high_[j]) tangent.narrow(1, static_cast<std::int64_t>(j) * d, d).zero_();
    prediction.tangent.push_back(tangent);
  };
  try {
    (with_tangent ? *with_tangent_ : *plain_).run(at, state, observation_->times(), keep);
  } catch (const DivergenceError&) {
    throw DivergenceError(0, "a particle of the rollout", "Take more steps (calibrate.steps).");
  }
  return prediction;
}

std::vector<double> Fit::physical(const std::vector<double>& mu) const {
  auto values = unbounded(mu);
  for (std::size_t j = 0; j < values.size(); ++j) values[j] = std::clamp(values[j], known_.low()[j], known_.high()[j]);
  return values;
}

std::vector<double> Fit::unbounded(const std::vector<double>& mu) const {
  const auto& normalizer = model_.normalizer;
  std::vector<double> values;
  for (std::size_t j = 0; j < mu.size(); ++j)
    values.push_back(normalizer.mu_center[j] + normalizer.mu_scale[j] * mu[j]);
  return values;
}

std::vector<double> Fit::normalised(const std::vector<double>& mu) const { return model_.normalizer.normalized_mu(mu); }

}  // namespace scorefield::training
