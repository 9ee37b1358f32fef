#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/modulation/modulation.hpp"
#include "models/sweeps/fused.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

/// Rows of TermTensors::values; the block kernels know those before the reaction.
enum TermRow : std::int64_t {
  kKineticRow,
  kVelocityRow,
  kTimeRow,
  kLaplacianRow,
  kPotentialRow,
  kScaleRow,
  kReactionRow,
  kTermRows
};

/// The terms of all groups on one device.
struct TermTensors {
  torch::Tensor values;                                    ///< [kTermRows, G]
  bool time = false, laplacian = false, reaction = false;  ///< whether any group has such a term
};
[[nodiscard]] TermTensors term_tensors(const std::vector<kernels::GroupTerms>& terms,
                                       const torch::TensorOptions& options);

/// What computes the sweeps: automatic: kernels for blocks of a device's threads where there are (block_sweeps.hpp),
/// else LibTorch's operations. `blocks` on the CPU is for tests.
enum class SweepEngine { automatic, operations, blocks };

/// The objective of kernels::GroupTerms by the sweeps of README.md, in LibTorch operations or block kernels: any device
/// and floating type, static shapes, no double backward, and no wait for the device. A scalar that is differentiable
/// once in whatever the weights depend on. Arguments as for fused_objective, on one device. With TermTensors nothing
/// comes from the host: such a call can be recorded (device_graph.hpp).
[[nodiscard]] torch::Tensor swept_objective(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                            const TermTensors& terms, const GroupPoints& points,
                                            SweepEngine engine = SweepEngine::automatic);
[[nodiscard]] torch::Tensor swept_objective(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                            const std::vector<kernels::GroupTerms>& terms, const GroupPoints& points,
                                            SweepEngine engine = SweepEngine::automatic);

/// grad_x s by a forward and a reverse sweep: any device, no autograd graph.
/// x: [G, N, d] -> [G, N, d].
[[nodiscard]] torch::Tensor swept_gradient(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                           const torch::Tensor& x, SweepEngine engine = SweepEngine::automatic);

}  // namespace scorefield::models
