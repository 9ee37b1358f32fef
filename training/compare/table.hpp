#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace scorefield::compare {

/// One line per cell: problem, method, seed, status, then every scalar. `cells`: array of stored cells.
[[nodiscard]] std::string to_csv(const nlohmann::json& cells);

/// Three significant digits, or the whole number where that says more.
[[nodiscard]] std::string number_text(double value);

/// The values of a text key over cells, each once, in order.
[[nodiscard]] std::vector<std::string> distinct(const nlohmann::json& cells, const char* key);

/// A table per problem, a row per method: mean over seeds, with the deviation between them when there are several; the
/// baselines as first rows; then the standing of each problem (standing.hpp) and the failed cells with their reason.
[[nodiscard]] std::string to_markdown(const std::string& name, const std::string& summary, const nlohmann::json& cells);

}  // namespace scorefield::compare
