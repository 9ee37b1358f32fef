#pragma once

#include <torch/types.h>

#include <vector>

#include "models/sweeps/fused.hpp"
#include "models/sweeps/network.hpp"
#include "models/sweeps/tensor_sweeps.hpp"

namespace scorefield::models {

/// Whether the block kernels (block/) can take such a network on this device: on a CUDA device in builds with
/// SCOREFIELD_CUDA. On the CPU they run, too, thread after thread: slow, for tests.
[[nodiscard]] bool has_block_sweeps(const kernels::NetworkShape& shape, torch::Device device);

/// Layers as the sweeps use them: weight [G, out, in] and bias [G, out] multiplied out; of dW/dt the low-rank part in
/// factors, left [G, out, r] and right [r, in], and the dense one, weight_rate. Undefined tensors are absent.
using SweepLayer = ModulatedLayer;

/// The objective's value and, in `gradients`, those of all tensors of the layers; in `velocity_gradient`, unless that
/// is null, that of the velocity. Without gauge points. float32 or float64.
[[nodiscard]] torch::Tensor block_objective(const kernels::NetworkShape& shape, const std::vector<SweepLayer>& layers,
                                            const TermTensors& terms, const GroupPoints& points,
                                            std::vector<SweepLayer>& gradients, torch::Tensor* velocity_gradient);

/// grad_x s [G, N, d].
[[nodiscard]] torch::Tensor block_gradient(const kernels::NetworkShape& shape, const std::vector<SweepLayer>& layers,
                                           const torch::Tensor& x);

}  // namespace scorefield::models
