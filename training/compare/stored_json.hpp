#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "data/atomic_file.hpp"

namespace scorefield::compare {

/// A stored JSON file, or null when there is none that can be read.
[[nodiscard]] inline nlohmann::json read_stored_json(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return nullptr;
  return nlohmann::json::parse(data::read_text_file(path.string()), nullptr, false);
}

}  // namespace scorefield::compare
