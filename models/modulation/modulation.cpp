#include "models/modulation/modulation.hpp"

#include <torch/types.h>

#include <algorithm>

#include "models/modulation/appended.hpp"
#include "models/modulation/colora.hpp"
#include "models/modulation/film.hpp"
#include "models/modulation/full_hypernetwork.hpp"
#include "models/serial_section.hpp"

namespace scorefield::models {
namespace {

/// start + left diag(values) right for every group: [G, out, in]. `start` may be undefined.
torch::Tensor add_low_rank(const ModulatedLayer& layer, const torch::Tensor& values, const torch::Tensor& start) {
  if (!layer.left.defined() || !values.defined()) return start;
  const auto groups = values.size(0), out = layer.left.size(0), rank = layer.left.size(1), in = layer.right.size(1);
  // left diag(values_g) of all groups as one tall matrix: a single product.
  const auto scaled = layer.left.unsqueeze(0) * values.narrow(1, layer.scale_start, rank).unsqueeze(1);
  const auto low = torch::mm(scaled.reshape({groups * out, rank}), layer.right).view({groups, out, in});
  return start.defined() ? start + low : low;
}

/// start + bias_map latent for every group: [G, out]. `start` may be undefined.
torch::Tensor add_bias_map(const ModulatedLayer& layer, const torch::Tensor& values, const torch::Tensor& start) {
  if (!layer.bias_map.defined() || !values.defined()) return start;
  const auto mapped = torch::mm(values.narrow(1, layer.latent_start, layer.bias_map.size(1)), layer.bias_map.t());
  return start.defined() ? start + mapped : mapped;
}

}  // namespace

ModulatedWeights Modulation::weights(const torch::Tensor& mu, const torch::Tensor& t, bool with_rates) {
  const SerialSection serial;
  return make_weights(mu, t, with_rates);
}

bool has_rates(const ModulatedWeights& weights) {
  return weights.rates.defined() || std::any_of(weights.layers.begin(), weights.layers.end(), [](const auto& layer) {
           return layer.weight_rate.defined() || layer.bias_rate.defined();
         });
}

EffectiveWeights effective_weights(const ModulatedWeights& weights) {
  const auto groups = weights.values.size(0);
  const bool rates = has_rates(weights);
  EffectiveWeights effective;
  for (const auto& layer : weights.layers) {
    const auto out = layer.weight.size(-2), in = layer.weight.size(-1);
    ModulatedLayer result;
    result.weight = add_low_rank(layer, weights.values, layer.weight).expand({groups, out, in});
    result.bias = add_bias_map(layer, weights.values, layer.bias).expand({groups, out});
    if (rates) {
      result.weight_rate = add_low_rank(layer, weights.rates, layer.weight_rate);
      result.bias_rate = add_bias_map(layer, weights.rates, layer.bias_rate);
      if (!result.weight_rate.defined()) result.weight_rate = torch::zeros_like(result.weight);
      if (!result.bias_rate.defined()) result.bias_rate = torch::zeros_like(result.bias);
    }
    effective.push_back(std::move(result));
  }
  return effective;
}

std::shared_ptr<Modulation> make_modulation(const ModelOptions& options, const kernels::NetworkShape& shape,
                                            std::int64_t mu_dimension) {
  switch (options.modulation) {
    case ModulationKind::film:
      return std::make_shared<FilmModulation>(options, shape, mu_dimension);
    case ModulationKind::hypernetwork:
      return std::make_shared<FullHypernetworkModulation>(options, shape, mu_dimension);
    case ModulationKind::none:
      return std::make_shared<AppendedInputs>(options, shape, mu_dimension);
    case ModulationKind::colora:
      return std::make_shared<CoLoRAModulation>(options, shape, mu_dimension);
  }
  TORCH_CHECK(false, "unknown modulation");
}

}  // namespace scorefield::models
