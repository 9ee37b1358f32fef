#include "training/losses/drift_loss.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "models/density_drift.hpp"
#include "models/known_drift.hpp"
#include "models/network_drift.hpp"
#include "models/tangent_drift.hpp"
#include "training/batch/drawing.hpp"
#include "training/frame_mass.hpp"

namespace scorefield::training {
namespace {

/// What targets change by, times the jitter over its variance; [d], normalised units, or empty.
std::vector<double> jitter_slope(const PlanInputs& inputs, const std::vector<double>& diffusion) {
  const auto& loss = inputs.config.loss;
  const auto& normalizer = inputs.normalizer;
  const bool entropic = laplacian_from_jitter(loss);
  if (!entropic && diffusion.empty()) return {};
  std::vector<double> slope(static_cast<std::size_t>(normalizer.dimension()),
                            entropic ? -0.5 * loss.sigma * loss.sigma : 0);
  for (std::size_t c = 0; c < diffusion.size(); ++c)
    slope[c] += diffusion[c] * normalizer.time_span / (normalizer.scale[c] * normalizer.scale[c]);
  return slope;
}

}  // namespace

void DriftLoss::validate(const TrainConfig& config) const {
  if (config.loss.growth > 0 && !learns_growth())
    throw UsageError("option 'loss.growth' needs a loss that sees the potential itself, which loss.name = " + name() +
                     " does not: take action-matching or dice, or model.field = growth.");
  if (config.loss.growth > 0 && config.model.quadratic)
    throw UsageError("option 'loss.growth' does not go with model.quadratic = true.");
  if (laplacian_from_jitter(config.loss) && !jittered_throughout(config.batch))
    throw UsageError(
        "option 'loss.laplacian' = stein takes the Laplacian from the samples' jitter: set 'batch.jitter' (and "
        "'batch.jitter_end') above 0, or choose hutchinson or exact.");
}

std::unique_ptr<Drift> DriftLoss::field(std::shared_ptr<models::ScoreNetwork> network, const std::vector<double>& mu,
                                        Carried carried) const {
  switch (carried) {
    case Carried::log_density:
      return std::make_unique<models::DensityDrift>(std::move(network), mu);
    case Carried::tangent:
      return std::make_unique<models::TangentDrift>(std::move(network), mu);
    default:
      return std::make_unique<models::NetworkDrift>(std::move(network), mu);
  }
}

DriftPlan::DriftPlan(const PlanInputs& inputs, BatchNeeds needs, const std::vector<double>& diffusion)
    : BatchPlan(std::move(needs)),
      known_drift_(std::make_unique<models::KnownDrift>(inputs.config.model.known_drift, inputs.normalizer)),
      slope_(jitter_slope(inputs, diffusion)),
      growth_(inputs.config.loss.growth) {
  if (growth_ > 0) {
    needs_.gauge_points = 0;  // a function of time added to s is growth
    masses_ = frame_masses(inputs.reader, choose_mass(inputs.reader.header(), MassKind::automatic));
    for (std::size_t m = 0; m < masses_.size(); ++m) {
      auto& times = times_.emplace_back(inputs.reader.header().times(static_cast<std::int64_t>(m)));
      for (double& t : times) t = inputs.normalizer.normalized_time(t);
    }
  }
  needs_.jittered_validation = !slope_.empty();
  if (needs_.velocities != data::Velocities::none || !slope_.empty() || !known_drift_->empty())
    needs_.target_columns = inputs.normalizer.dimension();
}

DriftPlan::~DriftPlan() = default;

std::vector<Group> DriftPlan::make_groups(const MarginalIndex& marginals, std::uint64_t step_seed) const {
  auto groups = choose_groups(marginals, step_seed);
  if (needs().target_columns > 0)
    for (auto& group : groups) group.terms.velocity = -group.terms.kinetic;
  if (growth_ > 0)
    for (auto& group : groups) {
      group.terms.reaction = group.terms.kinetic / growth_;
      group.terms.scale *= mass_of(group);
    }
  return groups;
}

double DriftPlan::mass_of(const Group& group) const {
  const auto m = static_cast<std::size_t>(group.mu_index);
  const auto &times = times_[m], &masses = masses_[m];
  if (group.frame >= 0) return masses[static_cast<std::size_t>(group.frame)];
  const auto after = std::clamp<std::ptrdiff_t>(
      std::upper_bound(times.begin(), times.end(), group.time) - times.begin(), 1, std::ssize(times) - 1);
  const auto b = static_cast<std::size_t>(after), a = b - 1;
  const double share = std::clamp((group.time - times[a]) / (times[b] - times[a]), 0.0, 1.0);
  return (1 - share) * masses[a] + share * masses[b];
}

void DriftPlan::fill(const Drawing& drawing, const Group& group, const GroupRows& rows) const {
  if (needs().velocities != data::Velocities::none) {
    drawing.particles(group, rows.x, rows.target);
  } else {
    drawing.particles(group, rows.x);
    std::fill(rows.target.begin(), rows.target.end(), 0.0f);
  }
  if (slope_.empty()) drawing.jitter(rows.x);
  else drawing.jitter(rows.x, rows.target, slope_);
  if (!known_drift_->empty()) known_drift_->subtract_from(rows.target, rows.x);
}

}  // namespace scorefield::training
