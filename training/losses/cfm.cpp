#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "core/error.hpp"
#include "training/batch/drawing.hpp"
#include "training/batch/random_streams.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/marginal_sampler.hpp"
#include "training/losses/noise_loss.hpp"

namespace scorefield::training {
namespace {

class CfmPlan : public NoisePlan {
 public:
  explicit CfmPlan(const PlanInputs& inputs) : NoisePlan(inputs, true) {}

 private:
  /// x -> (1 - tau) x_0 + tau x, target x - x_0, x_0 normal, on periodic coordinates uniform, where x - x_0 is the
  /// short way; both signs of x_0.
  void add_noise(const Drawing& drawing, const Group& group, const GroupRows& rows) const override {
    const auto& normalizer = drawing.normalizer();
    const auto d = static_cast<std::size_t>(drawing.dimension());
    const std::size_t count = rows.x.size() / d, different = (count + 1) / 2;
    const Philox random(drawing.seed(), kNoiseStream);
    const double tau = (1 + group.inputs.front()) / 2;
    for (std::size_t n = 0; n < count; ++n)
      for (std::size_t c = 0; c < d; ++c) {
        const auto number = (n % different) * d + c;
        const double sign = n < different ? 1 : -1;
        const double period =
            normalizer.periods[c] > 0 ? normalizer.normalized_period(static_cast<std::int64_t>(c)) : 0;
        const double u = random.uniforms(number)[0];
        const double source = period > 0 ? period * (sign > 0 ? u : 1 - u) : sign * random.normals(number)[0];
        float& x = rows.x[n * d + c];
        double way = x - source;
        if (period > 0) way -= period * std::round(way / period);
        x = static_cast<float>(source + tau * way);
        rows.target[n * d + c] = static_cast<float>(way);
      }
  }
};

}  // namespace

/// Conditional flow matching (arXiv 2210.02747), one of the baselines that sample every (mu, t) afresh: target x - x_0
/// at (1 - tau) x_0 + tau x. A gradient field is no restriction: the minimiser has the same div(p b) as the free one.
/// Sampling follows dx/dtau = grad s from the distribution of x_0.
class CfmLoss final : public NoiseLoss, public MarginalSampler {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<CfmLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "cfm"; }
  [[nodiscard]] std::string summary() const override { return "conditional baseline, a flow from noise"; }

  [[nodiscard]] std::int64_t extra_inputs() const override { return 1; }
  [[nodiscard]] bool is_regression() const override { return true; }
  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<CfmPlan>(inputs);
  }

  [[nodiscard]] std::string kind() const override { return "cfm"; }
  [[nodiscard]] const MarginalSampler* marginal_sampler() const override { return this; }
  [[nodiscard]] std::string use() const override { return "'scorefield infer' samples from it"; }
  [[nodiscard]] bool follows() const override { return true; }
  void check(const ConditionalOptions& options) const override {
    check_ranges(options);
    if (options.method == ConditionalMethod::langevin)
      throw UsageError("infer.sampler langevin needs a model trained with loss.name = ncsm.");
  }
  [[nodiscard]] torch::Tensor sample(const LevelField& field, std::int64_t particles, std::uint64_t seed,
                                     const ConditionalOptions& options) const override {
    const torch::NoGradGuard no_grad;
    const auto& normalizer = field.normalizer();
    auto x = field.normals(particles, seed);
    for (std::int64_t c = 0; c < normalizer.dimension(); ++c)
      if (normalizer.periods[static_cast<std::size_t>(c)] > 0)
        x.select(1, c).copy_(torch::special_ndtr(x.select(1, c)) * normalizer.normalized_period(c));
    x = integrate_levels(field, x, options.steps,
                         [&](const torch::Tensor& points, double level) { return field.gradient(points, level) / 2; });
    return field.wrap(x);
  }
};

template std::unique_ptr<Loss> make_loss<CfmLoss>();

}  // namespace scorefield::training
