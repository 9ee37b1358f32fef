#include "data/named_arrays.hpp"

#include <variant>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

void read_group(const h5::File& file, const std::string& group, NamedArrays& arrays) {
  for (const auto& child : file.children("/" + group)) {
    const std::string name = group.empty() ? child : group + "/" + child;
    if (file.is_group("/" + name)) read_group(file, name, arrays);
    else arrays.emplace(name, read_array(file, "/" + name));
  }
}

}  // namespace

void write_arrays(h5::File& file, const NamedArrays& arrays) {
  for (const auto& [name, array] : arrays)
    std::visit([&, &name = name, &array = array]<class T>(
                   const std::vector<T>& values) { file.write<T>("/" + name, values, array.shape); },
               array.values);
}

NamedArray read_array(const h5::File& file, const std::string& name) {
  const std::string type = file.element_type(name);
  if (type == "int64") return {file.dims(name), file.read<std::int64_t>(name)};
  if (type == "float64" || type == "float32") return {file.dims(name), file.read<double>(name)};
  throw FileError(file.path(), "'" + name + "' holds " + type + ", expected float64 or int64.");
}

NamedArrays read_arrays(const h5::File& file) {
  NamedArrays arrays;
  read_group(file, "", arrays);
  return arrays;
}

}  // namespace scorefield::data
