#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace scorefield::data {

/// What `inspect --json` prints of a file (keys in data/README.md). @throws FileError
[[nodiscard]] nlohmann::ordered_json file_facts(const std::string& path);

}  // namespace scorefield::data
