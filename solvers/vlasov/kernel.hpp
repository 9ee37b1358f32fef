#pragma once

#include <cstdint>

#include "core/simd/kernel_table.hpp"

// The hot loops. Plain types only, as in solvers/pic/kernel.hpp: compiled once per instruction set.

namespace scorefield::vlasov {

/// Sums over one row of the grid (fixed x, all v).
struct RowSums {
  double f, fv, fvv, ff;
  double negative;  ///< of what is below zero
  double lowest;
};

/// Rows of the grid with weights that differ along them.
struct Mixture {
  const double* const* rows;  ///< [taps]; taps even, 4 .. 10
  const double* weight;       ///< [taps, stride]
  std::int64_t stride;
  int taps;
};

/// All instruction sets give bitwise the same results: no fused multiply-add, sums in a fixed order.
struct Kernels {
  /// row[j] = sum_m weight[m] padded[j + m], j in [0, size); taps even, 4 .. 14
  void (*shift_row)(const double* padded, const double* weight, int taps, double* row, std::int64_t size);
  /// out[j] = sum_m weight[m stride + j] rows[m][j], j in [begin, end)
  void (*mix_rows)(const Mixture& mixture, double* out, std::int64_t begin, std::int64_t end);
  /// size: a multiple of 8
  void (*sum_row)(const double* row, const double* velocity, std::int64_t size, RowSums* sums);
};

SCOREFIELD_KERNEL_TABLE(Kernels, kKernels);

}  // namespace scorefield::vlasov
