#include "data/import/openpmd_columns.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scorefield::data::openpmd {
namespace {

constexpr double kLightSpeed = 299792458.0;  // m/s

Column make_column(const Species& species, const std::string& record, const std::string& component) {
  Column column{Column::Kind::record, record, component, "", ""};
  const std::string axis = component.empty() ? "" : "_" + component;
  if (record == "position") {
    column.name = component.empty() ? "position" : component;
    column.unit = "m";
  } else if (record == "u") {
    column = {Column::Kind::u, "momentum", component, "u" + component, "1"};
  } else if (record == "velocity") {
    column = {Column::Kind::velocity, "velocity", component, "v" + component, "m/s"};
  } else if (record == "momentum") {
    column = {Column::Kind::momentum, "momentum", component, "p" + component, "kg m/s"};
  } else {
    column.name = record + axis;
    column.unit = "SI";
  }
  if (const auto name = species.word(column.record, component, "coordinate")) column.name = *name;
  if (const auto unit = species.word(column.record, component, "coordinateUnit")) column.unit = *unit;
  return column;
}

/// The record whose components say along which axes a word has values.
std::string axes_record(const Species& species, const std::string& word) {
  if (word == "u") return "momentum";
  return word == "velocity" && !species.has("velocity") ? "momentum" : word;
}

[[noreturn]] void unknown_record(const Species& species, const std::string& word) {
  throw FileError(species.path(), "species '" + species.group() + "' has no record '" + word +
                                      "'. Choose others with --set import.records=\"position, u\".");
}

void append(const Species& species, const std::string& word, std::vector<Column>& columns) {
  const auto slash = word.find('/');
  const std::string record = word.substr(0, slash);
  const std::string source = axes_record(species, record);
  if (slash != std::string::npos) {
    if (!species.has(source, word.substr(slash + 1))) unknown_record(species, word);
    columns.push_back(make_column(species, record, word.substr(slash + 1)));
    return;
  }
  const auto components = species.components(source);
  if (components.empty()) unknown_record(species, word);
  for (const auto& component : components) columns.push_back(make_column(species, record, component));
}

int index_of(const Species& species, const std::string& component, const std::string& text) {
  int index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size())
    throw FileError(species.path(), "'" + species.group() + "/" + component + "' has coordinateIndex '" + text +
                                        "', expected a whole number.");
  return index;
}

/// Components that `scorefield export` has marked with the index of their coordinate.
std::vector<Column> marked_columns(const Species& species) {
  std::vector<std::pair<int, Column>> marked;
  for (const auto& record : species.records())
    for (const auto& component : species.components(record))
      if (const auto index = species.word(record, component, "coordinateIndex")) {
        Column column = make_column(species, record, component);
        column.kind = Column::Kind::record;  // as it was written, whatever the record is called
        marked.emplace_back(index_of(species, record + "/" + component, *index), column);
      }
  std::stable_sort(marked.begin(), marked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Column> columns;
  for (auto& [index, column] : marked) columns.push_back(std::move(column));
  return columns;
}

std::vector<double> lorentz_factors(const Species& species, const std::vector<double>& mass,
                                    const std::vector<double>& weights) {
  std::vector<double> squares(mass.size(), 1);
  for (const auto& component : species.components("momentum")) {
    const auto p = species.read_per_particle("momentum", component, weights);
    for (std::size_t n = 0; n < p.size(); ++n) squares[n] += std::pow(p[n] / (mass[n] * kLightSpeed), 2);
  }
  for (double& square : squares) square = std::sqrt(square);
  return squares;
}

std::vector<double> masses(const Species& species, double mass, const std::vector<double>& weights) {
  if (species.has("mass")) return species.read_per_particle("mass", "", weights);
  return std::vector<double>(static_cast<std::size_t>(species.size()), mass);
}

}  // namespace

std::optional<double> known_mass(const std::string& species) {
  constexpr std::array<std::pair<const char*, double>, 4> kMasses{{{"electron", 9.1093837015e-31},
                                                                   {"positron", 9.1093837015e-31},
                                                                   {"proton", 1.67262192369e-27},
                                                                   {"muon", 1.883531627e-28}}};
  for (const auto& [name, mass] : kMasses)
    if (species.starts_with(name)) return mass;
  return std::nullopt;
}

std::vector<Column> columns_of(const Species& species, const std::string& records, bool has_mass) {
  std::vector<Column> columns;
  for (const auto& word : comma_separated(records)) append(species, word, columns);
  if (!columns.empty()) return columns;
  columns = marked_columns(species);
  if (!columns.empty()) return columns;
  append(species, "position", columns);
  if (species.has("momentum") && has_mass) append(species, "u", columns);
  else if (species.has("velocity")) append(species, "velocity", columns);
  else if (species.has("momentum")) append(species, "momentum", columns);
  return columns;
}

std::vector<double> read_column(const Species& species, const Column& column, double mass,
                                const std::vector<double>& weights) {
  if (column.kind == Column::Kind::record) return species.read(column.record, column.component);
  if (column.kind == Column::Kind::velocity && species.has("velocity"))
    return species.read("velocity", column.component);
  auto values = species.read_per_particle("momentum", column.component, weights);
  if (column.kind == Column::Kind::momentum) return values;
  const auto m = masses(species, mass, weights);
  std::vector<double> gamma;
  if (column.kind == Column::Kind::velocity) gamma = lorentz_factors(species, m, weights);
  for (std::size_t n = 0; n < values.size(); ++n)
    values[n] /= column.kind == Column::Kind::u ? m[n] * kLightSpeed : m[n] * gamma[n];
  return values;
}

}  // namespace scorefield::data::openpmd
