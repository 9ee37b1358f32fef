#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/modulation/modulation.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

/// Points of all groups, CPU, float32 or float64, all of one type.
struct GroupPoints {
  torch::Tensor x;         ///< [G, N, d]
  torch::Tensor velocity;  ///< [G, N, d] or undefined; objectives are differentiable in it where it requires a gradient
  torch::Tensor probes;    ///< [P, G, N, d]: Hutchinson probes of the Laplacian; undefined: exact Laplacian
  torch::Tensor gauge{};   ///< [R, d], for all groups: the potential's mean over them is taken from s; undefined: none
};

/// The gauge points [R, d] as groups of their own: x [G, R, d], and the terms that they have
/// (kernels::PointArrays::gauge) beside `particles` points in every group. For engines that take them one after the
/// other.
struct GaugeGroups {
  torch::Tensor x;
  std::vector<kernels::GroupTerms> terms;
};
[[nodiscard]] GaugeGroups gauge_groups(const torch::Tensor& gauge, std::vector<kernels::GroupTerms> terms,
                                       std::int64_t particles);

/// The objective of kernels::GroupTerms summed over groups and points, by the fused kernels: a scalar that is
/// differentiable once in whatever the weights and the velocity depend on. Gradients are ready when it returns. terms:
/// [G]. `sums`, when given, receives the groups' unscaled sums.
[[nodiscard]] torch::Tensor fused_objective(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                            const std::vector<kernels::GroupTerms>& terms, const GroupPoints& points,
                                            std::vector<kernels::GroupSums>* sums = nullptr);

/// s [G, N] and grad_x s, or the vector field, [G, N, d] by the fused kernels, without an autograd graph. x: [G, N, d].
[[nodiscard]] torch::Tensor fused_potential(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                            const torch::Tensor& x);
[[nodiscard]] torch::Tensor fused_gradient(const kernels::NetworkShape& shape, const ModulatedWeights& weights,
                                           const torch::Tensor& x);

}  // namespace scorefield::models
