#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace scorefield::compare {

/// One line per cell: problem, method, seed, status, then every scalar. `cells`: array of stored cells.
[[nodiscard]] std::string to_csv(const nlohmann::json& cells);

/// A table per problem, a row per method: mean over seeds, with the deviation between them when there are several; the
/// baselines as first rows; failed cells with their reason below.
[[nodiscard]] std::string to_markdown(const std::string& name, const std::string& summary, const nlohmann::json& cells);

}  // namespace scorefield::compare
