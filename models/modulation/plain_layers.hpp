#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/modulation/hypernetwork.hpp"
#include "models/options.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

/// Registers "weight<l>" (LeCun normal) and "bias<l>" (zero) of the plain network; the output layer starts small, so
/// that the first drift is close to zero.
void register_plain_layers(torch::nn::Module& module, const kernels::NetworkShape& shape,
                           std::vector<torch::Tensor>& weights, std::vector<torch::Tensor>& biases);

[[nodiscard]] HypernetworkOptions hypernetwork_options(const ModelOptions& options, std::int64_t mu_dimension,
                                                       std::int64_t outputs);

}  // namespace scorefield::models
