#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "training/optim/named_tensors.hpp"

namespace scorefield::training {

struct SwishShape {
  std::int64_t width = 48, depth = 2;  ///< hidden layers
  bool autonomous = true;              ///< it knows no time
};

/// A plain network of (state, mu, t), normalised: swish layers. Time enters as 2 t - 1. The last layer starts at 0.
class SwishNetwork {
 public:
  /// `columns`: of the state. `parameters`: of mu.
  SwishNetwork(std::int64_t columns, std::int64_t parameters, const SwishShape& shape, std::int64_t outputs,
               std::uint64_t seed);

  /// What enters: [R, columns], [R, p], [R, 1] -> [R, inputs]
  [[nodiscard]] torch::Tensor inputs(const torch::Tensor& state, const torch::Tensor& mu, const torch::Tensor& t) const;
  /// [R, inputs] -> [R, outputs]
  [[nodiscard]] torch::Tensor of_inputs(const torch::Tensor& inputs) const;
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& state, const torch::Tensor& mu,
                                         const torch::Tensor& t) const {
    return of_inputs(inputs(state, mu, t));
  }
  /// The last hidden layer, [R, width], in which the output is linear.
  [[nodiscard]] torch::Tensor last_hidden(const torch::Tensor& inputs) const;
  /// The map from it to the outputs, [outputs, width]; leaves a bias of 0.
  void set_last(const torch::Tensor& map);
  [[nodiscard]] const optim::NamedTensors& parameters() const { return parameters_; }

 private:
  bool autonomous_;
  optim::NamedTensors parameters_;
};

/// How many columns periodic_columns() gives.
[[nodiscard]] std::int64_t column_count(const std::vector<double>& periods);

/// Coordinates as functions see them: sine and cosine of those with a period, [B, d] -> [B, column_count].
/// `periods`: [d], 0: none.
[[nodiscard]] torch::Tensor periodic_columns(const torch::Tensor& x, const std::vector<double>& periods);

}  // namespace scorefield::training
