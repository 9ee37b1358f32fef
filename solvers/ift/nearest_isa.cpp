// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "solvers/ift/nearest.hpp"

#include "core/simd/vector.hpp"

namespace scorefield::ift::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;
using i64 = std::int64_t;
using Sixteen = UnalignedLanes<float, 16>;

/// `rows` rows against the sixteen in `others` [d, 16], which are rows first to first + 15 of x.
template <int rows>
SCOREFIELD_INLINE void compare(const float* x, i64 d, const i64* of, const float* others, i64 first, float* squares) {
  Sixteen sum[rows] = {};
  const float* own[rows];
  for (int r = 0; r < rows; ++r) own[r] = x + of[r] * d;
  for (i64 c = 0; c < d; ++c) {
    const Sixteen there = *reinterpret_cast<const Sixteen*>(others + 16 * c);
    for (int r = 0; r < rows; ++r) {
      const Sixteen apart = own[r][c] - there;
      sum[r] += apart * apart;
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int k = 0; k < 16; ++k)
      if (first + k != of[r] && sum[r][k] < squares[r]) squares[r] = sum[r][k];
}

void nearest_squares(const NearestTask& task) {
  const auto [x, n, d, of, count, squares, memory] = task;
  for (i64 r = 0; r < count; ++r) squares[r] = __builtin_inff();
  for (i64 first = 0; first < n; first += 16) {
    for (i64 k = 0; k < 16; ++k)
      for (i64 c = 0; c < d; ++c) memory[16 * c + k] = first + k < n ? x[(first + k) * d + c] : __builtin_inff();
    i64 r = 0;
    for (; r + 4 <= count; r += 4) compare<4>(x, d, of + r, memory, first, squares + r);
    for (; r < count; ++r) compare<1>(x, d, of + r, memory, first, squares + r);
  }
}

}  // namespace

constinit const NearestKernels kNearest = {nearest_squares};

}  // namespace scorefield::ift::SCOREFIELD_ISA
