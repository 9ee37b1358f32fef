#pragma once

#include "training/optim/named_tensors.hpp"

namespace scorefield::optim {

/// Exponential moving average of parameters: a <- d a + (1 - d) w with d = min(decay, (1 + n) / (10 + n)) at the n-th
/// update, n = 0, 1, ..., so that early averages forget the initial weights. decay = 0: a is w.
class ExponentialMovingAverage {
 public:
  /// Starts at the parameters' present values. @throws c10::ValueError on bad parameters or decay outside [0, 1).
  ExponentialMovingAverage(NamedTensors parameters, double decay);

  /// prepare, apply: the host's part and the device's (Optimizer).
  void update();
  void prepare();
  void apply();

  /// The averaged values, named like the parameters; live tensors, do not write.
  [[nodiscard]] NamedTensors averages() const;

  /// Exchanges the parameters' values with the averages: once to evaluate with them, once more to go on training.
  void swap();

  /// ema.NAME and ema_updates; live tensors as in Optimizer::state.
  [[nodiscard]] NamedTensors state() const;
  /// @throws Error when the state belongs to other parameters.
  void load_state(const NamedTensors& state);

  [[nodiscard]] double decay() const { return decay_; }

 private:
  double decay_;
  std::vector<std::string> names_;
  std::vector<torch::Tensor> values_;  ///< the parameters' storage, without autograd
  std::vector<torch::Tensor> averages_;
  torch::Tensor weight_;   ///< 0-d, 1 - d
  torch::Tensor updates_;  ///< 0-d int64 on the CPU
};

}  // namespace scorefield::optim
