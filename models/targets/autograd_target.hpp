#pragma once

#include <torch/types.h>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// A target given by one differentiable expression: log p and its score come from one batched forward and backward pass
/// of LibTorch's autograd. On the CPU the batch goes through in fixed blocks of rows, in parallel, so that results do
/// not depend on the number of threads.
class AutogradTarget : public Target {
 public:
  [[nodiscard]] torch::Tensor log_density(const torch::Tensor& x) const final;
  [[nodiscard]] Evaluation evaluate(const torch::Tensor& x) const final;
  [[nodiscard]] torch::Tensor score(const torch::Tensor& x) const final { return evaluate(x).score; }

 protected:
  /// log p of every row, a differentiable function of x: [n, d] float64 on any device -> [n]. Called from several
  /// threads at once.
  [[nodiscard]] virtual torch::Tensor expression(const torch::Tensor& x) const = 0;
  /// Both for one block; to be replaced where the score is known without autograd.
  [[nodiscard]] virtual Evaluation evaluate_block(const torch::Tensor& x) const;
};

}  // namespace scorefield::targets
