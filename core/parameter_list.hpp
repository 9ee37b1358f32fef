#pragma once

#include <string>
#include <vector>

namespace scorefield {

/// Values of p physics parameters, M rows.
struct ParameterList {
  std::vector<std::string> names;         ///< [p]; empty: nobody has named them
  std::vector<std::vector<double>> rows;  ///< [M][p]
  std::vector<std::string> files{};       ///< [M], the column `file` of a table; empty: it has none
};

/// "(1.25, .5), (1.35, .7)" -> {{1.25, 0.5}, {1.35, 0.7}}. @throws UsageError
[[nodiscard]] std::vector<std::vector<double>> parse_tuples(const std::string& text);

/// What the flag --mu says, given once or several times: "1.2,1.3" or "1.2:1.9:0.1" (one parameter), "(1.25, .5),
/// (1.35, .7)" (tuples), "NAME=LIST" (repeated: the product of the lists, the last name running fastest), "@FILE.csv"
/// (rows of a table with a header).
/// @throws UsageError, FileError for the table
[[nodiscard]] ParameterList parse_parameters(const std::vector<std::string>& texts);

/// A CSV file: names of parameters in the first line, numbers in the others; a column `file` may have words.
/// @throws FileError naming the line
[[nodiscard]] ParameterList read_parameter_table(const std::string& path);

}  // namespace scorefield
