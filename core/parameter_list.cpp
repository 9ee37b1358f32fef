#include "core/parameter_list.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include "core/error.hpp"
#include "core/options.hpp"
#include "core/text.hpp"

namespace scorefield {
namespace {

std::optional<double> whole_number(const std::string& text) {
  double value = 0;
  const char* first = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Adds one more parameter: every row with every value.
void multiply(ParameterList& list, const std::string& name, const std::vector<double>& values) {
  list.names.push_back(name);
  if (list.rows.empty()) list.rows.emplace_back();
  std::vector<std::vector<double>> rows;
  for (const auto& row : list.rows)
    for (const double value : values) {
      rows.push_back(row);
      rows.back().push_back(value);
    }
  list.rows = std::move(rows);
}

}  // namespace

std::vector<std::vector<double>> parse_tuples(const std::string& text) {
  std::vector<std::vector<double>> rows;
  for (std::size_t at = 0; at < text.size();) {
    const auto open = text.find('(', at), close = text.find(')', at);
    const std::string between = open == std::string::npos ? text.substr(at) : text.substr(at, open - at);
    if (between.find_first_not_of(", \t") != std::string::npos || (open != std::string::npos && close < open) ||
        (open != std::string::npos && close == std::string::npos))
      throw UsageError("--mu expects tuples as in \"(1.25, 0.5), (1.35, 0.7)\", got '" + text + "'.");
    if (open == std::string::npos) break;
    rows.push_back(parse_number_list(text.substr(open + 1, close - open - 1)));
    if (rows.back().size() != rows.front().size())
      throw UsageError("--mu has tuples of " + std::to_string(rows.front().size()) + " and of " +
                       std::to_string(rows.back().size()) + " numbers.");
    at = close + 1;
  }
  return rows;
}

ParameterList parse_parameters(const std::vector<std::string>& texts) {
  ParameterList list;
  for (const auto& given : texts) {
    const std::string text = trimmed(given);
    const auto equals = text.find('=');
    if (equals != std::string::npos && !text.starts_with('@')) {
      multiply(list, trimmed(text.substr(0, equals)), parse_number_list(text.substr(equals + 1)));
      continue;
    }
    if (texts.size() > 1) throw UsageError("--mu given several times expects NAME=LIST each time, got '" + text + "'.");
    if (text.starts_with('@')) return read_parameter_table(text.substr(1));
    if (text.starts_with('(')) return {.names = {}, .rows = parse_tuples(text)};
    for (const double value : parse_number_list(text)) list.rows.push_back({value});
  }
  return list;
}

ParameterList read_parameter_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw FileError(path, "no such file, expected a table of parameters (CSV with a header).");
  ParameterList table;
  std::string line;
  std::getline(file, line);
  if (line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
  const auto header = comma_separated(line);
  for (const auto& name : header)
    if (name != "file") table.names.push_back(name);
  for (std::size_t number = 2; std::getline(file, line); ++number) {
    if (trimmed(line).empty()) continue;
    const auto words = comma_separated(line);
    const std::string place = "line " + std::to_string(number);
    if (words.size() != header.size())
      throw FileError(path, place + " has " + std::to_string(words.size()) + " entries, the header has " +
                                std::to_string(header.size()) + ".");
    table.rows.emplace_back();
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (header[i] == "file") {
        table.files.push_back(words[i]);
        continue;
      }
      const auto value = whole_number(words[i]);
      if (!value) throw FileError(path, place + ": '" + words[i] + "' is not a number.");
      table.rows.back().push_back(*value);
    }
  }
  if (table.rows.empty() || table.names.empty())
    throw FileError(path, "holds no parameters, expected a header with their names and a row of numbers for each mu.");
  return table;
}

}  // namespace scorefield
