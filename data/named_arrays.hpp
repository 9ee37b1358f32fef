#pragma once

#include <string>

#include "core/named_array.hpp"
#include "data/h5.hpp"

namespace scorefield::data {

/// Arrays as datasets "/NAME" of an open file; "a/b" is dataset b of group a.
void write_arrays(h5::File& file, const NamedArrays& arrays);

/// Every dataset of the file, whose numbers are integers or floating-point. @throws FileError for anything else
[[nodiscard]] NamedArrays read_arrays(const h5::File& file);
[[nodiscard]] NamedArray read_array(const h5::File& file, const std::string& name);

}  // namespace scorefield::data
