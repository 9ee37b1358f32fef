#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "models/options.hpp"
#include "models/sweeps/layer.hpp"
#include "models/sweeps/network.hpp"

namespace scorefield::models {

/// What a modulation makes: the layers of one plain MLP per group, in factors. Undefined tensors are absent.
using ModulatedLayer = kernels::Layer<torch::Tensor>;
using ModulatedWeights = kernels::LayerWeights<torch::Tensor>;

/// The same multiplied out: weight [G, out, in] and bias [G, out], with weight_rate and bias_rate likewise where rates
/// were asked for, and nothing else.
using EffectiveWeights = std::vector<ModulatedLayer>;

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
