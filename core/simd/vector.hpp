// Vectors. Like all headers here that say so, included only by the sources that are compiled once per instruction set
// (kernel_table.hpp); everything lives in a namespace of that set. No std:: templates: their weak symbols could carry
// instructions that an older processor does not have.
#pragma once

#ifndef SCOREFIELD_ISA
#error "compile with -DSCOREFIELD_ISA=<name>"
#endif

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace scorefield::simd::SCOREFIELD_ISA {

#define SCOREFIELD_INLINE inline __attribute__((always_inline))

/// Before a function whose loops stay scalar. Clang, which has no such attribute, decides by its cost model.
#if defined(__clang__)
#define SCOREFIELD_SCALAR [[gnu::noinline]]
#else
#define SCOREFIELD_SCALAR [[gnu::noinline, gnu::optimize("no-tree-vectorize")]]
#endif

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
constexpr int kBlockVectors = 4;  // 6 x 4 accumulators + 4 columns + 1 broadcast of 32 registers
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
constexpr int kBlockVectors = 2;  // 6 x 2 accumulators + 2 columns + 1 broadcast of 16 registers
#else
constexpr int kVectorBytes = 16;
constexpr int kBlockVectors = 2;
#endif
constexpr long kBlockRows = 6;

/// Rows of every buffer are padded to this many elements, a whole number of vectors for every set and type.
constexpr long kPad = 16;

SCOREFIELD_INLINE constexpr long padded(long n) { return (n + kPad - 1) / kPad * kPad; }
SCOREFIELD_INLINE constexpr long padded_rows(long n) { return (n + kBlockRows - 1) / kBlockRows * kBlockRows; }

template <class T>
struct Simd;
template <>
struct Simd<float> {
  typedef float Vec __attribute__((vector_size(kVectorBytes), may_alias));
  typedef int Int __attribute__((vector_size(kVectorBytes), may_alias));
  static constexpr long lanes = kVectorBytes / 4;
};
template <>
struct Simd<double> {
  typedef double Vec __attribute__((vector_size(kVectorBytes), may_alias));
  typedef long long Int __attribute__((vector_size(kVectorBytes), may_alias));
  static constexpr long lanes = kVectorBytes / 8;
};
template <class T>
using Vec = typename Simd<T>::Vec;

template <class T>
SCOREFIELD_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const Vec<T>*>(p);
}
template <class T>
SCOREFIELD_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<Vec<T>*>(p) = v;
}
template <class T>
SCOREFIELD_INLINE Vec<T> broadcast(T value) {
  return value - Vec<T>{};  // folds to a plain broadcast; value + 0 would not, because of -0
}

/// The lanes added in their order.
template <class T>
SCOREFIELD_INLINE T lane_sum(Vec<T> v) {
  T sum = 0;
  for (long lane = 0; lane < Simd<T>::lanes; ++lane) sum += v[lane];
  return sum;
}

/// `n` numbers side by side whatever the instruction set: the compiler takes as many registers as they need. For sums
/// whose order must not depend on the set, and for data that comes in fours.
template <class T, int n>
struct FixedVector {
  typedef T type __attribute__((vector_size(n * sizeof(T))));
  typedef T unaligned __attribute__((vector_size(n * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <class T, int n>
using Lanes = typename FixedVector<T, n>::type;
/// The same in memory that is aligned for T alone.
template <class T, int n>
using UnalignedLanes = typename FixedVector<T, n>::unaligned;

template <class V, class T>
SCOREFIELD_INLINE V load_unaligned(const T* from) {
  V values;
  __builtin_memcpy(&values, from, sizeof values);
  return values;
}
template <class V, class T>
SCOREFIELD_INLINE void store_unaligned(T* to, V values) {
  __builtin_memcpy(to, &values, sizeof values);
}

}  // namespace scorefield::simd::SCOREFIELD_ISA
