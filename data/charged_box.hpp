#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/h5.hpp"

namespace scorefield::data {

/// What the electric field of imported particles follows from: one kind of charge on a uniform background that
/// neutralises it, in a box that is periodic in some coordinates (the density is averaged over the others).
///   div E = rho_0/eps_0 (n/mean(n) - 1),  electric energy = eps_0/2 int E^2
struct ChargedBox {
  std::vector<std::string> coordinates;      ///< [s] the periodic positions, s = 1, 2 or 3
  std::vector<std::vector<double>> lengths;  ///< [M][s] of the box
  std::vector<double> charge_density;        ///< [M] rho_0, mean charge per length^s
  double permittivity = 1;                   ///< eps_0
};

/// Group /field: attributes `coordinates`, `permittivity`; arrays length [M, s], charge_density [M].
void write_charged_box(h5::File& file, const ChargedBox& box);
/// Absent where there is no such group. @throws FileError where it does not fit `mu_count` or the coordinates
[[nodiscard]] std::optional<ChargedBox> read_charged_box(const h5::File& file, std::size_t mu_count,
                                                         const std::vector<std::string>& coordinates);

}  // namespace scorefield::data
