// Small matrix products: C = init + sum_s A_s B_s with an epilogue on the accumulators in registers.
// Per-instruction-set source (vector.hpp).
#pragma once

#include "core/simd/vector.hpp"

namespace scorefield::simd::SCOREFIELD_ISA {

/// One term A B: element (i, k) of A is a[i * row_stride + k * depth_stride]; row k of B starts at b + k * ldb
/// (aligned). A transposed A costs nothing: its elements are broadcast.
template <class T>
struct Term {
  const T* a;
  long row_stride, depth_stride;
  const T* b;
  long ldb;
  long depth;
};

template <class T, int NV, class Init, class Epilogue>
SCOREFIELD_INLINE void product_block(const Term<T>* terms, int count, long i, long j, Init init, Epilogue epilogue) {
  constexpr long lanes = Simd<T>::lanes;
  Vec<T> acc[kBlockRows][NV];
#pragma GCC unroll 6
  for (int r = 0; r < kBlockRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) acc[r][v] = init(i + r, j + v * lanes);
  for (int s = 0; s < count; ++s) {
    const Term<T>& term = terms[s];
    const T* a = term.a + i * term.row_stride;
    const T* b = term.b + j;
    for (long k = 0; k < term.depth; ++k) {
      Vec<T> column[NV];
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) column[v] = load<T>(b + v * lanes);
#pragma GCC unroll 6
      for (int r = 0; r < kBlockRows; ++r) {
        const Vec<T> value = broadcast<T>(a[r * term.row_stride]);
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) acc[r][v] += value * column[v];
      }
      a += term.depth_stride;
      b += term.ldb;
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < kBlockRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) epilogue(i + r, j + v * lanes, acc[r][v]);
}

/// rows and columns of C are rounded up to whole blocks and vectors: every buffer is padded accordingly.
/// init(i, j) gives the starting vector at (i, j..j+lanes), epilogue(i, j, value) receives the result.
template <class T, class Init, class Epilogue>
SCOREFIELD_INLINE void product(const Term<T>* terms, int count, long rows, long columns, Init init, Epilogue epilogue) {
  constexpr long lanes = Simd<T>::lanes;
  const long vectors = padded(columns) / lanes;
  for (long v = 0; v < vectors; v += kBlockVectors) {
    const long j = v * lanes;
    for (long i = 0; i < rows; i += kBlockRows) {
      switch (vectors - v) {
        case 1:
          product_block<T, 1>(terms, count, i, j, init, epilogue);
          break;
#if defined(__AVX512F__)
        case 2:
          product_block<T, 2>(terms, count, i, j, init, epilogue);
          break;
        case 3:
          product_block<T, 3>(terms, count, i, j, init, epilogue);
          break;
#endif
        default:
          product_block<T, kBlockVectors>(terms, count, i, j, init, epilogue);
          break;
      }
    }
  }
}

/// For product(): where its sums start, and where they go.
template <class T>
SCOREFIELD_INLINE auto start_from(const T* source, long stride) {
  return [=](long i, long j) { return load<T>(source + i * stride + j); };
}
template <class T>
SCOREFIELD_INLINE auto start_from_zero() {
  return [](long, long) { return Vec<T>{}; };
}
template <class T>
SCOREFIELD_INLINE auto write_to(T* target, long stride) {
  return [=](long i, long j, Vec<T> value) { store<T>(target + i * stride + j, value); };
}

/// Sum of a[j] b[j] over `elements` padded entries.
template <class T>
SCOREFIELD_INLINE T dot(const T* a, const T* b, long elements) {
  Vec<T> sum{};
  for (long j = 0; j < elements; j += Simd<T>::lanes) sum += load<T>(a + j) * load<T>(b + j);
  return lane_sum<T>(sum);
}

}  // namespace scorefield::simd::SCOREFIELD_ISA
