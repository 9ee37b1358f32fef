#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/modulation/hypernetwork.hpp"
#include "models/modulation/modulation.hpp"

namespace scorefield::models {

/// All weights and biases of the modulated layers are outputs of the hypernetwork, on top of constant ones: W = W_0 +
/// W_1(mu, t). The last layer of the hypernetwork starts at zero and has most of the parameters.
class FullHypernetworkModulation : public Modulation {
 public:
  FullHypernetworkModulation(const ModelOptions& options, const kernels::NetworkShape& shape,
                             std::int64_t mu_dimension);

 private:
  [[nodiscard]] ModulatedWeights make_weights(const torch::Tensor& mu, const torch::Tensor& t,
                                              bool with_rates) override;

  std::vector<torch::Tensor> weights_, biases_;
  std::vector<bool> modulated_;  ///< [layers]
  std::shared_ptr<Hypernetwork> hypernetwork_;
};

}  // namespace scorefield::models
