#include "training/compare/section.hpp"

#include <algorithm>
#include <sstream>

#include "core/error.hpp"
#include "core/options.hpp"
#include "core/text.hpp"

namespace scorefield::compare {
namespace {

/// A document of its own, also when the table is written in one line inside another.
std::string text_of(toml::table table) {
  table.is_inline(false);
  std::ostringstream text;
  text << toml::toml_formatter(table, toml::format_flags::allow_multi_line_strings);
  return text.str();
}

/// [1.2, 1.3] as the command line has it: "1.2,1.3"; texts as they are; empty for anything else.
std::string list_text(const toml::node& node) {
  if (const auto word = node.value_exact<std::string>()) return *word;
  if (const auto number = node.value<double>()) return number_text(*number);
  std::vector<std::string> numbers;
  if (const auto* array = node.as_array())
    for (const auto& element : *array) {
      const auto number = element.value<double>();
      if (!number) return "";
      numbers.push_back(number_text(*number));
    }
  return comma_joined(numbers);
}

/// NAME=LIST for every leaf of a table; names of nested tables are dotted.
void add_named_lists(const toml::table& table, const std::string& prefix, std::vector<std::string>& texts) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const auto* nested = node.as_table()) add_named_lists(*nested, name + ".", texts);
    else texts.push_back(name + "=" + list_text(node));
  }
}

/// (1.2, 0.5), (1.3, 0.5) of an array of arrays.
std::string tuples_text(const toml::array& array) {
  std::string text;
  for (const auto& element : array) text += (text.empty() ? "(" : ", (") + list_text(element) + ")";
  return text;
}

}  // namespace

void Section::allow(const std::vector<std::string>& keys) const {
  for (const auto& [key, node] : table_)
    if (std::find(keys.begin(), keys.end(), key.str()) == keys.end())
      throw UsageError(where_ + ": " + unknown_name_message("key", std::string(key.str()), keys));
}

void Section::add_layer(const std::string& key, Layers& layers) const {
  const auto* node = table_.get(key);
  if (!node) return;
  if (!node->is_table()) wrong(key, "a table of option keys");
  layers.push_back({text_of(*node->as_table()), where_ + ", [" + key + "]"});
}

std::string Section::text(const std::string& key, const std::string& otherwise) const {
  const auto* node = table_.get(key);
  if (!node) return otherwise;
  const auto value = node->value_exact<std::string>();
  if (!value) wrong(key, "a text");
  return *value;
}

std::vector<double> Section::numbers(const std::string& key, const std::vector<double>& otherwise) const {
  const auto* node = table_.get(key);
  if (!node) return otherwise;
  std::vector<double> values;
  if (const auto word = node->value_exact<std::string>()) return parse_number_list(*word);
  if (!node->is_array()) wrong(key, "a list of numbers");
  for (const auto& element : *node->as_array()) {
    const auto value = element.value<double>();
    if (!value) wrong(key, "a list of numbers");
    values.push_back(*value);
  }
  return values;
}

ParameterList Section::parameters(const std::string& key) const {
  const auto* node = table_.get(key);
  if (!node) return {};
  std::vector<std::string> texts;
  if (const auto* table = node->as_table()) {
    add_named_lists(*table, "", texts);
    // A table of TOML has no order: mu comes first, as in files.
    std::stable_partition(texts.begin(), texts.end(), [](const std::string& text) { return text.starts_with("mu="); });
  } else if (const auto* array = node->as_array(); array && !array->empty() && array->front().is_array()) {
    texts.push_back(tuples_text(*array));
  } else {
    texts.push_back(list_text(*node));
  }
  try {
    return parse_parameters(texts);
  } catch (const UsageError& error) {
    wrong(key, std::string("a list of numbers, of tuples, or a table of lists by name (") + error.what() + ")");
  }
}

std::int64_t Section::whole(const std::string& key, std::int64_t otherwise) const {
  const auto* node = table_.get(key);
  if (!node) return otherwise;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < 0) wrong(key, "a whole number from 0 on");
  return *value;
}

double Section::duration(const std::string& key, double otherwise) const {
  const auto limit = text(key, "");
  return limit.empty() ? otherwise : limit == "none" ? 0 : parse_duration(limit);
}

std::vector<Section> Section::sections(const std::string& key) const {
  std::vector<Section> result;
  const auto* node = table_.get(key);
  if (!node) return result;
  if (!node->is_array_of_tables()) wrong(key, "tables [[" + key + "]]");
  for (const auto& element : *node->as_array())
    result.emplace_back(*element.as_table(), where_ + ", [[" + key + "]] " + std::to_string(result.size() + 1));
  return result;
}

const toml::table* Section::table(const std::string& key) const {
  const auto* node = table_.get(key);
  if (node && !node->is_table()) wrong(key, "a table");
  return node ? node->as_table() : nullptr;
}

void Section::wrong(const std::string& key, const std::string& expected) const {
  throw UsageError(where_ + ": '" + key + "' must be " + expected + ".");
}

}  // namespace scorefield::compare
