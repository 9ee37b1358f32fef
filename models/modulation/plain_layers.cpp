#include "models/modulation/plain_layers.hpp"

#include <cmath>
#include <string>

namespace scorefield::models {

void register_plain_layers(torch::nn::Module& module, const kernels::NetworkShape& shape,
                           std::vector<torch::Tensor>& weights, std::vector<torch::Tensor>& biases) {
  for (std::int64_t l = 0; l < shape.layers(); ++l) {
    const auto in = shape.inputs(l), out = shape.outputs(l);
    const double deviation = (l == shape.hidden_layers ? 0.1 : 1.0) / std::sqrt(static_cast<double>(in));
    weights.push_back(module.register_parameter("weight" + std::to_string(l), torch::randn({out, in}) * deviation));
    biases.push_back(module.register_parameter("bias" + std::to_string(l), torch::zeros({out})));
  }
}

HypernetworkOptions hypernetwork_options(const ModelOptions& options, std::int64_t mu_dimension, std::int64_t outputs) {
  HypernetworkOptions result;
  result.mu_dimension = mu_dimension;
  result.outputs = outputs;
  result.width = options.hypernetwork_width;
  result.depth = options.hypernetwork_depth;
  result.time_features = options.time_features;
  return result;
}

}  // namespace scorefield::models
