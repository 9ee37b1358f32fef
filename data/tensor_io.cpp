#include "data/tensor_io.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

using torch::Tensor;

template <class T>
void write_as(h5::File& file, const std::string& name, const Tensor& values) {
  const h5::Dims dims(values.sizes().begin(), values.sizes().end());
  file.write<T>(name, {values.const_data_ptr<T>(), static_cast<std::size_t>(values.numel())}, dims);
}

template <class T>
Tensor read_as(const h5::File& file, const std::string& name) {
  auto values = file.read<T>(name);
  const auto dims = file.dims(name);
  return torch::from_blob(values.data(), torch::IntArrayRef(dims.data(), dims.size()),
                          torch::CppTypeToScalarType<T>::value)
      .clone();
}

}  // namespace

void write_tensor(h5::File& file, const std::string& name, const Tensor& tensor) {
  const auto values = tensor.detach().cpu().contiguous();
  switch (values.scalar_type()) {
    case torch::kFloat32:
      return write_as<float>(file, name, values);
    case torch::kFloat64:
      return write_as<double>(file, name, values);
    case torch::kInt64:
      return write_as<std::int64_t>(file, name, values);
    default:
      throw FileError(file.path(), "cannot store tensor '" + name + "' of type " + toString(values.scalar_type()));
  }
}

Tensor read_tensor(const h5::File& file, const std::string& name) {
  const auto type = file.element_type(name);
  if (type == "float32") return read_as<float>(file, name);
  if (type == "float64") return read_as<double>(file, name);
  if (type == "int64") return read_as<std::int64_t>(file, name);
  throw FileError(file.path(), "array '" + name + "' has element type " + type +
                                   ", expected float32, float64 or int64. Make the file again.");
}

void write_tensors(h5::File& file, const std::string& group, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) write_tensor(file, group + "/" + name, tensor);
}

NamedTensors read_tensors(const h5::File& file, const std::string& group) {
  NamedTensors tensors;
  if (!file.exists(group)) return tensors;
  for (const auto& name : file.children(group)) tensors.emplace_back(name, read_tensor(file, group + "/" + name));
  return tensors;
}

}  // namespace scorefield::data
