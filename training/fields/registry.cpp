#include "training/fields/registry.hpp"

namespace scorefield::training {

/// One line a field, in the order in which `auto` asks them; the last one fits all data.
constexpr std::unique_ptr<Field> (*kFields[])() = {
    make_field<class ForceField>,  make_field<class SdeField>,       make_field<class VectorField>,
    make_field<class GrowthField>, make_field<class PotentialField>,
};

FieldList::FieldList() : NamedList("model.field", kFields) {}

const Field* FieldList::reading(const std::string& kind) const {
  for (const auto& field : all())
    if (field->reads(kind)) return field.get();
  return nullptr;
}

}  // namespace scorefield::training
