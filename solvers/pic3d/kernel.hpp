#pragma once

#include <cstdint>

#include "core/simd/kernel_table.hpp"
#include "solvers/pic/kernel.hpp"

// The hot loop. Plain types only, as in solvers/pic/kernel.hpp: compiled once per instruction set.

namespace scorefield::pic3d {

using pic::Position;

inline constexpr int kMaxCells = 128;  ///< along each axis

/// One block of particles and what a step does to it. The grid has n = 2^log_cells cells along each axis; the table of
/// kicks has n + 1 nodes along each, the last plane being the first one a box later. Positions are 32-bit fractions of
/// the box: the upper log_cells bits are the cell, the next 24 the fraction of it.
struct Block {
  Position* position[3];
  float* velocity[3];  ///< at half steps
  std::int64_t size;
  int log_cells;
  const float* kicks;      ///< [n + 1, n + 1, n + 1, 4]: -E dt and a zero
  float displacement;      ///< position units travelled in one step at unit velocity
  float* corners;          ///< [n, n, n, 8]: work space, the charge at the corners of every cell
  float* charge;           ///< [n, n, n], out: periodic, summed in the order of the particles
  double velocity_sum[3];  ///< out: sums of the velocities at the whole step
  double square_sum;       ///< out: sum of their squares
};

/// All sets give bitwise the same results: no fused multiply-add, sums in a fixed order.
struct Kernels {
  /// Gather, push, deposit: v += kick(x), x += v dt, charge = shape(x), with the same trilinear weights.
  void (*advance)(Block& block);
  /// Deposit alone, for a start.
  void (*deposit)(Block& block);
};

SCOREFIELD_KERNEL_TABLE(Kernels, kKernels);

}  // namespace scorefield::pic3d
