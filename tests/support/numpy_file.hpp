#pragma once

#include <cstring>
#include <string>
#include <vector>

namespace scorefield::test {

template <class T>
[[nodiscard]] std::string bytes_of(const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// What np.save writes, version 1.0.
[[nodiscard]] inline std::string npy(const std::string& type, const std::string& shape, const std::string& numbers,
                                     const std::string& order = "False") {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  return std::string("\x93NUMPY\1\0", 8) + static_cast<char>(118) + '\0' + header + numbers;
}

}  // namespace scorefield::test
