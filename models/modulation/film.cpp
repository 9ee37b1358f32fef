#include "models/modulation/film.hpp"

#include <torch/types.h>

#include <algorithm>

#include "core/error.hpp"
#include "models/modulation/plain_layers.hpp"

namespace scorefield::models {

FilmModulation::FilmModulation(const ModelOptions& options, const kernels::NetworkShape& shape,
                               std::int64_t mu_dimension) {
  register_plain_layers(*this, shape, weights_, biases_);
  for (std::int64_t l = 0; l < shape.layers(); ++l)
    modulated_.push_back(l < shape.hidden_layers && is_modulated(options, l));
  const auto layers = std::count(modulated_.begin(), modulated_.end(), true);
  if (layers == 0) throw UsageError("option 'model.modulated_layers': film changes hidden layers, and none is listed.");
  auto hypernetwork = hypernetwork_options(options, mu_dimension, 2 * shape.width * layers);
  hypernetwork.zero_output = true;
  hypernetwork_ = register_module("hypernetwork", std::make_shared<Hypernetwork>(hypernetwork));
}

ModulatedWeights FilmModulation::make_weights(const torch::Tensor& mu, const torch::Tensor& t, bool with_rates) {
  const auto [value, rate] = hypernetwork_->forward(mu, t, with_rates);
  ModulatedWeights result{{}, value, {}};
  std::int64_t at = 0;
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    ModulatedLayer layer;
    layer.weight = weights_[l];
    layer.bias = biases_[l];
    if (modulated_[l]) {
      const std::int64_t out = weights_[l].size(0);
      const auto gain = value.narrow(1, at, out) + 1, shift = value.narrow(1, at + out, out);
      layer.weight = gain.unsqueeze(2) * weights_[l];
      layer.bias = gain * biases_[l] + shift;
      if (with_rates) {
        const auto gain_rate = rate.narrow(1, at, out);
        layer.weight_rate = gain_rate.unsqueeze(2) * weights_[l];
        layer.bias_rate = gain_rate * biases_[l] + rate.narrow(1, at + out, out);
      }
      at += 2 * out;
    }
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace scorefield::models
