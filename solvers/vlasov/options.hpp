#pragma once

#include <cstdint>

#include "core/options.hpp"

namespace scorefield::vlasov {

/// A 1D1V Vlasov-Poisson run on a grid; units as in solvers/pic/README.md.
struct VlasovOptions {
  std::int64_t cells = 256;           ///< along x, a power of two
  std::int64_t velocity_cells = 512;  ///< over [-v_max, v_max), a multiple of 8
  double v_max = 12;                  ///< where f must have died out, also of what the field accelerates
  double dt = 0.05;                   ///< largest time step; shortened so that frames fall on steps
  double duration = 40;
  std::int64_t degree = 7;  ///< of the interpolating polynomial: 3, 5, 7 or 9
};

inline constexpr std::int64_t kMaxGridCells = 1 << 28;

/// Keys vlasov.cells, .velocity_cells, .v_max, .dt, .duration, .degree.
void bind(OptionSet& set, VlasovOptions& options);

/// @param diffusion eta; limits dt by the width of a velocity cell
/// @throws UsageError naming the key
void validate(const VlasovOptions& options, double box_length, double mu, double diffusion);

}  // namespace scorefield::vlasov
