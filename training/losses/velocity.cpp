#include "core/error.hpp"
#include "training/batch/marginal_index.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/differences.hpp"
#include "training/losses/drift_loss.hpp"
#include "training/losses/velocity_source.hpp"

namespace scorefield::training {
namespace {

class VelocityPlan : public DriftPlan {
 public:
  VelocityPlan(const PlanInputs& inputs, VelocityKind velocities, PathKind paths)
      : DriftPlan(inputs, needs_of(inputs, velocities, paths), diffusion_of(inputs.reader.header(), velocities)),
        scale_(1.0 / static_cast<double>(needs().groups * inputs.config.batch.particles)) {}

 private:
  static BatchNeeds needs_of(const PlanInputs& inputs, VelocityKind velocities, PathKind paths) {
    BatchNeeds needs;
    needs.groups = inputs.config.batch.mu * inputs.config.batch.nodes;
    needs.velocities =
        velocities == VelocityKind::differences ? data::Velocities::differences : data::Velocities::stored;
    needs.targets_from = describe(velocities, inputs.reader.header());
    const auto& header = inputs.reader.header();
    if (velocities != VelocityKind::differences || !can_take_differences(header)) return needs;
    auto plan = plan_differences(
        inputs.reader, MarginalIndex(header, inputs.normalizer, inputs.config.batch, inputs.seed, false), paths);
    needs.differences = std::move(plan.differences);
    if (!plan.description.empty()) needs.targets_from += " (" + plan.description + ")";
    needs.warnings = std::move(plan.warnings);
    return needs;
  }

  static std::vector<double> diffusion_of(const data::DatasetHeader& header, VelocityKind velocities) {
    return velocities == VelocityKind::stored && diffuses(header) ? header.diffusion : std::vector<double>();
  }

  [[nodiscard]] std::vector<Group> choose_groups(const MarginalIndex& marginals,
                                                 std::uint64_t step_seed) const override {
    std::vector<Group> groups;
    for (const auto& [mu_index, time, frame] : marginals.choose_stored(step_seed))
      groups.push_back({.mu_index = mu_index, .time = time, .terms = {.kinetic = 1, .scale = scale_}});
    return groups;
  }

  double scale_;
};

}  // namespace

/// Regression of grad s on the particles' velocities X':
///   int mean_x [ |grad s|^2/2 - X'.grad s + sigma^2/2 lap s ] dt,
/// least where grad s is the gradient field nearest to E[X' | x]. Same minimiser as action matching, since
/// d/dt s(X_t, t) = ds/dt + X'.grad s; no time derivative of s, no boundary terms, any random choice of (mu, t).
class VelocityLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<VelocityLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "velocity"; }
  [[nodiscard]] std::string summary() const override { return "data with known velocities"; }
  [[nodiscard]] bool is_regression() const override { return true; }

  void bind(OptionSet& set) override {
    set.add("loss.velocities", velocities_,
            {{"auto", VelocityKind::automatic},
             {"stored", VelocityKind::stored},
             {"differences", VelocityKind::differences}},
            "velocity: where the particles' velocities come from; differences: central ones between frames of "
            "trajectories, also of stochastic systems; auto: the stored ones where they say all, else differences");
    set.add(
        "loss.paths", paths_,
        {{"auto", PathKind::automatic}, {"smooth", PathKind::smooth}, {"stochastic", PathKind::rough}},
        "velocity: how the one-sided differences at unevenly spaced frames are put together; smooth: to second "
        "order; stochastic: by their mean, the current velocity of a diffusion; auto: by the quadratic variation of "
        "every coordinate");
  }

  void validate(const TrainConfig& config) const override {
    DriftLoss::validate(config);
    if (velocities_ == VelocityKind::differences && config.batch.identity == IdentityUse::ignore)
      throw UsageError(
          "option 'loss.velocities' = differences follows particles from frame to frame, which 'batch.identity' = "
          "ignore rules out. Take loss.name = auto, dice or transport, or batch.identity = keep.");
  }

  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<VelocityPlan>(inputs, choose_velocities(inputs.reader, velocities_, inputs.config.batch),
                                          paths_);
  }

 private:
  VelocityKind velocities_ = VelocityKind::automatic;
  PathKind paths_ = PathKind::automatic;
};

template std::unique_ptr<Loss> make_loss<VelocityLoss>();

}  // namespace scorefield::training
