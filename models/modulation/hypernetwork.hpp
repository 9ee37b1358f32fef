#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace scorefield::models {

struct HypernetworkOptions {
  std::int64_t mu_dimension = 1;  ///< p
  std::int64_t outputs = 1;       ///< number of modulation values
  std::int64_t width = 48;
  std::int64_t depth = 2;          ///< hidden layers
  bool zero_output = false;        ///< start with all outputs zero
  std::int64_t time_features = 8;  ///< pairs sin, cos of (pi/2) k t, k = 1..n
};

/// The small silu MLP (mu, t) -> modulation values, with its exact time derivative carried along.
class Hypernetwork : public torch::nn::Module {
 public:
  explicit Hypernetwork(const HypernetworkOptions& options);

  struct Output {
    torch::Tensor value;  ///< [G, outputs]
    torch::Tensor rate;   ///< [G, outputs], d value / dt; undefined unless asked for
  };

  /// mu: [G, p], t: [G], both normalised.
  [[nodiscard]] Output forward(const torch::Tensor& mu, const torch::Tensor& t, bool with_rate) const;

 private:
  std::vector<torch::Tensor> weights_;  ///< [out, in] per layer
  std::vector<torch::Tensor> biases_;   ///< [out] per layer
  torch::Tensor frequencies_;           ///< [n]
};

}  // namespace scorefield::models
