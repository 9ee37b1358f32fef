#pragma once

#include <torch/types.h>

#include <span>

namespace scorefield::test {

/// The values of a contiguous float32 tensor, which must outlive them.
inline std::span<const float> values_of(const torch::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace scorefield::test
