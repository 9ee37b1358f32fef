#pragma once

#include <cstdint>
#include <vector>

#include "models/modulation/modulation.hpp"

namespace scorefield::models {

/// No modulation: mu and t are further inputs of the first layer, which acts on them as a bias W_c (mu, 2t - 1,
/// features of t).
class AppendedInputs : public Modulation {
 public:
  AppendedInputs(const ModelOptions& options, const kernels::NetworkShape& shape, std::int64_t mu_dimension);

 private:
  [[nodiscard]] ModulatedWeights make_weights(const torch::Tensor& mu, const torch::Tensor& t,
                                              bool with_rates) override;

  std::vector<torch::Tensor> weights_, biases_;
  torch::Tensor conditions_;   ///< W_c [width, p + 1 + 2 n]
  torch::Tensor frequencies_;  ///< [n]
};

}  // namespace scorefield::models
