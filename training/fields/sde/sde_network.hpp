#pragma once

#include <torch/types.h>

#include <cstdint>

#include "training/fields/sde/options.hpp"
#include "training/optim/named_tensors.hpp"

namespace scorefield::training {

/// A plain network of the rows of (x, mu, t), normalised: swish layers. Time enters as 2 t - 1. The last layer starts
/// at 0.
class SdeNetwork {
 public:
  /// `columns`: of the state in a row. `parameters`: of mu.
  SdeNetwork(std::int64_t columns, std::int64_t parameters, const SdeOptions& options, std::int64_t outputs,
             std::uint64_t seed);

  /// [R, columns], [R, p], [R, 1] -> [R, outputs]
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& state, const torch::Tensor& mu,
                                         const torch::Tensor& t) const;
  /// The last hidden layer, [R, width], in which the output is linear.
  [[nodiscard]] torch::Tensor last_hidden(const torch::Tensor& state, const torch::Tensor& mu,
                                          const torch::Tensor& t) const;
  /// The map from it to the outputs, [outputs, width]; leaves a bias of 0.
  void set_last(const torch::Tensor& map);
  [[nodiscard]] const optim::NamedTensors& parameters() const { return parameters_; }

 private:
  bool autonomous_;
  optim::NamedTensors parameters_;
};

}  // namespace scorefield::training
