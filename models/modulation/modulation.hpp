#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/kernels/network.hpp"
#include "models/options.hpp"

namespace scorefield::models {

/// One layer of the plain MLP that a modulation makes for every group g = (mu, t), with its time derivative in
/// factors: dW/dt = rate_left rate_right. Rates are undefined tensors when they were not asked for.
struct EffectiveLayer {
  torch::Tensor weight;      ///< [G, out, in]
  torch::Tensor bias;        ///< [G, out]
  torch::Tensor rate_left;   ///< [G, out, r]
  torch::Tensor rate_right;  ///< [r, in], shared by the groups
  torch::Tensor bias_rate;   ///< [G, out]
};
using EffectiveWeights = std::vector<EffectiveLayer>;

/// (mu, t) -> effective weights of one plain MLP per group: the seam between the modulation (small, autograd) and the
/// particle kernels (hot), which see nothing but plain MLPs.
class Modulation : public torch::nn::Module {
 public:
  /// mu: [G, p] and t: [G], normalised, of the parameters' dtype and device. Differentiable in the parameters, and in t
  /// when `with_rates` is false; rates are the derivatives with respect to t.
  /// @throws c10::ValueError on shapes that disagree.
  [[nodiscard]] virtual EffectiveWeights effective_weights(const torch::Tensor& mu, const torch::Tensor& t,
                                                           bool with_rates) = 0;
};

/// The modulation that the options name, for a network of this shape with p physics parameters.
[[nodiscard]] std::shared_ptr<Modulation> make_modulation(const ModelOptions& options,
                                                          const kernels::NetworkShape& shape, std::int64_t mu_dimension);

}  // namespace scorefield::models
