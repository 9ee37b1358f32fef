#include "training/fields/growth/growth_network.hpp"

#include <torch/types.h>

namespace scorefield::training {
namespace {

using torch::Tensor;

std::int64_t parameters_of(const models::Normalizer& normalizer) {
  return static_cast<std::int64_t>(normalizer.mu_center.size());
}

}  // namespace

GrowthNetwork::GrowthNetwork(const models::Normalizer& normalizer, const SwishShape& shape, std::int64_t outputs,
                             std::uint64_t seed)
    : periods_(normalizer.normalized_periods()),
      network_(column_count(periods_), parameters_of(normalizer), shape, outputs, seed),
      parameters_(network_.parameters()) {
  const std::int64_t inputs = column_count(periods_) + parameters_of(normalizer) + (shape.autonomous ? 0 : 1);
  parameters_.emplace_back("linear.weight", torch::zeros({outputs, inputs}).set_requires_grad(true));
}

Tensor GrowthNetwork::operator()(const Tensor& x, const Tensor& mu, const Tensor& t) const {
  const Tensor inputs = network_.inputs(periodic_columns(x, periods_), mu, t);
  return network_.of_inputs(inputs) + inputs.matmul(parameters_.back().second.t());
}

}  // namespace scorefield::training
