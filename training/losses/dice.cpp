#include <algorithm>

#include "training/batch/marginal_index.hpp"
#include "training/batch/random_streams.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/drift_loss.hpp"

namespace scorefield::training {
namespace {

/// Particles per node below which more mu of a step buy less than more particles.
constexpr std::int64_t kLeastParticles = 16;

/// How the points of a step, batch.mu * batch.nodes * batch.particles pairs with four sums each, are spread over
/// chains.
struct ChainSize {
  std::int64_t nodes;  ///< of the longest chain
  std::int64_t groups;
  std::int64_t mu, particles;

  ChainSize(const PlanInputs& inputs, std::int64_t stride) {
    const MarginalIndex marginals(inputs.reader.header(), inputs.normalizer, inputs.config.batch, inputs.seed, false);
    std::int64_t frames = 0;
    for (std::int64_t m = 0; m < marginals.mu_count(); ++m)
      frames = std::max(frames, static_cast<std::int64_t>(marginals.times(m).time.size()));
    nodes = 2 + (std::max<std::int64_t>(frames - 2, 0) + stride - 1) / stride;
    groups = 3 * nodes - 2;
    const auto& batch = inputs.config.batch;
    const std::int64_t points = 4 * batch.mu * batch.nodes * batch.particles;
    mu = std::clamp<std::int64_t>(points / (groups * kLeastParticles), 1, batch.mu);
    particles = std::max<std::int64_t>(1, points / (groups * mu));
  }
};

/// One chain a mu, through both ends of its interval and every n-th frame between them (loss.stride = n, from a random
/// offset). Every node has a sample set of its own, seen at its own time and at those of its neighbours.
class ChainPlan : public DriftPlan {
 public:
  ChainPlan(const PlanInputs& inputs, std::int64_t stride)
      : DriftPlan(inputs, needs_of(ChainSize(inputs, stride))),
        size_(inputs, stride),
        stride_(stride),
        per_sample_(1.0 / static_cast<double>(size_.mu * size_.particles)) {}

 private:
  static BatchNeeds needs_of(const ChainSize& size) {
    BatchNeeds needs;
    needs.groups = size.mu * size.groups;
    needs.particles = size.particles;
    return needs;
  }

  [[nodiscard]] std::vector<Group> choose_groups(const MarginalIndex& marginals,
                                                 std::uint64_t step_seed) const override {
    const auto chosen = marginals.choose_mu(step_seed);
    std::vector<Group> groups;
    for (std::int64_t m = 0; m < size_.mu; ++m) {
      const std::int64_t mu = chosen[static_cast<std::size_t>(m)];
      const auto offset =
          Philox(step_seed, kOffsetStream).integer(static_cast<std::uint64_t>(m), static_cast<std::uint64_t>(stride_));
      add_chain(mu, marginals.times(mu), static_cast<std::int64_t>(offset), groups);
      // Chains that are shorter than the longest one are filled up with groups that count nothing.
      Group nothing = groups.back();
      nothing.terms = {.kinetic = 0, .scale = 0};
      groups.resize(static_cast<std::size_t>((m + 1) * size_.groups), nothing);
    }
    return groups;
  }

  void add_chain(std::int64_t mu, const MarginalIndex::Times& times, std::int64_t offset,
                 std::vector<Group>& groups) const {
    std::vector<std::size_t> node;
    const auto last = static_cast<std::int64_t>(times.time.size()) - 1;
    for (std::int64_t k = 0; k <= last; ++k)
      if (k == 0 || k == last || (k + offset) % stride_ == 0) node.push_back(static_cast<std::size_t>(k));
    for (std::size_t i = 0; i < node.size(); ++i) {
      const bool first = i == 0, end = i + 1 == node.size();
      const double here = times.time[node[i]], before = first ? here : times.time[node[i - 1]],
                   after = end ? here : times.time[node[i + 1]];
      const double weight = (after - before) / 2;  // of the trapezoid rule
      const auto number = static_cast<std::int64_t>(groups.size());
      const auto add = [&](double time, kernels::GroupTerms terms) {
        Group group{.mu_index = mu, .time = time, .terms = terms};
        group.frame = times.frame[node[i]];
        group.shared = number;
        groups.push_back(std::move(group));
      };
      // +- s/2 at the node itself, which its two intervals cancel inside the chain.
      const double own = first ? 0.5 : end ? -0.5 : 0;
      add(here, {.kinetic = 1, .potential = own / weight, .scale = weight * per_sample_});
      if (!first) add(before, {.kinetic = 0, .potential = -0.5, .scale = per_sample_});
      if (!end) add(after, {.kinetic = 0, .potential = 0.5, .scale = per_sample_});
    }
  }

  ChainSize size_;
  std::int64_t stride_;
  double per_sample_;
};

}  // namespace

/// Snapshots, by differences between frames (DICE, arXiv 2507.05107), as a chain of nodes i = 0..n:
///   sum_i T_i K_i - 1/2 sum_i mean_i[ s_{i-1} - s_{i+1} ] - 1/2 mean_n[ s_{n-1} + s_n ] + 1/2 mean_0[ s_0 + s_1 ],
///   K_i = mean_i[ |grad s_i|^2/2 + sigma^2/2 lap s_i ],
/// mean_i over the samples of node i, s_j = s(.; t_j), T_i the trapezoid's weights, the second sum over inner nodes. It
/// is the sum over intervals (a, b) of
///   (t_b - t_a)/2 (K_a + K_b) - 1/2 [ mean_b s_a - mean_a s_a + mean_b s_b - mean_a s_b ]
/// with one sample set a node: what it says twice of s_i there cancels, and what is left are central differences of s
/// on one set of samples, whose noise is a small part of that of isolated intervals. No ds/dt; a function c(t) added to
/// s changes nothing, to round-off.
class DiceLoss final : public DriftLoss {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<DiceLoss>(*this); }
  [[nodiscard]] bool learns_growth() const override { return true; }
  [[nodiscard]] std::string name() const override { return "dice"; }
  [[nodiscard]] std::string summary() const override { return "snapshots, by differences between frames"; }

  void bind(OptionSet& set) override {
    set.add("loss.stride", stride_, at_least(1), "dice: frames from one node of the chain to the next");
  }

  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<ChainPlan>(inputs, stride_);
  }

 private:
  std::int64_t stride_ = 1;
};

template std::unique_ptr<Loss> make_loss<DiceLoss>();

}  // namespace scorefield::training
