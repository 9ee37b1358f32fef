#pragma once

#include <cstdint>

#include "core/simd/kernel_table.hpp"

namespace scorefield::metrics {

/// Rows of a cost matrix are padded to a multiple of this many columns, with kPaddingCost.
inline constexpr std::int64_t kRowPadding = 16;
inline constexpr float kPaddingCost = 1e30f;

/// result[i] = log2 sum_j 2^(h[j] - k cost[i, j]): the log-domain Sinkhorn update in base 2, stable for any range.
/// Relative error of the sum about 3e-7.
struct SoftminRows {
  const float* cost;          ///< [rows, stride]
  std::int64_t rows, stride;  ///< stride: a multiple of kRowPadding
  const float* h;             ///< [stride]
  float k;
  float* result;  ///< out [rows]
};

struct SoftminKernels {
  void (*rows)(const SoftminRows& task);
};
SCOREFIELD_KERNEL_TABLE(SoftminKernels, kSoftmin);

}  // namespace scorefield::metrics
