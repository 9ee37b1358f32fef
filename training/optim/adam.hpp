#pragma once

#include <cstdint>

#include "training/optim/optimizer.hpp"

namespace scorefield::optim {

/// Adam (arXiv 1412.6980) with decoupled weight decay (AdamW, arXiv 1711.05101) as one fused pass over a list of
/// tensors: m, v and the parameters are read and written once. Also the part of SOAP that moves vectors.
class FusedAdam {
 public:
  FusedAdam(NamedTensors parameters, const OptimizerOptions& options);

  /// The scalars of the `count`-th update, count = 1, 2, ...: bias correction divides by 1 - beta^count.
  void prepare(std::int64_t count, double learning_rate);
  void apply();

  /// exp_avg.NAME and exp_avg_sq.NAME of every parameter.
  [[nodiscard]] NamedTensors state() const;

 private:
  OptimizerOptions options_;
  std::vector<std::string> names_;
  std::vector<torch::Tensor> parameters_;  ///< as given, with their gradients
  std::vector<torch::Tensor> values_;      ///< the parameters' storage, without autograd
  std::vector<torch::Tensor> exp_avg_;     ///< m, mean gradient
  std::vector<torch::Tensor> exp_avg_sq_;  ///< v, mean squared gradient
  torch::Tensor count_;                    ///< 0-d float32 on the parameters' device, as the fused kernel wants it
  torch::Tensor rate_;                     ///< 0-d, float64 on the CPU and float32 elsewhere, likewise
};

class Adam : public Optimizer {
 public:
  Adam(NamedTensors parameters, const OptimizerOptions& options);
  void prepare(double learning_rate) override;
  void apply() override;
  [[nodiscard]] NamedTensors state() const override;

 private:
  FusedAdam adam_;
};

}  // namespace scorefield::optim
