#include "data/coordinates.hpp"

#include <algorithm>

namespace scorefield::data {

std::vector<std::int64_t> velocity_coordinates(const std::vector<std::string>& names) {
  const auto index = [&](const std::string& name) -> std::int64_t {
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? -1 : found - names.begin();
  };
  std::vector<std::int64_t> velocity;
  for (const auto& name : names) {
    const auto own = index("v" + name);
    velocity.push_back(own < 0 && name == "x" ? index("v") : own);
  }
  return velocity;
}

}  // namespace scorefield::data
