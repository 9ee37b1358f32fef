#include "training/losses/noise_loss.hpp"

#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "training/batch/drawing.hpp"
#include "training/batch/random_streams.hpp"

namespace scorefield::training {
namespace {

BatchNeeds needs_of(const PlanInputs& inputs) {
  BatchNeeds needs;
  needs.groups = inputs.config.batch.mu * inputs.config.batch.nodes;
  needs.target_columns = inputs.normalizer.dimension();
  return needs;
}

}  // namespace

void NoiseLoss::validate(const TrainConfig& config) const {
  if (config.loss.growth > 0)
    throw UsageError("option 'loss.growth' belongs to losses that learn a drift, not to " + name() + ".");
  if (config.loss.sigma > 0)
    throw UsageError("option 'loss.sigma' belongs to losses that learn a drift, not to " + name() + ".");
}

NoisePlan::NoisePlan(const PlanInputs& inputs, bool with_level)
    : BatchPlan(needs_of(inputs)),
      with_level_(with_level),
      scale_(1.0 / static_cast<double>(needs().groups * inputs.config.batch.particles)) {}

std::vector<Group> NoisePlan::make_groups(const MarginalIndex& marginals, std::uint64_t step_seed) const {
  double level = uniform(step_seed, kLevelStream, 0);
  std::vector<Group> groups;
  for (const auto& [mu_index, time, frame] : marginals.choose_stored(step_seed)) {
    Group group{.mu_index = mu_index, .time = time, .terms = {.kinetic = 1, .velocity = -1, .scale = scale_}};
    group.frame = frame;
    group.copies = 2;
    if (with_level_) {
      level += std::numbers::phi - 1;  // the golden ratio: any number of levels lies evenly
      level -= std::floor(level);
      group.inputs = {2 * level - 1};
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

void NoisePlan::fill(const Drawing& drawing, const Group& group, const GroupRows& rows) const {
  drawing.particles(group, rows.x);
  drawing.jitter(rows.x);
  add_noise(drawing, group, rows);
}

void add_normal_noise(const Drawing& drawing, double deviation, double factor, const GroupRows& rows) {
  const auto d = static_cast<std::size_t>(drawing.dimension());
  const std::size_t count = rows.x.size() / d, different = (count + 1) / 2;
  const Philox random(drawing.seed(), kNoiseStream);
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t c = 0; c < d; ++c) {
      const double sign = n < different ? 1 : -1, xi = sign * random.normals((n % different) * d + c)[0];
      float& x = rows.x[n * d + c];
      x = static_cast<float>(x + deviation * xi);
      rows.target[n * d + c] = static_cast<float>(-xi * factor);
    }
}

}  // namespace scorefield::training
