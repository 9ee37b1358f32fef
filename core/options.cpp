#include "core/options.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "core/error.hpp"

namespace scorefield {
namespace {

std::string toml_text(const std::string& value) {
  std::ostringstream out;
  out << toml::value<std::string>(value);
  return out.str();
}

std::string toml_text(double value) {
  std::ostringstream out;
  out << toml::value<double>(value);
  return out.str();
}

/// Parses the text of one value; bare words that are not TOML count as strings.
std::optional<toml::table> parse_value(const std::string& text) {
  try {
    return toml::parse("value = " + text);
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
}

[[noreturn]] void wrong_type(const std::string& key, const std::string& expected, const std::string& text) {
  throw UsageError("option '" + key + "' expects " + expected + ", got '" + text + "'.");
}

double to_number(const std::string& key, const std::string& text) {
  if (const auto table = parse_value(text))
    if (const auto number = (*table)["value"].value<double>()) return *number;
  wrong_type(key, "a number", text);
}

std::string unquoted(const std::string& text) {
  if (const auto table = parse_value(text))
    if (const auto word = (*table)["value"].value_exact<std::string>()) return *word;
  return text;
}

}  // namespace

void OptionSet::add_entry(Entry entry) {
  entry.default_text = entry.get();
  for (auto& existing : entries_)
    if (existing.key == entry.key) throw Error("option '" + entry.key + "' is declared twice");
  entries_.push_back(std::move(entry));
}

void OptionSet::add(const std::string& key, bool& field, const std::string& help) {
  add_entry({key, help, "", {"true", "false"}, [&field] { return std::string(field ? "true" : "false"); },
             [&field, key](const std::string& text) {
               if (text == "true" || text == "1" || text == "yes") field = true;
               else if (text == "false" || text == "0" || text == "no") field = false;
               else wrong_type(key, "true or false", text);
             }});
}

void OptionSet::add(const std::string& key, std::int64_t& field, const std::string& help) {
  add_entry({key, help, "", {}, [&field] { return std::to_string(field); },
             [&field, key](const std::string& text) {
               const double number = to_number(key, text);
               if (number != std::floor(number) || std::abs(number) > 9e15) wrong_type(key, "a whole number", text);
               field = static_cast<std::int64_t>(number);
             }});
}

void OptionSet::add(const std::string& key, double& field, const std::string& help) {
  add_entry({key, help, "", {}, [&field] { return toml_text(field); },
             [&field, key](const std::string& text) { field = to_number(key, text); }});
}

void OptionSet::add(const std::string& key, std::string& field, const std::string& help) {
  add_entry({key, help, "", {}, [&field] { return toml_text(field); },
             [&field](const std::string& text) { field = unquoted(text); }});
}

void OptionSet::add(const std::string& key, std::vector<double>& field, const std::string& help) {
  add_entry({key, help, "", {},
             [&field] {
               std::string text = "[";
               for (std::size_t i = 0; i < field.size(); ++i) text += (i ? ", " : "") + toml_text(field[i]);
               return text + "]";
             },
             [&field, key](const std::string& text) {
               const auto table = parse_value(text);
               const toml::array* array = table ? (*table)["value"].as_array() : nullptr;
               if (!array) {
                 field = parse_number_list(text);
                 return;
               }
               std::vector<double> numbers;
               for (const auto& element : *array) {
                 const auto number = element.value<double>();
                 if (!number) wrong_type(key, "a list of numbers", text);
                 numbers.push_back(*number);
               }
               field = std::move(numbers);
             }});
}

void OptionSet::add_words(const std::string& key, std::vector<std::string> words, std::function<std::size_t()> get,
                          std::function<void(std::size_t)> set, const std::string& help) {
  add_entry({key, help, "", words, [words, get] { return toml_text(words[get()]); },
             [key, words, set](const std::string& text) {
               const std::string word = unquoted(text);
               const auto found = std::find(words.begin(), words.end(), word);
               if (found == words.end())
                 throw UsageError("option '" + key + "': " + unknown_name_message("value", word, words));
               set(static_cast<std::size_t>(found - words.begin()));
             }});
}

void OptionSet::set(const std::string& key, const std::string& value) {
  for (auto& entry : entries_)
    if (entry.key == key) return entry.set(value);
  throw UsageError(unknown_name_message("option", key, keys()));
}

void OptionSet::set_assignment(const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UsageError("--set expects key=value, got '" + assignment + "'.");
  set(assignment.substr(0, equals), assignment.substr(equals + 1));
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
        throw UsageError(origin + ": " + error.what());
      }
    }
  };
  visit(document, "");
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

namespace {

double parse_double(const std::string& text, const std::string& whole) {
  try {
    std::size_t used = 0;
    const double number = std::stod(text, &used);
    if (used == text.size() && std::isfinite(number)) return number;
  } catch (const std::exception&) {
  }
  throw UsageError("expected numbers like 1.2,1.3 or 1.2:1.9:0.1, got '" + whole + "'.");
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

}  // namespace

std::vector<double> parse_number_list(const std::string& text) {
  std::vector<double> numbers;
  for (const auto& part : split(text, ',')) {
    const auto range = split(part, ':');
    if (range.size() == 1) {
      numbers.push_back(parse_double(part, text));
    } else if (range.size() == 3) {
      const double first = parse_double(range[0], text), last = parse_double(range[1], text);
      const double step = parse_double(range[2], text);
      if (step <= 0 || last < first)
        throw UsageError("range '" + part + "' needs FIRST:LAST:STEP with STEP > 0 and LAST >= FIRST.");
      const auto count = static_cast<std::int64_t>(std::floor((last - first) / step + 1e-6)) + 1;
      if (count > 100000) throw UsageError("range '" + part + "' holds more than 100000 values.");
      // Decimal rounding: 1.2:1.9:0.1 means 1.3, not 1.3000000000000003.
      for (std::int64_t i = 0; i < count; ++i)
        numbers.push_back(std::round((first + static_cast<double>(i) * step) * 1e12) / 1e12);
    } else {
      throw UsageError("expected numbers like 1.2,1.3 or 1.2:1.9:0.1, got '" + text + "'.");
    }
  }
  if (numbers.empty()) throw UsageError("expected at least one number, got '" + text + "'.");
  return numbers;
}

double parse_duration(const std::string& text) {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const std::string unit = text.substr(used);
  const double scale = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (used == 0 || scale == 0 || !(value > 0))
    throw UsageError("expected a duration like 90s, 30m or 2h, got '" + text + "'.");
  return value * scale;
}

}  // namespace scorefield
