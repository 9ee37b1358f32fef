#pragma once

#include <array>
#include <cstdint>

#include "core/simd/kernel_table.hpp"
#include "solvers/sde/system.hpp"

namespace scorefield::sde {

/// Independent sequences of numbers for one particle.
enum class Draw : std::uint32_t { increment = 0, integral = 1, initial = 2 };

inline constexpr int kRows = 4;

/// Four rows of independent standard normals for kLanes neighbouring particles, out: [kRows, kLanes]. Column n is a
/// pure function of (key, draw, index, first + n): the four words w of Philox (core/random.hpp) with stream = index and
/// index = draw * 2^32 + first + n give two pairs by Box and Muller's map,
///   r = sqrt(-2 ln u),  u = (w + 1/2) / 2^32,   and an angle of 32 bits, so |z| < 6.77.
using FillNormals = void (*)(std::uint64_t key, Draw draw, std::uint64_t index, std::uint32_t first, double* out);

/// All instruction sets give the same bits.
struct NormalKernels {
  FillNormals fill;
};
SCOREFIELD_KERNEL_TABLE(NormalKernels, kNormals);

/// One column by the plain formulas of <cmath>, to which the vectorised fills are held (to 1e-11).
[[nodiscard]] std::array<double, kRows> reference_normals(std::uint64_t key, Draw draw, std::uint64_t index,
                                                          std::uint32_t particle);

}  // namespace scorefield::sde
