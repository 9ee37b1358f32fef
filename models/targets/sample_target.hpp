#pragma once

#include <cstdint>
#include <string>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A target known by samples only: it has neither density nor
/// score, and says so when asked. draw(n) picks n of them; sample_set() is what kernel energies use.
class SampleTarget final : public Target {
 public:
  /// samples: [N, d] float64, finite. `points`: at most so many of them, drawn at random, the same ones every time; 0:
  /// all.
  SampleTarget(std::string name, torch::Tensor samples, std::int64_t points = 0);

  [[nodiscard]] std::int64_t dimension() const override { return samples_.size(1); }
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] bool has_log_density() const override { return false; }
  [[nodiscard]] torch::Tensor score(const torch::Tensor& x) const override;
  [[nodiscard]] torch::Tensor log_density(const torch::Tensor& x) const override;
  [[nodiscard]] Evaluation evaluate(const torch::Tensor& x) const override;
  /// n of the samples with replacement.
  [[nodiscard]] torch::Tensor draw(std::int64_t n, std::uint64_t seed) const override;
  [[nodiscard]] Truth truth() const override;

  [[nodiscard]] torch::Tensor sample_set() const override { return samples_; }

 private:
  std::string name_;
  torch::Tensor samples_;
};

}  // namespace scorefield::targets
