#pragma once

#include <cstdint>

#include "core/simd/kernel_table.hpp"

namespace scorefield::ift {

/// Squares of the distances from rows of[0..count) of x [n, d] to their nearest other rows; infinite where there is
/// none. Single precision: they set the scale of a random displacement.
struct NearestTask {
  const float* x;  ///< [n, d]
  std::int64_t n, d;
  const std::int64_t* of;  ///< [count]
  std::int64_t count;
  float* squares;  ///< out [count]
  float* memory;   ///< [d, 16], for sixteen rows of x side by side
};

struct NearestKernels {
  void (*squares)(const NearestTask& task);
};
SCOREFIELD_KERNEL_TABLE(NearestKernels, kNearest);

}  // namespace scorefield::ift
