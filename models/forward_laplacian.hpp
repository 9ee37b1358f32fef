#pragma once

#include <torch/types.h>

#include "models/modulation/modulation.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

struct GradientAndLaplacian {
  torch::Tensor gradient;   ///< grad_x s, [G, N, d]
  torch::Tensor laplacian;  ///< lap_x s, [G, N], exact
};

/// grad_x s and lap_x s in one forward pass that carries d first derivatives and the sum of the second ones along
/// (forward Laplacian, arXiv 2307.08214): d + 2 streams, no reverse sweep. LibTorch operations on any device, a few
/// thousand points at a time, no autograd graph. x: [G, N, d].
[[nodiscard]] GradientAndLaplacian forward_laplacian(const kernels::NetworkShape& shape,
                                                     const ModulatedWeights& weights, const torch::Tensor& x);

}  // namespace scorefield::models
