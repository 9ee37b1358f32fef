#include <algorithm>

#include "training/batch/marginal_index.hpp"
#include "training/batch/random_streams.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/drift_loss.hpp"

namespace scorefield::training {
namespace {

/// A pair is the one that holds a random time, one time from each of `nodes` equal parts of the mu's interval: its
/// probability is T over the interval, so the mean is unbiased for the sum over pairs of the trapezoid rule minus the
/// differences, whatever the spacing.
/// With loss.stride = n the frames are cut into runs of n intervals, from a random offset.
class PairPlan : public DriftPlan {
 public:
  PairPlan(const PlanInputs& inputs, std::int64_t stride)
      : DriftPlan(inputs, needs_of(inputs)),
        nodes_(inputs.config.batch.nodes),
        stride_(stride),
        scale_(0.5 / static_cast<double>(inputs.config.batch.mu * nodes_ * inputs.config.batch.particles)) {}

 private:
  static BatchNeeds needs_of(const PlanInputs& inputs) {
    BatchNeeds needs;
    needs.groups = 4 * inputs.config.batch.mu * inputs.config.batch.nodes;
    // The particles of a pair of frames must be the same ones where that is known.
    needs.same_particles = inputs.reader.header().identity == data::Identity::trajectories;
    return needs;
  }

  [[nodiscard]] std::vector<Group> choose_groups(const MarginalIndex& marginals,
                                                 std::uint64_t step_seed) const override {
    const auto mu = marginals.choose_mu(step_seed);
    std::vector<Group> groups;
    std::int64_t pair = 0;
    for (std::size_t m = 0; m < mu.size(); ++m)
      for (std::int64_t q = 0; q < nodes_; ++q, ++pair) {
        const auto& times = marginals.times(mu[m]);
        const auto last = static_cast<std::int64_t>(times.time.size()) - 1;
        const double t = times.at(marginals.choose_time(step_seed, m, q));
        const auto interval = std::clamp<std::int64_t>(
            std::upper_bound(times.time.begin(), times.time.end(), t) - times.time.begin() - 1, 0, last - 1);
        const auto offset = static_cast<std::int64_t>(
            Philox(step_seed, kOffsetStream)
                .integer(static_cast<std::uint64_t>(pair), static_cast<std::uint64_t>(stride_)));
        const std::int64_t start = interval - (interval + offset) % stride_;
        add_pair({mu[m], pair, static_cast<std::size_t>(std::max<std::int64_t>(start, 0)),
                  static_cast<std::size_t>(std::min(start + stride_, last))},
                 times, groups);
      }
    return groups;
  }

  struct Pair {
    std::int64_t mu_index, number;
    std::size_t a, b;
  };

  /// The four group sums of a pair: samples of either frame at either time.
  void add_pair(const Pair& pair, const MarginalIndex::Times& times, std::vector<Group>& groups) const {
    const std::size_t a = pair.a, b = pair.b;
    const double rate = 1 / (times.time[b] - times.time[a]), scale = scale_ * times.span;
    const auto add = [&](std::size_t at, std::size_t samples, bool kinetic, double potential) {
      Group group{.mu_index = pair.mu_index, .time = times.time[at]};
      group.terms = {.kinetic = kinetic ? 1.0 : 0.0, .potential = potential, .scale = scale};
      group.frame = times.frame[samples];
      group.anchor = needs().same_particles ? times.frame[a] : group.frame;
      group.shared = pair.number;
      groups.push_back(std::move(group));
    };
    add(a, a, true, rate);
    add(a, b, false, -rate);
    add(b, b, true, -rate);
    add(b, a, false, rate);
  }

  std::int64_t nodes_, stride_;
  double scale_;
};

}  // namespace

/// Snapshots, by differences between frames (DICE, arXiv 2507.05107). For the two ends a < b of a pair, T = t_b - t_a:
///   T/2 (K_a + K_b) - 1/2 [ mean_b s_a - mean_a s_a + mean_b s_b - mean_a s_b ],
///   K = mean |grad s|^2/2 + sigma^2/2 lap s,
/// summed over pairs of neighbouring frames. No ds/dt; a function c(t) added to s changes nothing, to round-off.
class DiceLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<DiceLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "dice"; }
  [[nodiscard]] std::string summary() const override { return "snapshots, by differences between frames"; }

  void bind(OptionSet& set) override {
    set.add("loss.stride", stride_, at_least(1), "dice: intervals between the two frames of a pair");
  }

  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<PairPlan>(inputs, stride_);
  }

 private:
  std::int64_t stride_ = 1;
};

template std::unique_ptr<Loss> make_loss<DiceLoss>();

}  // namespace scorefield::training
