#include "models/sweeps/tensor_features.hpp"

#include <torch/types.h>

#include <vector>

namespace scorefield::models {

using kernels::NetworkShape;
using torch::Tensor;

Tensor network_features(const NetworkShape& shape, const Tensor& x) {
  std::vector<Tensor> features;
  for (std::int64_t c = 0; c < shape.dimension(); ++c) {
    const auto& coordinate = shape.coordinates[static_cast<std::size_t>(c)];
    const auto value = x.select(-1, c);
    if (coordinate.angular_frequency == 0) features.push_back(value);
    for (std::int64_t k = 1; k <= coordinate.harmonics; ++k) {
      const auto angle = value * (static_cast<double>(k) * coordinate.angular_frequency);
      features.push_back(angle.sin());
      features.push_back(angle.cos());
    }
  }
  return torch::stack(features, -1);
}

FeatureDerivatives feature_derivatives(const NetworkShape& shape, const Tensor& x) {
  std::vector<Tensor> first, second;
  for (std::int64_t c = 0; c < shape.dimension(); ++c) {
    const auto& coordinate = shape.coordinates[static_cast<std::size_t>(c)];
    const auto value = x.select(-1, c);
    if (coordinate.angular_frequency == 0) {
      first.push_back(torch::ones_like(value));
      second.push_back(torch::zeros_like(value));
    }
    for (std::int64_t k = 1; k <= coordinate.harmonics; ++k) {
      const double omega = static_cast<double>(k) * coordinate.angular_frequency;
      const auto sine = (value * omega).sin(), cosine = (value * omega).cos();
      first.push_back(cosine * omega);
      first.push_back(sine * -omega);
      second.push_back(sine * (-omega * omega));
      second.push_back(cosine * (-omega * omega));
    }
  }
  return {torch::stack(first, -1), torch::stack(second, -1)};
}

Tensor to_features(const NetworkShape& shape, const Tensor& direction) {
  std::vector<Tensor> columns;
  for (std::int64_t c = 0; c < shape.dimension(); ++c)
    for (std::int64_t k = 0; k < shape.coordinates[static_cast<std::size_t>(c)].count(); ++k)
      columns.push_back(direction.select(-1, c));
  return torch::stack(columns, -1);
}

Tensor to_coordinates(const NetworkShape& shape, const Tensor& features) {
  std::vector<Tensor> columns;
  std::int64_t first = 0;
  for (const auto& coordinate : shape.coordinates) {
    columns.push_back(features.narrow(-1, first, coordinate.count()).sum(-1));
    first += coordinate.count();
  }
  return torch::stack(columns, -1);
}

}  // namespace scorefield::models
