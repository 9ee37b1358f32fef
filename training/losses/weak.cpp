#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "core/error.hpp"
#include "models/score_network.hpp"
#include "models/serial_section.hpp"
#include "training/batch/drawing.hpp"
#include "training/batch/marginal_index.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/drift_loss.hpp"
#include "training/losses/weak_features.hpp"
#include "training/objective.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Particles of stored frames; the group's K rates come first among its targets, then zeros.
class WeakPlan : public BatchPlan {
 public:
  WeakPlan(const PlanInputs& inputs, std::int64_t features)
      : BatchPlan(needs_of(inputs, features)),
        features_(features),
        scale_(1.0 / static_cast<double>(needs().groups)),
        rates_(feature_rates(inputs.reader, inputs.normalizer,
                             make_weak_features(inputs.normalizer, features, inputs.seed))) {}

  [[nodiscard]] std::vector<Group> make_groups(const MarginalIndex& marginals, std::uint64_t step_seed) const override {
    std::vector<Group> groups;
    for (const auto& [mu_index, time, frame] : marginals.choose_stored(step_seed)) {
      Group group{.mu_index = mu_index, .time = time, .terms = {.kinetic = 0, .velocity = 1, .scale = scale_}};
      group.frame = frame;
      groups.push_back(std::move(group));
    }
    return groups;
  }

  void fill(const Drawing& drawing, const Group& group, const GroupRows& rows) const override {
    drawing.particles(group, rows.x);
    const auto* rate = rates_[static_cast<std::size_t>(group.mu_index)].data() + group.frame * features_;
    std::fill(std::copy(rate, rate + features_, rows.target.begin()), rows.target.end(), 0.0f);
  }

 private:
  static BatchNeeds needs_of(const PlanInputs& inputs, std::int64_t features) {
    BatchNeeds needs;
    needs.groups = inputs.config.batch.mu * inputs.config.batch.nodes;
    const std::int64_t particles = inputs.config.batch.particles;
    needs.target_columns = (features + particles - 1) / particles;
    needs.targets_from = "rates of " + std::to_string(features) + " means from neighbouring frames";
    return needs;
  }

  std::int64_t features_;
  double scale_;
  std::vector<std::vector<float>> rates_;  ///< [M][frames * K]
};

/// scale sum_k q_k r_k r'_k of every group, with q_k = 1/|w_k|^2 and r, r' the residuals of the even and of the odd
/// particles, so that the noise of means over them cancels; and ridge mean |b|^2/2. Quadratic in b, so that its
/// gradient is that of mean y.b with a y that follows from b: the network's objective.
class WeakObjective : public Objective {
 public:
  WeakObjective(std::unique_ptr<Objective> network, std::int64_t features, double ridge, std::int64_t seed)
      : network_(std::move(network)), count_(features), ridge_(ridge), seed_(static_cast<std::uint64_t>(seed)) {}

  [[nodiscard]] ObjectiveInputs prepare(const Batch& batch, std::int64_t step, torch::Device device) const override {
    return network_->prepare(batch, step, device);
  }

  [[nodiscard]] Tensor loss(models::ScoreNetwork& network, const ObjectiveInputs& inputs) const override {
    ObjectiveInputs linear = inputs;
    Tensor value;
    {
      const torch::NoGradGuard no_grad;
      const SerialSection serial;
      const Batch& batch = inputs.batch;
      const Tensor b = network.group_field(batch.x, batch.mu, batch.t);
      std::tie(value, linear.batch.target) = value_and_cotangent(batch, b, network.normalizer());
    }
    const Tensor along = network_->loss(network, linear);
    return along - along.detach() + value;
  }
  using Objective::loss;
  [[nodiscard]] std::string engine() const override { return network_->engine(); }

 private:
  /// Of a batch's device and type.
  struct Features {
    Tensor waves, phases, weights;  ///< [K, d], [K], [K]: q/K
  };

  /// Made at the first call, which is that of the validation.
  const Features& features(const Tensor& x, const models::Normalizer& normalizer) const {
    if (features_) return *features_;
    const auto made = make_weak_features(normalizer, count_, seed_);
    const auto tensor = [&](const std::vector<double>& values) {
      return torch::tensor(values, torch::kFloat64).to(x.options());
    };
    features_ = Features{tensor(made.waves).view({count_, made.dimension}), tensor(made.phases),
                         tensor(made.weights) / static_cast<double>(count_)};
    return *features_;
  }

