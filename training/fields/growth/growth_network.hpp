#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/normalizer.hpp"
#include "training/optim/named_tensors.hpp"

namespace scorefield::training {

struct NetworkShape {
  std::int64_t width = 48, depth = 2;  ///< hidden layers
  bool autonomous = true;              ///< it knows no time
};

/// A plain network of (x, mu, t), normalised: swish layers beside one linear map. Periodic coordinates enter as sine
/// and cosine, time as 2 t - 1. The last layer and the linear map start at 0.
class GrowthNetwork {
 public:
  GrowthNetwork(const models::Normalizer& normalizer, const NetworkShape& shape, std::int64_t outputs,
                std::uint64_t seed);

  /// x: [B, d], mu: [B, p], t: [B, 1] -> [B, outputs]
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  [[nodiscard]] const optim::NamedTensors& parameters() const { return parameters_; }

 private:
  /// What enters, [B, inputs].
  [[nodiscard]] torch::Tensor features(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  [[nodiscard]] torch::Tensor last_hidden(const torch::Tensor& inputs) const;

  std::vector<double> periods_;  ///< [d], normalised
  bool autonomous_;
  optim::NamedTensors parameters_;
};

}  // namespace scorefield::training
