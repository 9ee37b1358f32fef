#include "training/fields/registry.hpp"

#include "core/error.hpp"

namespace scorefield::training {

/// One line a field, in the order in which `auto` asks them; the last one fits all data.
constexpr std::unique_ptr<Field> (*kFields[])() = {
    make_field<class ForceField>,
    make_field<class SdeField>,
    make_field<class PotentialField>,
};

FieldList::FieldList() {
  for (const auto make : kFields) all_.push_back(make());
}

FieldList::FieldList(const FieldList& other) {
  for (const auto& field : other.all_) all_.push_back(field->clone());
}

FieldList& FieldList::operator=(const FieldList& other) { return *this = FieldList(other); }

const Field& FieldList::find(const std::string& name) const {
  for (const auto& field : all_)
    if (field->name() == name) return *field;
  throw UsageError("option 'model.field': " + unknown_name_message("value", name, names()));
}

std::vector<std::string> FieldList::names() const {
  std::vector<std::string> found;
  for (const auto& field : all_) found.push_back(field->name());
  return found;
}

std::string FieldList::help() const {
  std::string text;
  for (const auto& field : all_) text += (text.empty() ? "" : "; ") + field->name() + ": " + field->summary();
  return text;
}

void FieldList::bind(OptionSet& set) {
  for (const auto& field : all_) field->bind(set);
}

const Field* FieldList::reading(const std::string& kind) const {
  for (const auto& field : all_)
    if (field->reads(kind)) return field.get();
  return nullptr;
}

}  // namespace scorefield::training
