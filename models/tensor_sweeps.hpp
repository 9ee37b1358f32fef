#pragma once

#include <torch/types.h>

#include <vector>

#include "models/fused.hpp"
#include "models/kernels/network.hpp"
#include "models/modulation/modulation.hpp"

namespace scorefield::models {

/// The objective of kernels::GroupTerms by the sweeps of kernels/README.md in LibTorch operations: any device and
/// floating type, static shapes, no double backward, and no wait for the device. A scalar that is differentiable once
/// in whatever the weights depend on. Arguments as for fused_objective, on one device.
[[nodiscard]] torch::Tensor swept_objective(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                            const std::vector<kernels::GroupTerms>& terms, const GroupPoints& points);

/// grad_x s by a forward and a reverse sweep in LibTorch operations: any device, no autograd graph.
/// x: [G, N, d] -> [G, N, d].
[[nodiscard]] torch::Tensor swept_gradient(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                           const torch::Tensor& x);

}  // namespace scorefield::models
