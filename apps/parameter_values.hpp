#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace scorefield::apps {

/// One value of the physics parameters in JSON: a number for one parameter, a list for several.
[[nodiscard]] inline nlohmann::ordered_json value_of(const std::vector<double>& values) {
  return values.size() == 1 ? nlohmann::ordered_json(values.front()) : nlohmann::ordered_json(values);
}

/// A list of such.
[[nodiscard]] inline nlohmann::ordered_json values_of(const std::vector<std::vector<double>>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows) list.push_back(value_of(row));
  return list;
}

}  // namespace scorefield::apps
