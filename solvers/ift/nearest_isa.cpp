// Once per instruction set, in a namespace named after it (CMakeLists.txt).
#include <cstdint>

namespace scorefield::ift::SCOREFIELD_ISA {
namespace {

using i64 = std::int64_t;
typedef float Sixteen __attribute__((vector_size(64), aligned(4), may_alias));

/// `rows` rows against the sixteen in `others` [d, 16], which are rows first to first + 15 of x.
template <int rows>
inline __attribute__((always_inline)) void compare(const float* x, i64 d, const i64* of, const float* others, i64 first,
                                                   float* squares) {
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

}  // namespace

void nearest_squares(const float* x, i64 n, i64 d, const i64* of, i64 count, float* squares, float* memory) {
  for (i64 r = 0; r < count; ++r) squares[r] = __builtin_inff();
  for (i64 first = 0; first < n; first += 16) {
    for (i64 k = 0; k < 16; ++k)
      for (i64 c = 0; c < d; ++c) memory[16 * c + k] = first + k < n ? x[(first + k) * d + c] : __builtin_inff();
    i64 r = 0;
    for (; r + 4 <= count; r += 4) compare<4>(x, d, of + r, memory, first, squares + r);
    for (; r < count; ++r) compare<1>(x, d, of + r, memory, first, squares + r);
  }
}

}  // namespace scorefield::ift::SCOREFIELD_ISA
