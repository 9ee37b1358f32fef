#include "core/options.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "core/error.hpp"
#include "core/parameter_list.hpp"
#include "core/require.hpp"
#include "core/text.hpp"

namespace scorefield {
namespace {

std::string toml_text(const std::string& value) {
  const toml::value<std::string> node(value);
  std::ostringstream out;
  out << toml::toml_formatter(node,
                              toml::format_flags::allow_multi_line_strings | toml::format_flags::allow_unicode_strings);
  return out.str();
}

/// The shortest text that reads back as the same number: 0.05, not 0.050000000000000003.
std::string toml_text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";  // a whole number would be a TOML integer
  return text;
}

/// Parses the text of one value; bare words that are not TOML count as strings.
std::optional<toml::table> parse_value(const std::string& text) {
  try {
    return toml::parse("value = " + text);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

std::string quoted(const std::string& key) { return "option '" + key + "'"; }

/// A TOML number, or what C also calls one (".5", "5.").
std::optional<double> number_in(const std::string& text) {
  if (const auto table = parse_value(text))
    if (const auto number = (*table)["value"].value<double>()) return number;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  return std::nullopt;
}

/// Numbers are shown as they were written, words in quotes.
[[noreturn]] void refuse(const std::string& what, const std::string& text, const std::string& expected) {
  throw UsageError(unexpected_value(what, number_in(text) ? text : "'" + text + "'", expected));
}

double to_number(const std::string& what, const std::string& text, const Range& range) {
  const auto number = number_in(text);
  if (!number || !range.contains(*number)) refuse(what, text, range.text(Range::Of::number));
  return *number;
}

std::optional<std::int64_t> whole_number_in(const std::string& text) {
  if (const auto table = parse_value(text))
    if (const auto whole = (*table)["value"].value_exact<std::int64_t>()) return whole;
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond, a double does not name one whole number
  const auto number = number_in(text);
  if (!number || *number != std::floor(*number) || std::abs(*number) > kExact) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

bool to_bool(const std::string& what, const std::string& text) {
  for (const char* word : {"true", "yes", "on", "1"})
    if (text == word) return true;
  for (const char* word : {"false", "no", "off", "0"})
    if (text == word) return false;
  refuse(what, text, "true or false");
}

std::string unquoted(const std::string& text) {
  if (const auto table = parse_value(text))
    if (const auto word = (*table)["value"].value_exact<std::string>()) return *word;
  return text;
}

void check_elements(const std::string& what, const std::vector<double>& numbers, const Range& range) {
  for (const double number : numbers)
    if (!range.contains(number))
      throw UsageError(what + " holds " + number_text(number) + ", expected " + range.text(Range::Of::list) + ".");
}

/// A TOML array, or a list as on the command line: "1.2,1.3", "1.2:1.9:0.1", "1.2"; one tuple, "(1.2, 1.3)", is a list.
std::vector<double> to_numbers(const std::string& what, const std::string& text, const Range& range) {
  const auto table = parse_value(text);
  const toml::array* array = table ? (*table)["value"].as_array() : nullptr;
  std::vector<double> numbers;
  if (!array) {
    try {
      const std::string words = trimmed(unquoted(text));
      const auto tuples = words.starts_with('(') ? parse_tuples(words) : std::vector<std::vector<double>>();
      numbers = tuples.size() == 1 ? tuples.front() : parse_number_list(words);
    } catch (const UsageError& error) {
      throw UsageError(what + ": " + error.what());
    }
  } else {
    for (const auto& element : *array) {
      const auto number = element.value<double>();
      if (!number) refuse(what, text, range.text(Range::Of::list));
      numbers.push_back(*number);
    }
  }
  check_elements(what, numbers, range);
  return numbers;
}

std::string toml_text(const std::vector<double>& numbers) {
  std::string text = "[";
  for (std::size_t i = 0; i < numbers.size(); ++i) text += (i ? ", " : "") + toml_text(numbers[i]);
  return text + "]";
}

/// "(1.2, 0.5), (1.3, 0.5)", a TOML array of arrays, or a list of numbers, which are rows of one.
std::vector<std::vector<double>> to_rows(const std::string& what, const std::string& text) {
  if (const std::string words = trimmed(unquoted(text)); words.starts_with('(')) return parse_tuples(words);
  std::vector<std::vector<double>> rows;
  const auto table = parse_value(text);
  const toml::array* array = table ? (*table)["value"].as_array() : nullptr;
  if (!array || array->empty() || !array->front().is_array()) {
    for (const double number : to_numbers(what, text, any_number())) rows.push_back({number});
    return rows;
  }
  for (const auto& element : *array) {
    auto& row = rows.emplace_back();
    if (const toml::array* numbers = element.as_array())
      for (const auto& number : *numbers)
        if (const auto value = number.value<double>(); value && std::isfinite(*value)) row.push_back(*value);
    if (row.empty() || row.size() != rows.front().size() || row.size() != element.as_array()->size())
      refuse(what, text, "tuples of equally many numbers, [[1.2, 0.5], [1.3, 0.5]]");
  }
  return rows;
}

constexpr const char* kIntervals = "intervals [[lower, upper], ...], where inf and -inf stand for no limit";

/// Every number of an array of arrays, in order; nothing where something else stands in it.
std::optional<std::vector<double>> flat_numbers(const toml::array& array) {
  std::vector<double> numbers;
  for (const auto& element : array) {
    if (const auto number = element.value<double>()) {
      numbers.push_back(*number);
      continue;
    }
    const toml::array* inner = element.as_array();
    const auto more = inner && inner->size() == 2 ? flat_numbers(*inner) : std::nullopt;
    if (!more) return std::nullopt;
    numbers.insert(numbers.end(), more->begin(), more->end());
  }
  return numbers;
}

std::vector<Interval> to_intervals(const std::string& what, const std::string& text) {
  const auto table = parse_value(trimmed(unquoted(text)));
  const toml::array* array = table ? (*table)["value"].as_array() : nullptr;
  const auto numbers = array ? flat_numbers(*array) : std::nullopt;
  if (!numbers || numbers->size() % 2 != 0) refuse(what, text, kIntervals);
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < numbers->size(); i += 2) {
    if (!((*numbers)[i] < (*numbers)[i + 1]))
      throw UsageError(what + " has the interval [" + toml_text((*numbers)[i]) + ", " + toml_text((*numbers)[i + 1]) +
                       "], expected a lower limit below the upper one.");
    intervals.push_back({(*numbers)[i], (*numbers)[i + 1]});
  }
  return intervals;
}

std::string toml_text(const std::vector<Interval>& intervals) {
  std::string text = "[";
  for (std::size_t i = 0; i < intervals.size(); ++i)
    text += (i ? ", " : "") + toml_text(std::vector<double>{intervals[i].lower, intervals[i].upper});
  return text + "]";
}

/// "cells" means "pic.cells" when only one key ends so; else the nearest spelling.
std::string nearest_key(const std::string& word, const std::vector<std::string>& keys) {
  std::string found;
  for (const auto& key : keys) {
    if (!key.ends_with("." + word)) continue;
    if (!found.empty()) return nearest_name(word, keys);
    found = key;
  }
  return found.empty() ? nearest_name(word, keys) : found;
}

}  // namespace

std::string OptionSet::Description::expected() const {
  if (type == Type::number) return range.text(Range::Of::number);
  if (type == Type::whole_number) return range.text(Range::Of::whole_number);
  if (type == Type::list) return range.text(Range::Of::list);
  if (type == Type::intervals) return kIntervals;
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i)
    text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  return text;
}

void OptionSet::add_entry(Entry entry) {
  entry.default_text = entry.get();
  for (auto& existing : entries_)
    if (existing.key == entry.key) throw Error(quoted(entry.key) + " is declared twice");
  entries_.push_back(std::move(entry));
}

void OptionSet::add(const std::string& key, bool& field, const std::string& help) {
  add_entry({{key, help, Type::boolean, {}, {"true", "false"}},
             [&field] { return std::string(field ? "true" : "false"); },
             [&field, what = quoted(key)](const std::string& text) { field = to_bool(what, text); },
             [] {}});
}

void OptionSet::add(const std::string& key, std::int64_t& field, const Range& range, const std::string& help) {
  add_entry(
      {{key, help, Type::whole_number, range},
       [&field] { return std::to_string(field); },
       [&field, range, what = quoted(key)](const std::string& text) { field = parse_whole_number(what, text, range); },
       [&field, range, what = quoted(key)] { require(what, field, range); }});
}

void OptionSet::add(const std::string& key, double& field, const Range& range, const std::string& help) {
  add_entry({{key, help, Type::number, range},
             [&field] { return toml_text(field); },
             [&field, range, what = quoted(key)](const std::string& text) { field = to_number(what, text, range); },
             [&field, range, what = quoted(key)] { require(what, field, range); }});
}

void OptionSet::add(const std::string& key, std::string& field, const std::string& help) {
  add_entry({{key, help, Type::text},
             [&field] { return toml_text(field); },
             [&field](const std::string& text) { field = unquoted(text); },
             [] {}});
}

void OptionSet::add(const std::string& key, std::string& field, const std::vector<std::string>& choices,
                    const std::string& help) {
  const auto accept = [&field, choices, what = quoted(key)](const std::string& word) {
    if (std::find(choices.begin(), choices.end(), word) == choices.end())
      throw UsageError(what + ": " + unknown_name_message("value", word, choices));
    field = word;
  };
  add_entry({{key, help, Type::text, {}, choices},
             [&field] { return toml_text(field); },
             [accept](const std::string& text) { accept(unquoted(text)); },
             [&field, accept] { accept(std::string(field)); }});
}

void OptionSet::add(const std::string& key, std::vector<double>& field, const Range& range, const std::string& help) {
  add_entry({{key, help, Type::list, range},
             [&field] { return toml_text(field); },
             [&field, range, what = quoted(key)](const std::string& text) { field = to_numbers(what, text, range); },
             [&field, range, what = quoted(key)] { check_elements(what, field, range); }});
}

void OptionSet::add(const std::string& key, std::vector<std::vector<double>>& field, const std::string& help) {
  add_entry({{key, help, Type::list, any_number()},
             [&field] { return scorefield::to_toml(field); },
             [&field, what = quoted(key)](const std::string& text) { field = to_rows(what, text); },
             [&field, what = quoted(key)] {
               for (const auto& row : field) check_elements(what, row, any_number());
             }});
}

void OptionSet::add(const std::string& key, std::vector<Interval>& field, const std::string& help) {
  add_entry({{key, help, Type::intervals},
             [&field] { return toml_text(field); },
             [&field, what = quoted(key)](const std::string& text) { field = to_intervals(what, text); },
             [] {}});
}

void OptionSet::add_words(const std::string& key, std::vector<std::string> words, std::function<std::size_t()> get,
                          std::function<void(std::size_t)> set, const std::string& help) {
  add_entry({{key, help, Type::text, {}, words},
             [words, get] { return toml_text(words[get()]); },
             [words, set, what = quoted(key)](const std::string& text) {
               const std::string word = unquoted(text);
               const auto found = std::find(words.begin(), words.end(), word);
               if (found == words.end()) throw UsageError(what + ": " + unknown_name_message("value", word, words));
               set(static_cast<std::size_t>(found - words.begin()));
             },
             [] {}});
}

void OptionSet::set(const std::string& key, const std::string& value) {
  for (auto& entry : entries_)
    if (entry.key == key) return entry.set(value);
  const std::string near = nearest_key(key, keys());
  throw UsageError("'" + key + "' is not a known option" +
                   (near.empty() ? "; all are listed by --help." : "; did you mean '" + near + "'?"));
}

void OptionSet::set_assignment(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError("--set expects key=value, got '" + assignment + "'.");
  set(trimmed(assignment.substr(0, equals)), trimmed(assignment.substr(equals + 1)));
}

void OptionSet::load_toml(const std::string& text, const std::string& origin,
                          const std::vector<std::string>& ignored_tables) {
  toml::table document;
  try {
    document = toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << error.source().begin;
    throw UsageError(origin + ": not valid TOML: " + std::string(error.description()) + " (" + where.str() + ").");
  }
  const std::function<void(const toml::table&, const std::string&)> visit = [&](const toml::table& table,
                                                                                const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix + std::string(name.str());
      if (prefix.empty() && std::find(ignored_tables.begin(), ignored_tables.end(), key) != ignored_tables.end())
        continue;
      if (const auto* child = node.as_table()) {
        visit(*child, key + ".");
        continue;
      }
      std::ostringstream value;
      node.visit([&](const auto& concrete) { value << concrete; });
      try {
        set(key, value.str());
      } catch (const UsageError& error) {
        throw UsageError(origin + ", line " + std::to_string(node.source().begin.line) + ": " + error.what());
      }
    }
  };
  visit(document, "");
}

