#include "training/batch/marginal_index.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/drift_loss.hpp"

namespace scorefield::training {
namespace {

class RestPlan : public DriftPlan {
 public:
  explicit RestPlan(const PlanInputs& inputs)
      : DriftPlan(inputs, needs_of(inputs)),
        scale_(1.0 / static_cast<double>(needs().groups * inputs.config.batch.particles)) {}

 private:
  static BatchNeeds needs_of(const PlanInputs& inputs) {
    BatchNeeds needs;
    needs.groups = inputs.config.batch.mu * inputs.config.batch.nodes;
    return needs;
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

/// int mean_x |grad s|^2/2 dt, least where nothing moves but the known part of the drift.
class RestLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<RestLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "rest"; }
  [[nodiscard]] std::string summary() const override { return "kinetic energy alone"; }
  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<RestPlan>(inputs);
  }
};

template std::unique_ptr<Loss> make_loss<RestLoss>();

}  // namespace scorefield::training
