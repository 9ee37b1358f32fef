#include "models/modulation/hypernetwork.hpp"

#include <cmath>
#include <numbers>
#include <string>

namespace scorefield::models {

Hypernetwork::Hypernetwork(const HypernetworkOptions& options) {
  frequencies_ = register_buffer(
      "frequencies", torch::arange(1, options.time_features + 1, torch::kFloat32) * (std::numbers::pi / 2));
  std::int64_t in = options.mu_dimension + 1 + 2 * options.time_features;
  for (std::int64_t l = 0; l <= options.depth; ++l) {
    const std::int64_t out = l == options.depth ? options.outputs : options.width;
    const double deviation = 1.0 / std::sqrt(static_cast<double>(in));
    weights_.push_back(register_parameter("weight" + std::to_string(l), torch::randn({out, in}) * deviation));
    biases_.push_back(register_parameter("bias" + std::to_string(l), torch::zeros({out})));
    in = out;
  }
}

Hypernetwork::Output Hypernetwork::forward(const torch::Tensor& mu, const torch::Tensor& t, bool with_rate) const {
  // Time in [-1, 1] as the physics parameters; d/dt of it is 2.
  const auto phase = t.unsqueeze(1) * frequencies_;
  const auto sine = phase.sin(), cosine = phase.cos();
  auto h = torch::cat({mu, (2 * t - 1).unsqueeze(1), sine, cosine}, 1);
  torch::Tensor rate;
  if (with_rate)
    rate = torch::cat({torch::zeros_like(mu), torch::full_like(t, 2).unsqueeze(1), cosine * frequencies_,
                       -sine * frequencies_}, 1);
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
