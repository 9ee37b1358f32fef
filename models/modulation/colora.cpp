#include "models/modulation/colora.hpp"

#include <torch/types.h>

#include <cmath>
#include <string>

#include "models/modulation/plain_layers.hpp"

namespace scorefield::models {

CoLoRAModulation::CoLoRAModulation(const ModelOptions& options, const kernels::NetworkShape& shape,
                                   std::int64_t mu_dimension)
    : rank_(options.rank), scalar_(options.alpha == AlphaKind::scalar), latents_(options.bias_latents) {
  for (std::int64_t l = 0; l < shape.layers(); ++l) {
    const auto in = shape.inputs(l), out = shape.outputs(l);
    const std::string suffix = std::to_string(l);
    // LeCun normal for W and A; the output layer starts small, so that the first drift is close to zero.
    const double deviation = (l == shape.hidden_layers ? 0.1 : 1.0) / std::sqrt(static_cast<double>(in));
    Layer layer;
    layer.weight = register_parameter("weight" + suffix, torch::randn({out, in}) * deviation);
    layer.bias = register_parameter("bias" + suffix, torch::zeros({out}));
    if (!is_modulated(options, l)) {
      layers_.push_back(std::move(layer));
      continue;
    }
    ++modulated_;
    layer.left =
        register_parameter("left" + suffix, torch::randn({out, rank_}) / std::sqrt(static_cast<double>(rank_)));
    layer.right = register_parameter("right" + suffix, torch::zeros({rank_, in}));
    if (latents_ > 0) layer.latent = register_parameter("latent" + suffix, torch::zeros({out, latents_}));
    layers_.push_back(std::move(layer));
  }
  const auto hypernetwork = hypernetwork_options(options, mu_dimension, modulated_ * (scalar_ ? 1 : rank_) + latents_);
  hypernetwork_ = register_module("hypernetwork", std::make_shared<Hypernetwork>(hypernetwork));
}

torch::Tensor CoLoRAModulation::spread(const torch::Tensor& values) const {
  if (!scalar_ || !values.defined()) return values;
  return torch::cat(
      {values.narrow(1, 0, modulated_).repeat_interleave(rank_, 1), values.narrow(1, modulated_, latents_)}, 1);
}

ModulatedWeights CoLoRAModulation::make_weights(const torch::Tensor& mu, const torch::Tensor& t, bool with_rates) {
  TORCH_CHECK_VALUE(mu.dim() == 2 && t.dim() == 1 && mu.size(0) == t.size(0),
                    "modulation expects mu [G, p] and t [G], ", "got ", mu.sizes(), " and ", t.sizes());
  const auto [value, rate] = hypernetwork_->forward(mu, t, with_rates);
  ModulatedWeights weights{{}, spread(value), spread(rate)};
  std::int64_t scale_start = 0;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    ModulatedLayer result;
    result.weight = layer.weight;
    result.bias = layer.bias;
    if (layer.left.defined()) {
      result.left = layer.left;
      result.right = layer.right;
      result.scale_start = scale_start;
      result.bias_map = layer.latent;
      result.latent_start = modulated_ * rank_;
      scale_start += rank_;
    }
    weights.layers.push_back(std::move(result));
  }
  return weights;
}

}  // namespace scorefield::models
