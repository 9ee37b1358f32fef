#pragma once

#include <memory>
#include <string>

#include "training/fields/field.hpp"
#include "training/named_list.hpp"

namespace scorefield::training {

/// Every field, in the order in which `auto` asks them.
class FieldList : public NamedList<Field> {
 public:
  FieldList();
  /// The field that reads models of this kind; null: none does.
  [[nodiscard]] const Field* reading(const std::string& kind) const;
};

}  // namespace scorefield::training
