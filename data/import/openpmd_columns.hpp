#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/import/openpmd_species.hpp"

namespace scorefield::data::openpmd {

/// One coordinate of the samples, taken from the records of a species.
struct Column {
  enum class Kind {
    record,    ///< a component as it is, in SI units
    momentum,  ///< of one particle, kg m/s
    velocity,  ///< m/s: the record `velocity`, else from momentum and mass (relativistic)
    u          ///< p / (m c)
  };
  Kind kind = Kind::record;
  std::string record, component;
  std::string name, unit;  ///< of the coordinate
};

/// Masses of particles that go by the name of their species ("electrons", speciesType "proton"), kg; empty otherwise.
[[nodiscard]] std::optional<double> known_mass(const std::string& species);

/// The columns that `records` names, comma-separated: RECORD or RECORD/COMPONENT, with `u` and `velocity` for what
/// follows from momentum and mass. Empty: the coordinates that `scorefield export` has marked, else position with u,
/// velocity or momentum, whichever the file allows. `has_mass`: a mass is known even where there is no record of it.
/// @throws FileError naming the records that there are
[[nodiscard]] std::vector<Column> columns_of(const Species& species, const std::string& records, bool has_mass);

/// Values [N] of one column. mass: kg, where the species has no record `mass`; weights: [N] or empty.
[[nodiscard]] std::vector<double> read_column(const Species& species, const Column& column, double mass,
                                              const std::vector<double>& weights);

}  // namespace scorefield::data::openpmd
