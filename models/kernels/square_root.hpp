// Square roots of vectors. Per-instruction-set source (see simd.hpp).
#pragma once

#include "models/kernels/simd.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace scorefield::kernels::SCOREFIELD_ISA {

#if defined(__AVX512F__)
SCOREFIELD_INLINE Vec<float> square_root(Vec<float> x) { return _mm512_maskz_sqrt_ps(0xFFFF, x); }
SCOREFIELD_INLINE Vec<double> square_root(Vec<double> x) { return _mm512_maskz_sqrt_pd(0xFF, x); }
#elif defined(__AVX__)
SCOREFIELD_INLINE Vec<float> square_root(Vec<float> x) { return _mm256_sqrt_ps(x); }
SCOREFIELD_INLINE Vec<double> square_root(Vec<double> x) { return _mm256_sqrt_pd(x); }
#elif defined(__SSE2__)
SCOREFIELD_INLINE Vec<float> square_root(Vec<float> x) { return _mm_sqrt_ps(x); }
SCOREFIELD_INLINE Vec<double> square_root(Vec<double> x) { return _mm_sqrt_pd(x); }
#else
template <class V>
SCOREFIELD_INLINE V square_root(V x) {
  for (unsigned lane = 0; lane < sizeof(V) / sizeof(x[0]); ++lane) x[lane] = __builtin_sqrt(x[lane]);
  return x;
}
#endif

}  // namespace scorefield::kernels::SCOREFIELD_ISA
