#pragma once

#include <cstdint>
#include <string>

namespace scorefield::test {

/// Ways to spoil a good scorefield file, written with the HDF5 library directly.
void set_format_version(const std::string& path, std::int64_t version);
/// Makes the first value of a float dataset not a number.
void set_first_value_nan(const std::string& path, const std::string& dataset);
/// Keeps the first half of the bytes.
void truncate_file(const std::string& path);

}  // namespace scorefield::test
