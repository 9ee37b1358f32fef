#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace scorefield {

/// Numbers with a shape, row-major. The shape {} is a single number.
struct NamedArray {
  std::vector<std::int64_t> shape;
  std::variant<std::vector<double>, std::vector<std::int64_t>> values;
};

/// Arrays by name; "a/b" is array b of group a.
using NamedArrays = std::map<std::string, NamedArray>;

}  // namespace scorefield
