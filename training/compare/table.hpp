#pragma once

#include <string>
#include <vector>

#include "training/compare/cell.hpp"

namespace scorefield::compare {

/// One line per cell: problem, method, seed, status, then every metric and figure that some cell has.
[[nodiscard]] std::string to_csv(const std::vector<Cell>& cells);

/// A table per problem, a row per method: mean over seeds, with the deviation between them when there are several; the
/// baselines as first rows; then the standing of each problem (standing.hpp) and the failed cells with their reason.
[[nodiscard]] std::string to_markdown(const std::string& name, const std::string& summary,
                                      const std::vector<Cell>& cells);

/// Three significant digits, or the whole number where that says more.
[[nodiscard]] std::string number_text(double value);

/// The names of the cells, each once, in order.
[[nodiscard]] std::vector<std::string> problems_of(const std::vector<Cell>& cells);
[[nodiscard]] std::vector<std::string> methods_of(const std::vector<Cell>& cells);

}  // namespace scorefield::compare
