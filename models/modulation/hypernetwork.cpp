#include "models/modulation/hypernetwork.hpp"

#include <cmath>
#include <string>

#include "models/modulation/time_features.hpp"

namespace scorefield::models {

Hypernetwork::Hypernetwork(const HypernetworkOptions& options) {
  frequencies_ = register_buffer("frequencies", time_frequencies(options.time_features));
  std::int64_t in = options.mu_dimension + 1 + 2 * options.time_features;
  for (std::int64_t l = 0; l <= options.depth; ++l) {
    const std::int64_t out = l == options.depth ? options.outputs : options.width;
    const bool zero = options.zero_output && l == options.depth;
    const double deviation = zero ? 0.0 : 1.0 / std::sqrt(static_cast<double>(in));
    weights_.push_back(register_parameter("weight" + std::to_string(l), torch::randn({out, in}) * deviation));
    biases_.push_back(register_parameter("bias" + std::to_string(l), torch::zeros({out})));
    in = out;
  }
}

Hypernetwork::Output Hypernetwork::forward(const torch::Tensor& mu, const torch::Tensor& t, bool with_rate) const {
  auto h = condition_features(mu, t, frequencies_);
  torch::Tensor rate;
  if (with_rate) rate = condition_feature_rates(mu, t, frequencies_);
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    const auto y = torch::addmm(biases_[l], h, weights_[l].t());
    if (with_rate) rate = torch::mm(rate, weights_[l].t());
    if (l + 1 == weights_.size()) {
      h = y;
      break;
    }
    const auto sigma = y.sigmoid();
    h = y * sigma;
    if (with_rate) rate = rate * (sigma + h * (1 - sigma));
  }
  return {h, rate};
}

}  // namespace scorefield::models
