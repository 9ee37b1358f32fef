#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "core/require.hpp"
#include "solvers/integrators.hpp"
#include "training/losses/define_loss.hpp"
#include "training/losses/marginal_sampler.hpp"
#include "training/losses/noise_loss.hpp"

namespace scorefield::training {
/// Range of the noise's deviation, normalised units.
struct NcsmRange {
  double least = 0.02, largest = 5;

  /// At a level in [-1, 1]: geometric from the least to the largest.
  [[nodiscard]] double at(double level) const { return least * std::pow(largest / least, (1 + level) / 2); }
};

namespace {

class NcsmPlan : public NoisePlan {
 public:
  NcsmPlan(const PlanInputs& inputs, NcsmRange noise) : NoisePlan(inputs, true), noise_(noise) {}

 private:
  void add_noise(const Drawing& drawing, const Group& group, const GroupRows& rows) const override {
    add_normal_noise(drawing, noise_.at(group.inputs.front()), 1, rows);
  }

  NcsmRange noise_;
};

/// dx/dl = -(d sigma/d l) grad s, the noise falling (arXiv 2011.13456, variance exploding).
torch::Tensor probability_flow(const LevelField& field, const NcsmRange& noise, const torch::Tensor& x,
                               std::int64_t steps) {
  return integrate_levels(field, x, steps, [&](const torch::Tensor& points, double falling) {
    const double rate = std::log(noise.largest / noise.least) / 2;  // d log sigma / d level
    return field.gradient(points, -falling) * (rate * noise.at(-falling));
  });
}

/// A reverse-diffusion step to every level, then `sweeps` times x += (e/2) sigma grad s + sqrt(e) sigma xi (arXiv
/// 1907.05600; predictor and corrector of 2011.13456).
torch::Tensor annealed_langevin(const LevelField& field, const NcsmRange& noise, torch::Tensor x, std::uint64_t seed,
                                const ConditionalOptions& options) {
  std::uint64_t step = 1;
  const auto normals = [&] { return integrators::step_noise(x, seed, step++); };
  const auto level = [&](std::int64_t i) {
    return 1 - 2 * static_cast<double>(i) / static_cast<double>(options.steps);
  };
  for (std::int64_t i = 0; i < options.steps; ++i) {
    // Down one level by the reverse diffusion: Langevin steps alone would freeze the spread of the last wide level.
    const double high = noise.at(level(i)), sigma = noise.at(level(i + 1));
    const double removed = high * high - sigma * sigma;
    x = x + (removed / high) * field.gradient(x, level(i)) + std::sqrt(removed) * normals();
    for (std::int64_t k = 0; k < options.sweeps; ++k)
      x = x + (options.step_size / 2 * sigma) * field.gradient(x, level(i + 1)) +
          (std::sqrt(options.step_size) * sigma) * normals();
    x = field.wrap(x);
  }
  return x;
}

}  // namespace

/// Noise-conditional score network, one of the baselines that sample every (mu, t) afresh: target -xi at x + sigma xi,
/// sigma geometric over a range, so that the score of the smoothed marginal is grad s / sigma. Sampling starts from
/// N(m, 1 + sigma_max^2), m Tweedie's estimate of the mean at the largest noise, and a final step removes the least
/// noise.
class NcsmLoss final : public NoiseLoss, public MarginalSampler {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<NcsmLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "ncsm"; }
  [[nodiscard]] std::string summary() const override { return "conditional baseline, a score at every noise level"; }

  void bind(OptionSet& set) override {
    set.add("loss.noise_min", noise_.least, above(0), "ncsm: least deviation of the noise, normalised units");
    set.add("loss.noise_max", noise_.largest, above(0), "ncsm: largest deviation of the noise, normalised units");
  }
  void validate(const TrainConfig& config) const override {
    NoiseLoss::validate(config);
    require(noise_.largest > noise_.least, "option 'loss.noise_max'", noise_.largest,
            "a number above loss.noise_min = " + number_text(noise_.least));
  }

  [[nodiscard]] std::int64_t extra_inputs() const override { return 1; }
  [[nodiscard]] bool is_regression() const override { return true; }
  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<NcsmPlan>(inputs, noise_);
  }

  [[nodiscard]] std::string kind() const override { return "ncsm"; }
  void write(h5::File& file) const override {
    file.set_attribute("/model", "noise_min", noise_.least);
    file.set_attribute("/model", "noise_max", noise_.largest);
  }
  void read(const h5::File& file) override {
    noise_.least = file.number_attribute("/model", "noise_min");
    noise_.largest = file.number_attribute("/model", "noise_max");
  }

  [[nodiscard]] const MarginalSampler* marginal_sampler() const override { return this; }
  [[nodiscard]] std::string use() const override { return "'scorefield infer' samples from it"; }
  void check(const ConditionalOptions& options) const override { check_ranges(options); }
  [[nodiscard]] torch::Tensor sample(const LevelField& field, std::int64_t particles, std::uint64_t seed,
                                     const ConditionalOptions& options) const override {
    const torch::NoGradGuard no_grad;
    auto x = field.normals(particles, seed) * std::sqrt(1 + noise_.largest * noise_.largest);
    // Around the mean that the network sees through the largest noise (Tweedie at 0): starting from mean zero leaves
    // about mean / noise_max of an error in the end.
    x = x + noise_.largest * field.gradient(torch::zeros_like(x.narrow(0, 0, 1)), 1);
    x = options.method == ConditionalMethod::probability_flow ? probability_flow(field, noise_, x, options.steps)
                                                              : annealed_langevin(field, noise_, x, seed, options);
    return field.wrap(x + noise_.least * field.gradient(x, -1));
  }

 private:
  NcsmRange noise_;
};

template std::unique_ptr<Loss> make_loss<NcsmLoss>();

}  // namespace scorefield::training
