#pragma once

#include <torch/types.h>

#include <vector>

#include "models/kernels/network.hpp"
#include "models/modulation/modulation.hpp"

namespace scorefield::models {

/// The objective of kernels::GroupTerms summed over groups and points, by the fused kernels: a scalar that is
/// differentiable once in the effective weights and their rates. Gradients are ready when it returns.
/// x: [G, N, d]; velocity: [G, N, d] or undefined; CPU, float32 or float64. terms: [G]. `sums`, when given, receives
/// the groups' unscaled sums.
[[nodiscard]] torch::Tensor fused_objective(const kernels::NetworkShape& shape, const EffectiveWeights& weights,
                                            const std::vector<kernels::GroupTerms>& terms, const torch::Tensor& x,
                                            const torch::Tensor& velocity,
                                            std::vector<kernels::GroupSums>* sums = nullptr);

struct PotentialAndGradient {
  torch::Tensor potential;  ///< [G, N]
  torch::Tensor gradient;   ///< [G, N, d]
};

/// s and grad_x s by the fused kernels, without an autograd graph. Arguments as above.
[[nodiscard]] PotentialAndGradient fused_potential_and_gradient(const kernels::NetworkShape& shape,
                                                                const EffectiveWeights& weights,
                                                                const torch::Tensor& x);

}  // namespace scorefield::models
