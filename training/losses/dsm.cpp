#include "training/losses/define_loss.hpp"
#include "training/losses/noise_loss.hpp"

namespace scorefield::training {
namespace {

class DsmPlan : public NoisePlan {
 public:
  DsmPlan(const PlanInputs& inputs, double noise) : NoisePlan(inputs, false), noise_(noise) {}

 private:
  void add_noise(const Drawing& drawing, const Group&, const GroupRows& rows) const override {
    add_normal_noise(drawing, noise_, 1 / noise_, rows);
  }

  double noise_;
};

}  // namespace

/// Denoising score matching at one noise level: target -xi/delta at x + delta xi, so that grad s is the score of the
/// marginal smoothed by noise of deviation delta. The model is a target for `sample` (score_target.hpp), also from a
/// dataset with a single frame.
class DsmLoss final : public NoiseLoss, public ScoreUse {
 public:
  [[nodiscard]] std::unique_ptr<Loss> clone() const override { return std::make_unique<DsmLoss>(*this); }
  [[nodiscard]] std::string name() const override { return "dsm"; }
  [[nodiscard]] std::string summary() const override { return "score network of the marginals"; }

  void bind(OptionSet& set) override {
    set.add("loss.noise", noise_, above(0), "dsm: deviation of the noise, normalised units");
  }

  [[nodiscard]] std::int64_t least_frames() const override { return 1; }
  [[nodiscard]] std::unique_ptr<BatchPlan> plan(const PlanInputs& inputs) const override {
    return std::make_unique<DsmPlan>(inputs, noise_);
  }

  [[nodiscard]] std::string kind() const override { return "score"; }
  void write(h5::File& file) const override { file.set_attribute("/model", "noise", noise_); }
  void read(const h5::File& file) override { noise_ = file.number_attribute("/model", "noise"); }

  [[nodiscard]] const ScoreUse* score_use() const override { return this; }
  [[nodiscard]] double noise() const override { return noise_; }
  [[nodiscard]] std::string use() const override { return "'scorefield sample' takes it as a target"; }

 private:
  double noise_ = 0.1;
};

template std::unique_ptr<Loss> make_loss<DsmLoss>();

}  // namespace scorefield::training
