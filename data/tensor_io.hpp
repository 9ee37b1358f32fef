#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

/// Tensors by unique name, in a fixed order.
using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

// The one place where tensors meet files. A tensor is an array of its shape and type: float32, float64 or int64.

/// @throws FileError for any other type
void write_tensor(h5::File& file, const std::string& name, const torch::Tensor& tensor);
/// On the CPU. @throws FileError
[[nodiscard]] torch::Tensor read_tensor(const h5::File& file, const std::string& name);

/// Every tensor as GROUP/NAME.
void write_tensors(h5::File& file, const std::string& group, const NamedTensors& tensors);
/// All arrays of the group, sorted by name; none where there is no such group.
[[nodiscard]] NamedTensors read_tensors(const h5::File& file, const std::string& group);

}  // namespace scorefield::data
