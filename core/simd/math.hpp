// exp, 1/x, square roots, sin and cos of vectors. Per-instruction-set source (vector.hpp).
#pragma once

#include "core/simd/vector.hpp"

namespace scorefield::simd::SCOREFIELD_ISA {

/// 2^n for integral n, by assembling the exponent bits.
SCOREFIELD_INLINE Vec<float> power_of_two(Vec<float> n) {
  typedef Simd<float>::Int Int;
  return reinterpret_cast<Vec<float>>((__builtin_convertvector(n, Int) + 127) << 23);
}
SCOREFIELD_INLINE Vec<double> power_of_two(Vec<double> n) {
  // Adding 2^52 + 2^51 leaves the integer in the low mantissa bits: no 64-bit conversion before AVX-512DQ.
  typedef Simd<double>::Int Int;
  const Int bits = reinterpret_cast<Int>(n + 0x1.8p52) - 0x4338000000000000LL;
  return reinterpret_cast<Vec<double>>((bits + 1023) << 52);
}

/// Nearest integer, by the rounding of an addition; |x| far below 2^22 (float) or 2^51 (double).
SCOREFIELD_INLINE Vec<float> round_nearest(Vec<float> x) { return (x + 0x1.8p23f) - 0x1.8p23f; }
SCOREFIELD_INLINE Vec<double> round_nearest(Vec<double> x) { return (x + 0x1.8p52) - 0x1.8p52; }

template <class T>
SCOREFIELD_INLINE Vec<T> clamp(Vec<T> x, T low, T high) {
  const Vec<T> lo = broadcast<T>(low), hi = broadcast<T>(high);
  // Written so that NaN stays NaN.
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}

/// exp(x) = 2^(n + f), |f| <= 1/2, with the near-minimax polynomial of degree 6 for 2^f; relative error 1e-7 (1 + |x|).
/// Overflow is avoided above, below it fades to 0; NaN stays NaN.
SCOREFIELD_INLINE Vec<float> exponential(Vec<float> x) {
#if defined(__AVX512F__)
  const Vec<float> t =
      _mm512_maskz_min_ps(0xFFFF, _mm512_set1_ps(126.0f), x * 1.44269504088896341f);  // NaN in the second operand stays
  const Vec<float> n = _mm512_maskz_roundscale_ps(0xFFFF, t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  const Vec<float> t = clamp<float>(x * 1.44269504088896341f, -126.0f, 126.0f);
  const Vec<float> n = round_nearest(t);
#endif
  const Vec<float> f = t - n;
  Vec<float> p = broadcast<float>(1.5403530393381609e-4f);
  p = p * f + 1.3333558146428443e-3f;
  p = p * f + 9.6181291076284772e-3f;
  p = p * f + 5.5504108664821580e-2f;
  p = p * f + 2.4022650695910072e-1f;
  p = p * f + 6.9314718055994531e-1f;
  p = p * f + 1.0f;
#if defined(__AVX512F__)
  return _mm512_maskz_scalef_ps(0xFFFF, p, n);
#else
  return p * power_of_two(n);
#endif
}

/// In double by x = n ln 2 + r and the Taylor polynomial of degree 13, |r| <= ln(2)/2; relative error about 2e-16.
SCOREFIELD_INLINE Vec<double> exponential(Vec<double> x) {
  x = clamp<double>(x, -708.0, 709.0);
  const Vec<double> n = round_nearest(x * 1.44269504088896340736);
  const Vec<double> r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  const double inverse_factorial[] = {
      1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
      1.0 / 120,       1.0 / 24,       1.0 / 6,       0.5,          1.0,         1.0};
  Vec<double> p = broadcast<double>(1.0 / 6227020800.0);
  for (const double coefficient : inverse_factorial) p = p * r + coefficient;
  return p * power_of_two(n);
}

SCOREFIELD_INLINE Vec<double> reciprocal(Vec<double> x) { return 1.0 / x; }
SCOREFIELD_INLINE Vec<float> reciprocal(Vec<float> x) {
#if defined(__AVX512F__)
  // 14-bit estimate and one Newton step: 28 bits, without the divider.
  const Vec<float> estimate = _mm512_maskz_rcp14_ps(0xFFFF, x);
  return estimate * (2.0f - x * estimate);
#else
  return 1.0f / x;
#endif
}

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

/// a b + c, in one rounding where the set has it: in scalar loops, whose contraction would otherwise depend on whether
/// the compiler chooses to vectorise them.
SCOREFIELD_INLINE float multiply_add(float a, float b, float c) {
#if defined(__FMA__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
SCOREFIELD_INLINE double multiply_add(double a, double b, double c) {
#if defined(__FMA__)
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// One half further from zero, to round by truncation.
SCOREFIELD_INLINE float beyond_half(float value) { return value + __builtin_copysignf(0.5f, value); }
SCOREFIELD_INLINE double beyond_half(double value) { return value + __builtin_copysign(0.5, value); }

/// Parts of pi/2 for the argument reduction, few bits in the leading ones so that their multiples are exact, and Taylor
/// coefficients of sin(r)/r and cos(r) in r^2, highest first; |r| <= pi/4.
template <class T>
struct Trigonometry;
template <>
struct Trigonometry<float> {
  static constexpr float two_over_pi = 0.636619772367581343f;
  static constexpr float half_pi[3] = {1.5703125f, 4.837512969970703125e-4f, 7.54978995489188216e-8f};
  static constexpr float sine[5] = {1.0f / 362880, -1.0f / 5040, 1.0f / 120, -1.0f / 6, 1.0f};
  static constexpr float cosine[6] = {-1.0f / 3628800, 1.0f / 40320, -1.0f / 720, 1.0f / 24, -0.5f, 1.0f};
};
template <>
struct Trigonometry<double> {
  static constexpr double two_over_pi = 0.63661977236758134308;
  static constexpr double half_pi[3] = {1.57079625129699707031, 7.54978941586159635336e-8, 5.39030285815811905290e-15};
  static constexpr double sine[9] = {1.0 / 355687428096000.0,
                                     -1.0 / 1307674368000.0,
                                     1.0 / 6227020800.0,
                                     -1.0 / 39916800,
                                     1.0 / 362880,
                                     -1.0 / 5040,
                                     1.0 / 120,
                                     -1.0 / 6,
                                     1.0};
  static constexpr double cosine[9] = {1.0 / 20922789888000.0,
                                       -1.0 / 87178291200.0,
                                       1.0 / 479001600,
                                       -1.0 / 3628800,
                                       1.0 / 40320,
                                       -1.0 / 720,
                                       1.0 / 24,
                                       -0.5,
                                       1.0};
};

template <class T>
struct SineCosine {
  Vec<T> sine, cosine;
};

/// sin x and cos x to a few units in the last place for |x| up to 1e4.
template <class T>
SCOREFIELD_INLINE SineCosine<T> sine_cosine(Vec<T> x) {
  typedef typename Simd<T>::Int Int;
  typedef Trigonometry<T> Table;
  const Vec<T> n = round_nearest(x * Table::two_over_pi);
  const Vec<T> r = ((x - n * Table::half_pi[0]) - n * Table::half_pi[1]) - n * Table::half_pi[2];
  const Vec<T> square = r * r;
  Vec<T> s = broadcast<T>(T(0)), c = broadcast<T>(T(0));
  for (const T coefficient : Table::sine) s = s * square + coefficient;
  for (const T coefficient : Table::cosine) c = c * square + coefficient;
  s *= r;
  // Quadrant n mod 4 without integer conversion: q = n - 4 round(n/4) is one of -2..2.
  const Vec<T> q = n - T(4) * round_nearest(n * T(0.25));
  const Int odd = (q == T(1)) | (q == T(-1));
  const Int sine_negative = (q == T(-1)) | (q == T(2)) | (q == T(-2));
  const Int cosine_negative = (q == T(1)) | (q == T(2)) | (q == T(-2));
  const Vec<T> sine = odd ? c : s, cosine = odd ? s : c;
  return {sine_negative ? -sine : sine, cosine_negative ? -cosine : cosine};
}

}  // namespace scorefield::simd::SCOREFIELD_ISA
