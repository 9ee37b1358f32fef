#include <string>

#include "core/error.hpp"
#include "training/batch/marginal_index.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/drift_loss.hpp"
#include "training/quadrature.hpp"

namespace scorefield::training {
namespace {

class QuadraturePlan : public DriftPlan {
 public:
  QuadraturePlan(const PlanInputs& inputs, std::int64_t gauge)
      : DriftPlan(inputs, needs_of(inputs.config, gauge)),
        quadrature_(inputs.config.quadrature),
        per_sample_(1.0 / static_cast<double>(inputs.config.batch.mu * inputs.config.batch.particles)) {}

 private:
  static BatchNeeds needs_of(const TrainConfig& config, std::int64_t gauge) {
    const std::int64_t own_ends = config.quadrature.end_groups - (includes_ends(config.quadrature.kind) ? 1 : 0);
    BatchNeeds needs;
    needs.groups = config.batch.mu * (config.quadrature.nodes + 2 * own_ends);
    needs.gauge_points = gauge;
    return needs;
  }

  [[nodiscard]] std::vector<Group> choose_groups(const MarginalIndex& marginals,
                                                 std::uint64_t step_seed) const override {
    std::vector<Group> groups;
    std::uint64_t place = 0;
    for (const std::int64_t m : marginals.choose_mu(step_seed)) {
      auto rule = make_quadrature(quadrature_, step_seed, place++);  // random nodes differ between values of mu
      const auto& times = marginals.times(m);
      if (quadrature_.at_frames) rule = at_times(rule, quadrature_.kind, times.shares());
      for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
        rule.nodes[q] = times.at(rule.nodes[q]);
        rule.weights[q] *= times.span;
      }
      add_groups({m, times.at(0), times.at(1)}, rule, groups);
    }
    return groups;
  }

  struct Interval {
    std::int64_t mu_index;
    double start, end;  ///< of its times, normalised
  };

  /// The nodes, then what the ends need beside them: + mean s at the start and - mean s at the end, also on the samples
  /// of the rule's own end nodes where it has them.
  void add_groups(const Interval& interval, const QuadratureRule& rule, std::vector<Group>& groups) const {
    const auto [m, start, end] = interval;
    const bool ends = includes_ends(quadrature_.kind);
    const double end_share = 1.0 / static_cast<double>(quadrature_.end_groups);
    for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
      kernels::GroupTerms terms{.kinetic = 1, .time = 1, .scale = rule.weights[q] * per_sample_};
      if (ends && q == 0) terms.potential = end_share / rule.weights[q];
      if (ends && q + 1 == rule.nodes.size()) terms.potential = -end_share / rule.weights[q];
      groups.push_back({.mu_index = m, .time = rule.nodes[q], .terms = terms});
    }
    for (std::int64_t e = ends ? 1 : 0; e < quadrature_.end_groups; ++e) {
      const double scale = per_sample_ * end_share;
      groups.push_back({.mu_index = m, .time = start, .terms = {.kinetic = 0, .potential = 1, .scale = scale}});
      groups.push_back({.mu_index = m, .time = end, .terms = {.kinetic = 0, .potential = -1, .scale = scale}});
    }
  }

  QuadratureOptions quadrature_;
  double per_sample_;
};

}  // namespace

/// Snapshots, by quadrature in time (arXiv 2210.06662, 2410.12000):
///   sum_q w_q mean_x [ |grad s|^2/2 + ds/dt + sigma^2/2 lap s ] - mean_x s(t = 1) + mean_x s(t = 0).
class ActionMatchingLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<ActionMatchingLoss>(*this); }
  [[nodiscard]] bool learns_growth() const override { return true; }
  [[nodiscard]] std::string name() const override { return "action-matching"; }
  [[nodiscard]] std::string summary() const override { return "snapshots, by quadrature in time"; }

  void bind(OptionSet& set) override {
    set.add("loss.gauge", gauge_, at_least(0),
            "points whose mean potential is taken from s in action matching, so that no c(t) hides between the nodes; "
            "0: none");
  }
  void validate(const TrainConfig& config) const override {
    DriftLoss::validate(config);
    training::validate(config.quadrature);
  }

  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    const auto& quadrature = inputs.config.quadrature;
    const std::int64_t times = inputs.reader.header().least_frames();
    if (quadrature.at_frames && times < quadrature.nodes)
      throw UsageError("option 'quadrature.at_frames': " + std::to_string(times) +
                       " stored times are fewer than the rule's " + std::to_string(quadrature.nodes) +
                       " nodes. Lower quadrature.nodes.");
    return std::make_unique<QuadraturePlan>(inputs, gauge_);
  }

 private:
  std::int64_t gauge_ = 1;  ///< points that fix the gauge; 0: it stays free
};

template std::unique_ptr<Loss> make_loss<ActionMatchingLoss>();

}  // namespace scorefield::training
