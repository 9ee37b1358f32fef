#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scorefield::data {

/// For every coordinate the index of the one that is its time derivative, by name: x and v, or NAME and vNAME (x and
/// vx); -1 where there is none. [d]
[[nodiscard]] std::vector<std::int64_t> velocity_coordinates(const std::vector<std::string>& names);

}  // namespace scorefield::data
