// Which arrays of a foreign file are what.

#include <algorithm>
#include <array>
#include <map>

#include "core/text.hpp"
#include "data/import/array_source.hpp"

namespace scorefield::data {
namespace {

/// Names that codes give to coordinates, in the order in which they become the samples'.
constexpr std::array kCoordinates{"x", "y", "z", "v", "vx", "vy", "vz", "u", "ux", "uy", "uz", "p", "px", "py", "pz"};

const std::map<std::string, std::vector<std::string>>& other_names() {
  static const std::map<std::string, std::vector<std::string>> names{
      {"time", {"t", "times"}}, {"weights", {"weight", "w", "weighting"}}, {"id", {"ids"}}};
  return names;
}

bool is_side_field(const std::string& field) {
  const std::string name = field.substr(field.rfind('/') + 1);
  for (const auto& [kind, others] : other_names())
    if (name == kind || std::find(others.begin(), others.end(), name) != others.end()) return true;
  return false;
}

}  // namespace

std::string known_name(const ArrayFile& file, const std::string& name) {
  if (file.has(name)) return name;
  const auto others = other_names().find(name);
  if (others == other_names().end()) return "";
  for (const auto& other : others->second)
    if (file.has(other)) return other;
  return "";
}

std::vector<std::string> sample_names(const ArrayFile& file, const std::string& names) {
  auto given = comma_separated(names);
  if (given.size() != 1) return given;
  if (file.has(given.front())) {
    std::vector<std::string> fields;
    for (const auto& field : file.fields(given.front()))
      if (!is_side_field(field)) fields.push_back(field);
    return fields.empty() ? given : fields;
  }
  if (names != ArrayNames{}.samples) return given;
  std::vector<std::string> found;
  h5::Dims dims;
  for (const char* name : kCoordinates) {
    if (!file.has(name)) continue;
    const auto array = file.array(name);
    if (array->dims().empty() || (!found.empty() && array->dims() != dims)) continue;
    dims = array->dims();
    found.emplace_back(name);
  }
  // One array of more axes may be anything: then the user has to say that it is the samples.
  return found.empty() || (found.size() == 1 && dims.size() > 2) ? given : found;
}

}  // namespace scorefield::data
