#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/kernels/network.hpp"
#include "models/options.hpp"

namespace scorefield::models {

/// One layer of the plain MLP that a modulation makes for every group g = (mu, t), in factors:
///   W_g = weight + left diag(values_g[scale_start ..]) right,   b_g = bias + bias_map values_g[latent_start ..].
/// Time derivatives follow from the rates of the values, plus weight_rate and bias_rate. Undefined tensors are absent.
struct ModulatedLayer {
  torch::Tensor weight;  ///< [out, in] shared by the groups, or [G, out, in]
  torch::Tensor bias;    ///< [out] shared by the groups, or [G, out]
  torch::Tensor left;    ///< [out, r]
  torch::Tensor right;   ///< [r, in]
  std::int64_t scale_start = 0;
  torch::Tensor bias_map;  ///< [out, z]
  std::int64_t latent_start = 0;
  torch::Tensor weight_rate;  ///< [G, out, in]: d weight / dt of a group's own weight
  torch::Tensor bias_rate;    ///< [G, out]
};

struct ModulatedWeights {
  std::vector<ModulatedLayer> layers;
  torch::Tensor values;  ///< [G, n]
  torch::Tensor rates;   ///< [G, n], d values / dt; undefined unless asked for
};

/// The same multiplied out: one plain MLP per group. Rates are undefined where they were not asked for.
struct EffectiveLayer {
  torch::Tensor weight;       ///< [G, out, in]
  torch::Tensor bias;         ///< [G, out]
  torch::Tensor weight_rate;  ///< [G, out, in]
  torch::Tensor bias_rate;    ///< [G, out]
};
using EffectiveWeights = std::vector<EffectiveLayer>;

/// Whether time derivatives are there: of the values, or of a layer's own weights.
[[nodiscard]] bool has_rates(const ModulatedWeights& weights);

[[nodiscard]] EffectiveWeights effective_weights(const ModulatedWeights& weights);

/// (mu, t) -> weights of one plain MLP per group: the seam between the modulation (small, autograd) and the particle
/// kernels (hot), which see nothing but plain MLPs.
class Modulation : public torch::nn::Module {
 public:
  /// mu: [G, p] and t: [G], normalised, of the parameters' dtype and device. Differentiable in the parameters, and in t
  /// when `with_rates` is false; rates are the derivatives with respect to t.
  /// @throws c10::ValueError on shapes that disagree.
  /// The same for any number of threads.
  [[nodiscard]] ModulatedWeights weights(const torch::Tensor& mu, const torch::Tensor& t, bool with_rates);

 private:
  [[nodiscard]] virtual ModulatedWeights make_weights(const torch::Tensor& mu, const torch::Tensor& t,
                                                      bool with_rates) = 0;
};

/// The modulation that the options name, for a network of this shape with p physics parameters.
[[nodiscard]] std::shared_ptr<Modulation> make_modulation(const ModelOptions& options,
                                                          const kernels::NetworkShape& shape,
                                                          std::int64_t mu_dimension);

}  // namespace scorefield::models
