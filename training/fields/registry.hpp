#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "training/fields/field.hpp"

namespace scorefield::training {

/// One of every field, each with its own options, in the order in which `auto` asks them: a value, copied with them.
class FieldList {
 public:
  FieldList();
  FieldList(const FieldList& other);
  FieldList& operator=(const FieldList& other);
  FieldList(FieldList&&) noexcept = default;
  FieldList& operator=(FieldList&&) noexcept = default;
  ~FieldList() = default;

  [[nodiscard]] const std::vector<std::unique_ptr<Field>>& all() const { return all_; }
  /// @throws UsageError naming the nearest known name
  [[nodiscard]] const Field& find(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// "name: what it is; ..."
  [[nodiscard]] std::string help() const;
  /// Adds the own keys of all.
  void bind(OptionSet& set);
  /// The field that reads models of this kind; null: none does.
  [[nodiscard]] const Field* reading(const std::string& kind) const;

 private:
  std::vector<std::unique_ptr<Field>> all_;
};

}  // namespace scorefield::training
