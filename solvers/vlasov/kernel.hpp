#pragma once

#include <cstdint>

// The hot loops. Plain types only, as in solvers/pic/kernel.hpp: compiled once per instruction set.

namespace scorefield::vlasov {

/// Sums over one row of the grid (fixed x, all v).
struct RowSums {
  double f, fv, fvv, ff;
  double negative;  ///< of what is below zero
  double lowest;
};

struct KernelSet {
  const char* name;
  /// row[j] = sum_m weight[m] padded[j + m], j in [0, size); taps even, 4 .. 14
  void (*shift_row)(const double* padded, const double* weight, int taps, double* row, std::int64_t size);
  /// out[j] = sum_m weight[m stride + j] rows[m][j], j in [begin, end)
  void (*mix_rows)(const double* const* rows, const double* weight, std::int64_t stride, int taps, double* out,
                   std::int64_t begin, std::int64_t end);
  /// size: a multiple of 8
  void (*sum_row)(const double* row, const double* velocity, std::int64_t size, RowSums* sums);
};

[[nodiscard]] const KernelSet& best_kernels();
[[nodiscard]] int kernel_set_count();
[[nodiscard]] const KernelSet& kernel_set(int index);

}  // namespace scorefield::vlasov
