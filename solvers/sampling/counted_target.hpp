#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/targets/target.hpp"

namespace scorefield::sampling {

/// What a run has asked of its target, in points.
struct EvaluationCount {
  std::int64_t score = 0;    ///< points whose score was computed (log p from the same pass is free)
  std::int64_t density = 0;  ///< points where log p alone was computed
  std::int64_t calls = 0;    ///< batched calls of either kind
};

/// Another target with its evaluations counted, evaluated on `device`: clouds come and go on the CPU in float64.
class CountedTarget final : public targets::Target {
 public:
  CountedTarget(std::shared_ptr<const targets::Target> target, torch::Device device);

  [[nodiscard]] std::int64_t dimension() const override { return target_->dimension(); }
  [[nodiscard]] std::string name() const override { return target_->name(); }
  [[nodiscard]] bool has_log_density() const override { return target_->has_log_density(); }
  [[nodiscard]] torch::Tensor score(const torch::Tensor& x) const override { return evaluate(x).score; }
  [[nodiscard]] torch::Tensor log_density(const torch::Tensor& x) const override;
  [[nodiscard]] Evaluation evaluate(const torch::Tensor& x) const override;
  [[nodiscard]] torch::Tensor draw(std::int64_t n, std::uint64_t seed) const override { return target_->draw(n, seed); }
  [[nodiscard]] torch::Tensor sample_set() const override { return target_->sample_set(); }
  [[nodiscard]] targets::Truth truth() const override { return target_->truth(); }
  [[nodiscard]] std::int64_t user_dimension() const override { return target_->user_dimension(); }
  [[nodiscard]] targets::UserCloud user_cloud(const torch::Tensor& x, std::uint64_t seed) const override;
  [[nodiscard]] torch::Tensor from_user(const torch::Tensor& samples) const override;
  [[nodiscard]] std::vector<std::string> notes() const override { return target_->notes(); }

  [[nodiscard]] EvaluationCount count() const { return count_; }
  void set_count(const EvaluationCount& count) { count_ = count; }

 private:
  std::shared_ptr<const targets::Target> target_;
  torch::Device device_;
  mutable EvaluationCount count_;
};

}  // namespace scorefield::sampling