void OptionSet::check() const {
  for (const auto& entry : entries_) entry.check();
}

std::string OptionSet::to_toml() const {
  std::map<std::string, std::string> tables;
  for (const auto& entry : entries_) {
    const auto dot = entry.key.rfind('.');
    const std::string table = dot == std::string::npos ? "" : entry.key.substr(0, dot);
    const std::string name = dot == std::string::npos ? entry.key : entry.key.substr(dot + 1);
    tables[table] += name + " = " + entry.get() + "\n";
  }
  std::string text;
  for (const auto& [table, body] : tables) {
    if (!text.empty()) text += "\n";
    if (!table.empty()) text += "[" + table + "]\n";
    text += body;
  }
  return text;
}

std::vector<std::string> OptionSet::keys() const {
  std::vector<std::string> names;
  for (const auto& entry : entries_) names.push_back(entry.key);
  return names;
}

std::string to_toml(const std::vector<std::vector<double>>& rows) {
  std::string text = "[";
  for (std::size_t i = 0; i < rows.size(); ++i)
    text += (i ? ", " : "") + (rows[i].size() == 1 ? toml_text(rows[i].front()) : toml_text(rows[i]));
  return text + "]";
}

std::int64_t parse_whole_number(const std::string& what, const std::string& text, const Range& range) {
  const auto number = whole_number_in(text);
  if (!number || !range.contains(static_cast<double>(*number))) refuse(what, text, range.text(Range::Of::whole_number));
  return *number;
}

}  // namespace scorefield
