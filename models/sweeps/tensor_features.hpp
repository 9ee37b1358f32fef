#pragma once

#include <torch/types.h>

#include "models/sweeps/network.hpp"

namespace scorefield::models {

// The features of x that a network sees (kernels::CoordinateFeatures) in LibTorch operations, differentiable in x. Each
// depends on one coordinate. d: coordinates, f: features.

/// x: [..., d] -> [..., f].
[[nodiscard]] torch::Tensor network_features(const kernels::NetworkShape& shape, const torch::Tensor& x);

/// First and second derivative of every feature with respect to its coordinate, [..., f].
struct FeatureDerivatives {
  torch::Tensor first, second;
};
[[nodiscard]] FeatureDerivatives feature_derivatives(const kernels::NetworkShape& shape, const torch::Tensor& x);

/// [..., d] -> [..., f]: the value of each feature's coordinate.
[[nodiscard]] torch::Tensor to_features(const kernels::NetworkShape& shape, const torch::Tensor& direction);

/// [..., f] -> [..., d]: sums over the features of each coordinate.
[[nodiscard]] torch::Tensor to_coordinates(const kernels::NetworkShape& shape, const torch::Tensor& features);

}  // namespace scorefield::models
