#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/normalizer.hpp"
#include "training/fields/swish_network.hpp"
#include "training/optim/named_tensors.hpp"

namespace scorefield::training {

/// A network of (x, mu, t), normalised, beside one linear map of the same inputs. Periodic coordinates enter as sine
/// and cosine. Both start at 0.
class GrowthNetwork {
 public:
  GrowthNetwork(const models::Normalizer& normalizer, const SwishShape& shape, std::int64_t outputs,
                std::uint64_t seed);

  /// x: [B, d], mu: [B, p], t: [B, 1] -> [B, outputs]
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& x, const torch::Tensor& mu, const torch::Tensor& t) const;
  /// The network's, then the map.
  [[nodiscard]] const optim::NamedTensors& parameters() const { return parameters_; }

 private:
  std::vector<double> periods_;  ///< [d], normalised
  SwishNetwork network_;
  optim::NamedTensors parameters_;
};

}  // namespace scorefield::training
