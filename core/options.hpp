#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace scorefield {

/// The named, documented options of a command: dotted keys bound to fields of plain options structs.
/// Defaults live in the structs' declarations and nowhere else; a set reads and writes the fields in place, so it
/// must not outlive them. Every options struct comes with `void bind(OptionSet&, XOptions&)`.
class OptionSet {
 public:
  /// One key: how to read and write its field as TOML text.
  struct Entry {
    std::string key;
    std::string help;
    std::string default_text;
    std::vector<std::string> choices;             ///< allowed words; empty: any value of the type
    std::function<std::string()> get;             ///< current value as TOML
    std::function<void(const std::string&)> set;  ///< from TOML or bare text; throws UsageError
  };

  void add(const std::string& key, bool& field, const std::string& help);
  void add(const std::string& key, std::int64_t& field, const std::string& help);
  void add(const std::string& key, double& field, const std::string& help);
  void add(const std::string& key, std::string& field, const std::string& help);
  void add(const std::string& key, std::vector<double>& field, const std::string& help);

  /// An enumeration by its words; `names` lists every value once.
  template <class Enum>
  void add(const std::string& key, Enum& field, std::initializer_list<std::pair<const char*, Enum>> names,
           const std::string& help);

  /// Sets one key from text ("pic.cells", "256"). Throws UsageError naming the nearest known key, or the
  /// expected type or words.
  void set(const std::string& key, const std::string& value);

  /// Parses "key=value" (blanks around either do not matter) and sets it. @throws UsageError
  void set_assignment(const std::string& assignment);

  /// Sets every key of a TOML document; `origin` (file name, preset) appears in messages, with the line. Keys that
  /// belong to none of this set's entries are errors, except those under a table listed in `ignored_tables`.
  void load_toml(const std::string& text, const std::string& origin,
                 const std::vector<std::string>& ignored_tables = {});

  /// The complete resolved configuration as a TOML document with tables.
  [[nodiscard]] std::string to_toml() const;

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::vector<std::string> keys() const;

 private:
  void add_entry(Entry entry);
  void add_words(const std::string& key, std::vector<std::string> words, std::function<std::size_t()> get,
                 std::function<void(std::size_t)> set, const std::string& help);

  std::vector<Entry> entries_;
};

template <class Enum>
void OptionSet::add(const std::string& key, Enum& field, std::initializer_list<std::pair<const char*, Enum>> names,
                    const std::string& help) {
  std::vector<std::string> words;
  std::vector<Enum> values;
  for (const auto& [word, value] : names) {
    words.emplace_back(word);
    values.push_back(value);
  }
  add_words(
      key, std::move(words),
      [&field, values] {
        std::size_t i = 0;
        while (i + 1 < values.size() && values[i] != field) ++i;
        return i;
      },
      [&field, values](std::size_t i) { field = values[i]; }, help);
}

/// Parses "1.2,1.3" or "1.2:1.9:0.1" (inclusive ends) into numbers. Throws UsageError.
[[nodiscard]] std::vector<double> parse_number_list(const std::string& text);

/// Parses "90", "90s", "30m" (or "30min"), "1.5h" into seconds. Throws UsageError.
[[nodiscard]] double parse_duration(const std::string& text);

}  // namespace scorefield
