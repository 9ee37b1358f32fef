#include "models/modulation/colora.hpp"

#include <torch/types.h>

#include <cmath>
#include <string>

namespace scorefield::models {

CoLoRAModulation::CoLoRAModulation(const ModelOptions& options, const kernels::NetworkShape& shape,
                                   std::int64_t mu_dimension)
    : rank_(options.rank), latents_(options.bias_latents) {
  for (std::int64_t l = 0; l < shape.layers(); ++l) {
    const auto in = shape.inputs(l), out = shape.outputs(l);
    const std::string suffix = std::to_string(l);
    // LeCun normal for W and A; the output layer starts small, so that the first drift is close to zero.
    const double deviation = (l == shape.hidden_layers ? 0.1 : 1.0) / std::sqrt(static_cast<double>(in));
    Layer layer;
    layer.weight = register_parameter("weight" + suffix, torch::randn({out, in}) * deviation);
    layer.bias = register_parameter("bias" + suffix, torch::zeros({out}));
    layer.left = register_parameter("left" + suffix, torch::randn({out, rank_}) / std::sqrt(static_cast<double>(rank_)));
    layer.right = register_parameter("right" + suffix, torch::zeros({rank_, in}));
    if (latents_ > 0) layer.latent = register_parameter("latent" + suffix, torch::zeros({out, latents_}));
    layers_.push_back(std::move(layer));
  }
  HypernetworkOptions hypernetwork;
  hypernetwork.mu_dimension = mu_dimension;
  hypernetwork.outputs = shape.layers() * rank_ + latents_;
  hypernetwork.width = options.hypernetwork_width;
  hypernetwork.depth = options.hypernetwork_depth;
  hypernetwork.time_features = options.time_features;
  hypernetwork_ = register_module("hypernetwork", std::make_shared<Hypernetwork>(hypernetwork));
}

EffectiveWeights CoLoRAModulation::effective_weights(const torch::Tensor& mu, const torch::Tensor& t, bool with_rates) {
  TORCH_CHECK_VALUE(mu.dim() == 2 && t.dim() == 1 && mu.size(0) == t.size(0), "modulation expects mu [G, p] and t [G], ",
                    "got ", mu.sizes(), " and ", t.sizes());
  const auto groups = mu.size(0);
  const auto [value, rate] = hypernetwork_->forward(mu, t, with_rates);
  const auto latent_start = static_cast<std::int64_t>(layers_.size()) * rank_;

  EffectiveWeights effective;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const auto out = layer.weight.size(0), in = layer.weight.size(1);
    const auto at = static_cast<std::int64_t>(l) * rank_;
    // A diag(alpha_g) for all groups as one tall matrix: [G out, r] B is a single product.
    const auto scaled_left = [&](const torch::Tensor& alpha) {
      return layer.left.unsqueeze(0) * alpha.narrow(1, at, rank_).unsqueeze(1);
    };
    EffectiveLayer result;
    result.weight =
        layer.weight + torch::mm(scaled_left(value).view({groups * out, rank_}), layer.right).view({groups, out, in});
    result.bias = layer.bias.unsqueeze(0).expand({groups, out});
    if (latents_ > 0)
      result.bias = torch::addmm(layer.bias, value.narrow(1, latent_start, latents_), layer.latent.t());
    if (with_rates) {
      result.rate_left = scaled_left(rate);
      result.rate_right = layer.right;
      result.bias_rate = latents_ > 0 ? torch::mm(rate.narrow(1, latent_start, latents_), layer.latent.t())
                                      : torch::zeros_like(result.bias);
    }
    effective.push_back(std::move(result));
  }
  return effective;
}

std::shared_ptr<Modulation> make_modulation(const ModelOptions& options, const kernels::NetworkShape& shape,
                                            std::int64_t mu_dimension) {
  switch (options.modulation) {
    case ModulationKind::colora: return std::make_shared<CoLoRAModulation>(options, shape, mu_dimension);
  }
  TORCH_CHECK(false, "unknown modulation");
}

}  // namespace scorefield::models
