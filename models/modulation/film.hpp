#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/modulation/hypernetwork.hpp"
#include "models/modulation/modulation.hpp"

namespace scorefield::models {

/// FiLM (arXiv 1709.07871): y = (1 + gamma(mu, t)) (W x + b) + beta(mu, t) in every modulated hidden layer, the output
/// layer plain. The hypernetwork's last layer starts at zero: training starts from an unmodulated network.
class FilmModulation : public Modulation {
 public:
  FilmModulation(const ModelOptions& options, const kernels::NetworkShape& shape, std::int64_t mu_dimension);

 private:
  [[nodiscard]] ModulatedWeights make_weights(const torch::Tensor& mu, const torch::Tensor& t,
                                              bool with_rates) override;

  std::vector<torch::Tensor> weights_, biases_;
  std::vector<bool> modulated_;  ///< [layers]
  std::shared_ptr<Hypernetwork> hypernetwork_;
};

}  // namespace scorefield::models
