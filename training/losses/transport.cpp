#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/pairing.hpp"
#include "training/batch/drawing.hpp"
#include "training/batch/marginal_index.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/drift_loss.hpp"

namespace scorefield::training {
namespace {

/// Groups at random times, one from each of batch.nodes equal parts of a mu's interval, between the two frames around
/// them.
class TransportPlan : public BatchPlan {
 public:
  explicit TransportPlan(const PlanInputs& inputs)
      : BatchPlan(needs_of(inputs)),
        batch_(inputs.config.batch),
        normalizer_(inputs.normalizer),
        scale_(1.0 / static_cast<double>(needs().groups * batch_.particles)) {}

 private:
  static BatchNeeds needs_of(const PlanInputs& inputs) {
    BatchNeeds needs;
    needs.groups = inputs.config.batch.mu * inputs.config.batch.nodes;
    needs.target_columns = inputs.normalizer.dimension();
    needs.targets_from = "velocities by optimal pairings of neighbouring frames";
    return needs;
  }

  [[nodiscard]] std::vector<Group> make_groups(const MarginalIndex& marginals, std::uint64_t step_seed) const override {
    std::vector<Group> groups;
    const auto chosen = marginals.choose_mu(step_seed);
    for (std::size_t m = 0; m < chosen.size(); ++m)
      for (std::int64_t q = 0; q < batch_.nodes; ++q) {
        const auto& times = marginals.times(chosen[m]);
        const double t = times.at(marginals.choose_time(step_seed, m, q));
        const auto last = static_cast<std::ptrdiff_t>(times.time.size()) - 1;
        const auto after = std::clamp<std::ptrdiff_t>(
            std::upper_bound(times.time.begin(), times.time.end(), t) - times.time.begin(), 1, last);
        const auto b = static_cast<std::size_t>(after), a = b - 1;
        Group group{.mu_index = chosen[m], .time = t, .terms = {.kinetic = 1, .velocity = -1, .scale = scale_}};
        group.frame = times.frame[a];
        group.next_frame = times.frame[b];
        group.start = times.time[a];
        group.end = times.time[b];
        groups.push_back(std::move(group));
      }
    return groups;
  }

  void fill(const Drawing& drawing, const Group& group, const GroupRows& rows) const override {
    const auto d = static_cast<std::size_t>(drawing.dimension());
    const std::size_t n = rows.x.size() / d;
    std::vector<float> from(rows.x.size()), to(rows.x.size());
    drawing.particles(group, from);
    Group next = group;
    next.frame = group.next_frame;
    drawing.particles(next, to);
    const auto way = [&](std::size_t i, std::size_t j, std::size_t c) {
      const double step = static_cast<double>(to[j * d + c]) - from[i * d + c];
      const double period = normalizer_.normalized_period(static_cast<std::int64_t>(c));
      return period > 0 ? step - period * std::round(step / period) : step;
    };
    std::vector<double> cost(n * n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t c = 0; c < d; ++c) cost[i * n + j] += way(i, j, c) * way(i, j, c);
    const auto partner = optimal_pairing(cost, static_cast<std::int64_t>(n));
    const double span = group.end - group.start, share = (group.time - group.start) / span;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < d; ++c) {
        const double step = way(i, static_cast<std::size_t>(partner[i]), c);
        rows.x[i * d + c] = static_cast<float>(from[i * d + c] + share * step);
        rows.target[i * d + c] = static_cast<float>(step / span);
      }
    drawing.jitter(rows.x);
  }

  BatchOptions batch_;
  models::Normalizer normalizer_;
  double scale_;
};

}  // namespace

/// Snapshots far apart in time: particles of neighbouring frames a < b are paired so that they go the shortest ways
/// together (optimal transport between samples, McCann's interpolation), and grad s is regressed on their velocities,
///   int mean[ |grad s|^2/2 - (x_b - x_a)/(t_b - t_a) . grad s ] dt    at  x = x_a + (t - t_a)/(t_b - t_a) (x_b - x_a).
/// Any pairing of the two samples moves the one population to the other, so the minimiser passes through every marginal
/// (arXiv 2302.00482); unlike differences of s it needs no overlap of neighbouring frames.
class TransportLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<TransportLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "transport"; }
  [[nodiscard]] bool is_regression() const override { return true; }
  [[nodiscard]] std::string summary() const override {
    return "snapshots far apart, by optimal pairings of neighbouring frames";
  }
  void validate(const TrainConfig& config) const override {
    DriftLoss::validate(config);
    if (laplacian_from_jitter(config.loss))
      throw UsageError(
          "option 'loss.laplacian' = stein does not go with loss.name = transport: take exact or hutchinson.");
    if (config.model.known_drift != models::KnownDriftKind::none)
      throw UsageError("option 'model.known_drift' does not go with loss.name = transport, whose pairs know no drift.");
  }

  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<TransportPlan>(inputs);
  }
};

template std::unique_ptr<Loss> make_loss<TransportLoss>();

}  // namespace scorefield::training
