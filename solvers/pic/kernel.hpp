#pragma once

#include <cstdint>

#include "core/simd/kernel_table.hpp"

// The hot loop. Plain types only: included by kernel_isa.cpp, which is compiled once per instruction set.

namespace scorefield::pic {

/// Positions are unsigned 32-bit fractions of the box: uniform resolution L / 2^32, and wrapping is free. The upper 16
/// bits of a site are the particle's cell, the lower 16 its fraction w of the cell.
using Position = std::uint32_t;
inline constexpr int kFractionBits = 16;
inline constexpr double kFractions = 65536;

/// CIC: cell j spans [x_j, x_{j+1}); the particle at fraction w in [0, 65536) weighs 1 - w' on node j, w' on j + 1.
/// The velocity gained in one step there is base + w slope.
template <class Real>
struct LinearKick {
  Real base, slope;
};

/// TSC: cell j spans [x_j - h/2, x_j + h/2), d = (w - 32768) / 65536 is the offset from node j.
/// The velocity gained is base + D (slope + D curvature), D = w - 32768.
template <class Real>
struct QuadraticKick {
  Real base, slope, curvature, padding;
};

/// One block of particles and what a step does to it. `kicks`: cells + 1 entries of the shape's kick, the last one
/// equal to the first. `counts`: per cell (cells + 1) the number of particles in the upper and the sum of w in the
/// lower 32 bits; `squares` (TSC only): the sum of w^2. Both are added to; integers, so in whatever order the sum is
/// exact. A block holds at most 65535 particles, else the lower half would overflow.
template <class Real>
struct Block {
  Position* position;
  Real* velocity;  ///< at half steps
  std::int64_t size;
  std::uint32_t cells;
  const void* kicks;
  Real displacement;  ///< position units travelled in one step at unit velocity
  std::uint64_t* counts;
  std::uint64_t* squares;
  double velocity_sum;  ///< out: sum of the velocities at the whole step
  double square_sum;    ///< out: sum of their squares
};

inline constexpr std::int64_t kMaxBlock = 65535;

/// Gather, push, deposit of one block: v += kick(x), x += v dt, counts += shape(x).
template <class Real>
using AdvanceBlock = void (*)(Block<Real>&);

/// All instruction sets give bitwise the same results: no fused multiply-add.
struct Kernels {
  AdvanceBlock<float> cic_float, tsc_float;
  AdvanceBlock<double> cic_double, tsc_double;
};

SCOREFIELD_KERNEL_TABLE(Kernels, kKernels);

}  // namespace scorefield::pic
