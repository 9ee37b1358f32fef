// Groups of four numbers, as many as a register holds side by side. Per-instruction-set source (vector.hpp).
#pragma once

#include "core/simd/vector.hpp"

namespace scorefield::simd::SCOREFIELD_ISA {

template <class T>
using Quad = UnalignedLanes<T, 4>;

/// Groups in a register: 1, 2 or 4.
template <class T>
constexpr int kQuads = kVectorBytes / (4 * static_cast<int>(sizeof(T))) > 1
                           ? kVectorBytes / (4 * static_cast<int>(sizeof(T)))
                           : 1;
template <class T>
using Quads = UnalignedLanes<T, 4 * kQuads<T>>;

// quads(q): q in every group. quad<n>(all): group n. Intrinsics: GCC takes the way through memory for vector types of
// different lengths. By value: the alignment of memory is no part of a type that a reference names to Clang.
#if defined(__AVX512F__)
SCOREFIELD_INLINE Quads<float> quads(Quad<float> q) { return (Quads<float>)_mm512_broadcast_f32x4((__m128)q); }
SCOREFIELD_INLINE Quads<double> quads(Quad<double> q) { return (Quads<double>)_mm512_broadcast_f64x4((__m256d)q); }
template <int n>
SCOREFIELD_INLINE Quad<float> quad(Quads<float> all) {
  return (Quad<float>)_mm512_extractf32x4_ps((__m512)all, n);
}
template <int n>
SCOREFIELD_INLINE Quad<double> quad(Quads<double> all) {
  return (Quad<double>)_mm512_extractf64x4_pd((__m512d)all, n);
}
#elif defined(__AVX2__)
SCOREFIELD_INLINE Quads<float> quads(Quad<float> q) { return (Quads<float>)_mm256_set_m128((__m128)q, (__m128)q); }
SCOREFIELD_INLINE Quads<double> quads(Quad<double> q) { return q; }
template <int n>
SCOREFIELD_INLINE Quad<float> quad(Quads<float> all) {
  return (Quad<float>)_mm256_extractf128_ps((__m256)all, n);
}
template <int n>
SCOREFIELD_INLINE Quad<double> quad(Quads<double> all) {
  return all;
}
#else
SCOREFIELD_INLINE Quads<float> quads(Quad<float> q) { return q; }
SCOREFIELD_INLINE Quads<double> quads(Quad<double> q) { return q; }
template <int n>
SCOREFIELD_INLINE Quad<float> quad(Quads<float> all) {
  return all;
}
template <int n>
SCOREFIELD_INLINE Quad<double> quad(Quads<double> all) {
  return all;
}
#endif

}  // namespace scorefield::simd::SCOREFIELD_ISA
