#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/modulation/hypernetwork.hpp"
#include "models/modulation/modulation.hpp"

namespace scorefield::models {

/// CoLoRA (arXiv 2402.14646): in every modulated layer W(mu, t) = W + A diag(alpha(mu, t)) B, with one alpha per rank
/// or, as in the paper, one alpha for all ranks, and the bias modulation b(mu, t) = b + C z(mu, t) with latents z
/// shared by all layers. One hypernetwork gives all alphas and z. B and C start at zero: training starts from an
/// unmodulated network.
class CoLoRAModulation : public Modulation {
 public:
  CoLoRAModulation(const ModelOptions& options, const kernels::NetworkShape& shape, std::int64_t mu_dimension);

 private:
  [[nodiscard]] ModulatedWeights make_weights(const torch::Tensor& mu, const torch::Tensor& t,
                                              bool with_rates) override;

  struct Layer {
    torch::Tensor weight;  ///< W [out, in]
    torch::Tensor bias;    ///< b [out]
    torch::Tensor left;    ///< A [out, r]; this and the next two are undefined in a layer that is not modulated
    torch::Tensor right;   ///< B [r, in]
    torch::Tensor latent;  ///< C [out, z]; undefined without bias modulation
  };

  /// One alpha per modulated layer, then z -> as many of each alpha as there are ranks, then z.
  [[nodiscard]] torch::Tensor spread(const torch::Tensor& values) const;

  std::int64_t rank_;
  bool scalar_;
  std::int64_t modulated_ = 0;  ///< layers
  std::int64_t latents_;
  std::vector<Layer> layers_;
  std::shared_ptr<Hypernetwork> hypernetwork_;
};

}  // namespace scorefield::models
