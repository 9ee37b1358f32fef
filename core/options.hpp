#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/interval.hpp"
#include "core/range.hpp"

namespace scorefield {

/// The named, documented options of a command: dotted keys bound to fields of plain options structs.
/// Defaults live in the structs' declarations and ranges in the `add` lines, and nowhere else; a set reads and writes
/// the fields in place, so it must not outlive them. Every options struct comes with `void bind(OptionSet&,
/// XOptions&)`.
class OptionSet {
 public:
  enum class Type { boolean, whole_number, number, text, list, intervals };

  /// What a reader needs to know of a key, free of the field that it is bound to.
  struct Description {
    std::string key;
    std::string help;
    Type type = Type::text;
    Range range{};                       ///< of a number, or of a list's numbers
    std::vector<std::string> choices{};  ///< allowed words; empty: any value of the type
    std::string default_text{};          ///< as TOML

    /// "a whole number from 1 on", "cic or tsc"; empty for free text
    [[nodiscard]] std::string expected() const;
  };

  /// One key: how to read and write its field as TOML text.
  struct Entry : Description {
    std::function<std::string()> get;             ///< current value as TOML
    std::function<void(const std::string&)> set;  ///< from TOML or bare text; throws UsageError
    std::function<void()> check;                  ///< the current value against the range; throws UsageError
  };

  void add(const std::string& key, bool& field, const std::string& help);
  void add(const std::string& key, std::int64_t& field, const Range& range, const std::string& help);
  void add(const std::string& key, double& field, const Range& range, const std::string& help);
  void add(const std::string& key, std::string& field, const std::string& help);
  /// A word of a list that is known at run time only, such as the names of a registry.
  void add(const std::string& key, std::string& field, const std::vector<std::string>& choices,
           const std::string& help);
  /// Every number of the list lies in `range`.
  void add(const std::string& key, std::vector<double>& field, const Range& range, const std::string& help);
  /// Values of one or of several physics parameters, [M][p]: a list of numbers, or of tuples of p numbers.
  void add(const std::string& key, std::vector<std::vector<double>>& field, const std::string& help);

  /// Intervals, [[lower, upper], ...] or one [lower, upper]; inf and -inf are limits, too.
  void add(const std::string& key, std::vector<Interval>& field, const std::string& help);

  /// An enumeration by its words; `names` lists every value once.
  template <class Enum>
    requires std::is_enum_v<Enum>
  void add(const std::string& key, Enum& field, std::initializer_list<std::pair<const char*, Enum>> names,
           const std::string& help);

  /// Sets one key from text ("pic.cells", "256"). @throws UsageError naming the nearest known key, or "option
  /// 'pic.cells' is 2, expected a whole number from 4 to 16384."
  void set(const std::string& key, const std::string& value);

  /// Parses "key=value" (blanks around either do not matter) and sets it. @throws UsageError
  void set_assignment(const std::string& assignment);

  /// Sets every key of a TOML document; `origin` (file name, preset) appears in messages, with the line. Keys that
  /// belong to none of this set's entries are errors, except those under a table listed in `ignored_tables`.
  void load_toml(const std::string& text, const std::string& origin,
                 const std::vector<std::string>& ignored_tables = {});

  /// Checks the fields as they are, for values that code has put there. @throws UsageError as set() does
  void check() const;

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
  requires std::is_enum_v<Enum>
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

/// Checks the ranges of an options struct that was filled by code rather than through a set; for validate(). `how`:
/// what its bind takes besides, such as a prefix. @throws UsageError naming the key
template <class Options, class... How>
void check_ranges(const Options& options, const How&... how) {
  OptionSet set;
  bind(set, const_cast<Options&>(options), how...);  // a set that is asked to check writes nothing
  set.check();
}

/// The whole number in `text`, which may be written 1000, 1_000 or 1e3. @throws UsageError "WHAT is TEXT, expected
/// RANGE."
[[nodiscard]] std::int64_t parse_whole_number(const std::string& what, const std::string& text, const Range& range);

/// Parses "1.2,1.3" or "1.2:1.9:0.1" (inclusive ends) into numbers. Throws UsageError.
[[nodiscard]] std::vector<double> parse_number_list(const std::string& text);

/// Rows of p numbers as TOML: [[1.2, 0.5], [1.3, 0.5]], or [1.2, 1.3] where p = 1.
[[nodiscard]] std::string to_toml(const std::vector<std::vector<double>>& rows);

/// Parses "90", "90s", "30m" (or "30min"), "1.5h" into seconds. Throws UsageError.
[[nodiscard]] double parse_duration(const std::string& text);

}  // namespace scorefield
