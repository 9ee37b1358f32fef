#pragma once

#include <torch/types.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "core/named_array.hpp"

namespace scorefield::sampling {

/// A tensor as row-major numbers for the torch-free engines, and back.
[[nodiscard]] inline std::vector<double> rows_of(const torch::Tensor& tensor) {
  const auto plain = tensor.to(torch::kCPU, torch::kFloat64).contiguous();
  return {plain.const_data_ptr<double>(), plain.const_data_ptr<double>() + plain.numel()};
}
[[nodiscard]] inline torch::Tensor tensor_of(const std::vector<double>& rows, at::IntArrayRef shape) {
  auto tensor = torch::empty(shape, torch::kFloat64);
  std::copy(rows.begin(), rows.end(), tensor.mutable_data_ptr<double>());
  return tensor;
}

[[nodiscard]] inline torch::Tensor tensor_of(const NamedArray& array) {
  return tensor_of(std::get<std::vector<double>>(array.values), array.shape);
}
[[nodiscard]] inline NamedArray array_of(const torch::Tensor& tensor) {
  return {tensor.sizes().vec(), rows_of(tensor)};
}

}  // namespace scorefield::sampling