  /// The objective, and the y of its linear part, [G, N, d].
  [[nodiscard]] std::pair<Tensor, Tensor> value_and_cotangent(const Batch& batch, const Tensor& b,
                                                              const models::Normalizer& normalizer) const {
    const auto& f = features(batch.x, normalizer);
    const auto groups = b.size(0), particles = b.size(1);
    const Tensor slope = -(batch.x.matmul(f.waves.t()) + f.phases).sin();           // [G, N, K]: dphi/dangle
    const Tensor rates = slope * b.matmul(f.waves.t());                             // grad phi . b
    const Tensor wanted = batch.target.reshape({groups, -1}).narrow(1, 0, count_);  // [G, K]
    const Tensor scale = torch::tensor(scales(batch), torch::kFloat64).to(b.options());
    std::array<Tensor, 2> residual;
    for (const std::int64_t half : {0, 1})
      residual[static_cast<std::size_t>(half)] = rates.slice(1, half, particles, 2).mean(1) - wanted;
    const Tensor value = (f.weights * residual[0] * residual[1]).sum(1) + ridge_ / 2 * b.square().sum(2).mean(1);
    Tensor y = ridge_ / static_cast<double>(particles) * b;
    for (const std::int64_t half : {0, 1}) {
      const Tensor own = slope.slice(1, half, particles, 2);
      const Tensor factor = (f.weights * residual[static_cast<std::size_t>(1 - half)]).unsqueeze(1);
      y.slice(1, half, particles, 2) += (own * factor).matmul(f.waves) / static_cast<double>(own.size(1));
    }
    return {(scale * value).sum(), y};
  }

  static std::vector<double> scales(const Batch& batch) {
    std::vector<double> scales;
    for (const auto& term : batch.terms) scales.push_back(term.scale);
    return scales;
  }

  std::unique_ptr<Objective> network_;
  std::int64_t count_;
  double ridge_;
  std::uint64_t seed_;
  mutable std::optional<Features> features_;
};

}  // namespace

/// Snapshots, by the weak form of the continuity equation (arXiv 2605.25107):
///   E[grad phi_k . b] = d/dt E[phi_k]   for random Fourier features phi_k,
/// the right side from means over all particles of neighbouring frames. No derivatives of the field, whatever it is: it
/// goes with potentials and with vector fields, of which the ridge chooses the one of least energy.
class WeakLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<WeakLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "weak"; }
  [[nodiscard]] std::string summary() const override { return "snapshots dense in time, by rates of random features"; }
  [[nodiscard]] bool is_regression() const override { return true; }
  [[nodiscard]] std::int64_t least_frames() const override { return 3; }

  void bind(OptionSet& set) override {
    set.add("loss.features", features_, at_least(1), "weak: random Fourier features");
    set.add("loss.ridge", ridge_, at_least(0.0), "weak: weight of the field's energy, |b|^2/2");
  }
  void validate(const TrainConfig& config) const override {
    if (config.loss.sigma > 0) throw UsageError("option 'loss.sigma' does not go with loss.name = weak.");
    if (config.model.known_drift != models::KnownDriftKind::none)
      throw UsageError("option 'model.known_drift' does not go with loss.name = weak.");
    if (config.model.quadratic) throw UsageError("option 'model.quadratic' does not go with loss.name = weak.");
    if (config.batch.particles < 2) throw UsageError("loss.name = weak needs batch.particles of 2 or more.");
  }

  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<WeakPlan>(inputs, features_);
  }
  [[nodiscard]] std::unique_ptr<Objective> objective(const TrainConfig& config, std::int64_t seed) const override {
    return std::make_unique<WeakObjective>(DriftLoss::objective(config, seed), features_, ridge_, seed);
  }

 private:
  std::int64_t features_ = 128;
  double ridge_ = 1e-3;
};

template std::unique_ptr<Loss> make_loss<WeakLoss>();

}  // namespace scorefield::training
