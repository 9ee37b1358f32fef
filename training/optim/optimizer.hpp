#pragma once

#include <cstdint>
#include <memory>

#include "training/optim/named_tensors.hpp"
#include "training/optim/options.hpp"

namespace scorefield::optim {

/// Moves parameters against their gradients (`.grad()`); one dtype and one device. No step waits for the device. A step
/// has three parts, so that what happens on the device can be recorded once and replayed (models/device_graph.hpp). A
/// parameter without a gradient counts as one whose gradient is zero. The learning rate is the caller's (schedule.hpp),
/// so that the optimiser knows neither the length nor the clock of a run. The results do not depend on the number of
/// threads (models/serial_section.hpp).
class Optimizer {
 public:
  /// @throws c10::ValueError (check_parameters)
  explicit Optimizer(NamedTensors parameters);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// prepare, apply, finish.
  void step(double learning_rate);

  /// The host's part: counts, and the scalars of this step written to the device.
  virtual void prepare(double learning_rate) = 0;
  /// The device's part: always the same operations on the same tensors, except at SOAP's first step.
  virtual void apply() = 0;
  /// What varies between steps: the bases whose turn it is.
  virtual void finish() {}

  /// Everything besides the parameters that the next step depends on. The tensors are the live ones, not copies:
  /// write them out or clone them before the next step.
  [[nodiscard]] virtual NamedTensors state() const = 0;

  /// Continues bit for bit where state() was taken. @throws Error when the state belongs to other parameters.
  void load_state(const NamedTensors& state);

  /// Forgets all gradients.
  void zero_grad();

  /// Calls of step() so far.
  [[nodiscard]] std::int64_t steps() const;
  [[nodiscard]] const NamedTensors& parameters() const { return parameters_; }

 protected:
  NamedTensors parameters_;
  torch::Tensor steps_;  ///< calls of step(), 0-d int64 on the CPU
};

/// The optimiser that the options name. @throws UsageError, c10::ValueError (check_parameters)
[[nodiscard]] std::unique_ptr<Optimizer> make_optimizer(NamedTensors parameters, const OptimizerOptions& options);

}  // namespace scorefield::optim
