#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/parameter_list.hpp"
#include "training/compare/experiment.hpp"

namespace scorefield::compare {

/// One table of an experiment's file with checked reading. @throws UsageError naming the place
class Section {
 public:
  Section(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  /// No other keys than these are there.
  void allow(const std::vector<std::string>& keys) const;
  /// Adds the sub-table `key`, if there is one, to `layers`.
  void add_layer(const std::string& key, Layers& layers) const;

  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise) const;
  [[nodiscard]] std::vector<double> numbers(const std::string& key, const std::vector<double>& otherwise) const;
  [[nodiscard]] std::int64_t whole(const std::string& key, std::int64_t otherwise) const;
  /// Seconds; "none" is 0.
  [[nodiscard]] double duration(const std::string& key, double otherwise) const;
  /// Values of the physics parameters as the flag --mu has them: a list, a text of it, tuples, or a table of lists by
  /// name (their product). None where the key is missing.
  [[nodiscard]] ParameterList parameters(const std::string& key) const;

  /// The tables of an array of tables, in the order of the file.
  [[nodiscard]] std::vector<Section> sections(const std::string& key) const;
  [[nodiscard]] const toml::table* table(const std::string& key) const;
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  [[noreturn]] void wrong(const std::string& key, const std::string& expected) const;
  const toml::table& table_;
  std::string where_;
};

}  // namespace scorefield::compare
