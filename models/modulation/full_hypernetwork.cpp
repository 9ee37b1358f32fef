#include "models/modulation/full_hypernetwork.hpp"

#include <torch/types.h>

#include "models/modulation/plain_layers.hpp"

namespace scorefield::models {

FullHypernetworkModulation::FullHypernetworkModulation(const ModelOptions& options, const kernels::NetworkShape& shape,
                                                       std::int64_t mu_dimension) {
  register_plain_layers(*this, shape, weights_, biases_);
  std::int64_t outputs = 0;
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    modulated_.push_back(is_modulated(options, static_cast<std::int64_t>(l)));
    if (modulated_[l]) outputs += weights_[l].numel() + biases_[l].numel();
  }
  auto hypernetwork = hypernetwork_options(options, mu_dimension, outputs);
  hypernetwork.zero_output = true;
  hypernetwork_ = register_module("hypernetwork", std::make_shared<Hypernetwork>(hypernetwork));
}

ModulatedWeights FullHypernetworkModulation::make_weights(const torch::Tensor& mu, const torch::Tensor& t,
                                                          bool with_rates) {
  const auto [value, rate] = hypernetwork_->forward(mu, t, with_rates);
  ModulatedWeights result{{}, value, {}};
  const std::int64_t groups = value.size(0);
  std::int64_t at = 0;
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    if (!modulated_[l]) {
      ModulatedLayer plain;
      plain.weight = weights_[l];
      plain.bias = biases_[l];
      result.layers.push_back(std::move(plain));
      continue;
    }
    const std::int64_t out = weights_[l].size(0), in = weights_[l].size(1);
    const auto piece = [&](const torch::Tensor& from, std::int64_t first, std::int64_t length) {
      return from.narrow(1, first, length);
    };
    ModulatedLayer layer;
    layer.weight = weights_[l] + piece(value, at, out * in).reshape({groups, out, in});
    layer.bias = biases_[l] + piece(value, at + out * in, out);
    if (with_rates) {
      layer.weight_rate = piece(rate, at, out * in).reshape({groups, out, in});
      layer.bias_rate = piece(rate, at + out * in, out);
    }
    at += out * in + out;
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace scorefield::models
