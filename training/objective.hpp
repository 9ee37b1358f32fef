#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "models/score_network.hpp"
#include "models/sweeps/tensor_sweeps.hpp"
#include "training/batch/batch.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// A batch as an engine takes it.
struct ObjectiveInputs {
  Batch batch;
  std::int64_t step = 0;
  torch::Tensor probes;       ///< [P, G, N, d], Hutchinson probes; undefined: none
  models::TermTensors terms;  ///< the groups' terms on a device other than the CPU

  /// Writes other inputs of the same shapes into these tensors: what a recorded step reads.
  void copy_from(const ObjectiveInputs& other);
};

/// A loss functional on batches: sum over groups of scale * sum over points of
///   kinetic |v|^2/2 + velocity y.v + time ds/dt + potential s + (sigma^2/2) lap s,   v = grad_x s, y the target
/// (training/README.md; arXiv 2410.12000, 2210.06662), evaluated by one of two engines. The Laplacian goes with the
/// groups that have a kinetic term.
class Objective {
 public:
  virtual ~Objective() = default;

  /// What an engine needs of a batch, on the device that trains, without waiting for it. `step` seeds the Hutchinson
  /// probes.
  [[nodiscard]] virtual ObjectiveInputs prepare(const Batch& batch, std::int64_t step, torch::Device device) const = 0;

  /// Scalar, differentiable in the network's parameters.
  [[nodiscard]] virtual torch::Tensor loss(models::ScoreNetwork& network, const ObjectiveInputs& inputs) const = 0;

  /// Both, on the batch's device.
  [[nodiscard]] torch::Tensor loss(models::ScoreNetwork& network, const Batch& batch, std::int64_t step) const {
    return loss(network, prepare(batch, step, batch.x.device()));
  }

  /// Adds the gradients of a loss of this objective to the parameters'. The same for any number of threads where the
  /// engine is fused: its kernels have their gradients by then, and what is left, about weights, runs on one.
  void backward(const torch::Tensor& loss) const;

  /// "fused" or "autograd".
  [[nodiscard]] virtual std::string engine() const = 0;
};

/// A potential of groups: x [G, N, d], mu [G, p], t [G] -> s [G, N].
using GroupPotential =
    std::function<torch::Tensor(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t)>;

/// The loss of any potential by LibTorch's double backward; differentiable in whatever the potential depends on.
[[nodiscard]] torch::Tensor autograd_objective(const GroupPotential& potential, const LossOptions& loss,
                                               const Batch& batch, std::int64_t seed, std::int64_t step);

/// The engine that the options ask for; `automatic` takes the fused sweeps, which cover every loss on every device.
[[nodiscard]] std::unique_ptr<Objective> make_objective(const LossOptions& loss, EngineKind engine, std::int64_t seed);

}  // namespace scorefield::training
