#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/targets/target.hpp"

namespace scorefield::models {
class ScoreNetwork;
}

namespace scorefield::training {

/// Whether the file is a trained score network (`train --set loss.name=dsm`). False for anything else, readable or not.
[[nodiscard]] bool is_score_model(const std::string& path);

/// A trained score network frozen at one (mu, t), as a target for samplers, in the data's own coordinates. It has no
/// log-density: only relative weights of connected parts of the target are known to it.
///
/// Samplers move on the line, where a periodic density p has no finite mass. The target there is p(x) w(x), w a
/// Gaussian of deviation .7 periods around the middle of the box: its translates by whole periods add up to a constant
/// within 1.3e-4, so that wrapped() samples of p w are samples of p.
class ScoreTarget : public targets::Target {
 public:
  /// mu: [p] physical, t: physical time; an empty mu means the centre of the training range, where a model of one
  /// marginal has its only value. @throws FileError; UsageError when the model is not a score network or mu has another
  /// length.
  ScoreTarget(const std::string& path, const std::vector<double>& mu, double t);
  /// At the first training time.
  explicit ScoreTarget(const std::string& path);

  [[nodiscard]] std::int64_t dimension() const override;
  [[nodiscard]] std::string name() const override { return path_; }
  [[nodiscard]] bool has_log_density() const override { return false; }
  /// @throws UsageError: a learned score has none
  [[nodiscard]] torch::Tensor log_density(const torch::Tensor& x) const override;
  [[nodiscard]] Evaluation evaluate(const torch::Tensor& x) const override { return {{}, score(x)}; }
  /// grad_x log (p w), p the marginal smoothed by noise(). x: [N, d], any floating type; evaluated in float32.
  [[nodiscard]] torch::Tensor score(const torch::Tensor& x) const override;

  /// Deviation per coordinate of the noise that the target is smoothed by, [d].
  [[nodiscard]] const std::vector<double>& noise() const { return noise_; }
  /// A population that spans the training data, from which samplers may start: `count` particles, with repetitions when
  /// it has fewer, of the nearest training mu at the first time; [count, d] float64, unwrapped.
  [[nodiscard]] torch::Tensor initial(std::int64_t count) const;
  /// Periodic coordinates into [0, period). x: [N, d]
  [[nodiscard]] torch::Tensor wrapped(const torch::Tensor& x) const;
  /// Samples of p to samples of p w: each moved by whole periods that w draws (always the same for the same row). x:
  /// [N, d]
  [[nodiscard]] torch::Tensor unwrapped(const torch::Tensor& x) const;
  [[nodiscard]] const std::vector<double>& periods() const;

 private:
  std::string path_;
  std::shared_ptr<models::ScoreNetwork> network_;
  torch::Tensor mu_;              ///< [1, p], normalised
  double time_ = 0;               ///< normalised
  torch::Tensor center_, scale_;  ///< [d]
  torch::Tensor initial_;
  std::vector<double> noise_;
};

}  // namespace scorefield::training
