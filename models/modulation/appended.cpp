#include "models/modulation/appended.hpp"

#include <torch/types.h>

#include <cmath>

#include "models/modulation/plain_layers.hpp"
#include "models/modulation/time_features.hpp"

namespace scorefield::models {

AppendedInputs::AppendedInputs(const ModelOptions& options, const kernels::NetworkShape& shape,
                               std::int64_t mu_dimension) {
  register_plain_layers(*this, shape, weights_, biases_);
  const std::int64_t inputs = mu_dimension + 1 + 2 * options.time_features;
  conditions_ = register_parameter(
      "conditions", torch::randn({shape.width, inputs}) / std::sqrt(static_cast<double>(inputs + shape.features())));
  frequencies_ = register_buffer("frequencies", time_frequencies(options.time_features));
}

ModulatedWeights AppendedInputs::make_weights(const torch::Tensor& mu, const torch::Tensor& t, bool with_rates) {
  ModulatedWeights result;
  result.values = condition_features(mu, t, frequencies_);
  if (with_rates) result.rates = condition_feature_rates(mu, t, frequencies_);
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    ModulatedLayer layer;
    layer.weight = weights_[l];
    layer.bias = biases_[l];
    if (l == 0) layer.bias_map = conditions_;
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace scorefield::models
