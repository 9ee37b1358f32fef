// Included by one source file per instruction set; everything here has internal linkage.

#include <bit>
#include <cstdint>

#include "solvers/sde/normals.hpp"

#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace scorefield::sde {
namespace {

/// 32-bit words in 64-bit lanes, which is what the multiplication of Philox takes; the upper halves are arbitrary.
#if defined(__AVX512F__)
constexpr int kWidth = 8;
#elif defined(__AVX2__)
constexpr int kWidth = 4;
#else
constexpr int kWidth = 2;
#endif
typedef std::uint64_t Lanes __attribute__((vector_size(8 * kWidth)));  // GCC and Clang
using Words = std::uint64_t[kLanes];

/// Product of the lower halves. By intrinsic: a compiler sees a product of 64 bits here, at three times the price.
inline Lanes wide_product(Lanes a, std::uint64_t b) {
  const Lanes factor = b - Lanes{};
#if defined(__AVX512F__)
  // With a mask of ones, because GCC 12 warns of the plain one's undefined pass-through operand.
  return reinterpret_cast<Lanes>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(factor)));
#elif defined(__AVX2__)
  return reinterpret_cast<Lanes>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(factor)));
#elif defined(__SSE2__)
  return reinterpret_cast<Lanes>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(factor)));
#else
  return (a & 0xffffffffu) * factor;
#endif
}

/// Philox4x32-10 of kLanes counters (first + n, draw, index), words: [4][kLanes].
inline void philox(std::uint64_t key, Draw draw, std::uint64_t index, std::uint32_t first, Words* words) {
  constexpr std::uint64_t kKeyStep0 = 0x9E3779B9u, kKeyStep1 = 0xBB67AE85u, kHalf = 0xffffffffu;
  for (int start = 0; start < kLanes; start += kWidth) {
    Lanes c0, c1 = static_cast<std::uint64_t>(draw) - Lanes{}, c2 = (index & kHalf) - Lanes{},
              c3 = (index >> 32) - Lanes{};
    for (int n = 0; n < kWidth; ++n) c0[n] = first + static_cast<std::uint32_t>(start + n);
    std::uint64_t k0 = key & kHalf, k1 = key >> 32;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const Lanes p0 = wide_product(c0, 0xD2511F53u), p1 = wide_product(c2, 0xCD9E8D57u);
      c0 = (p1 >> 32) ^ c1 ^ k0;
      c2 = (p0 >> 32) ^ c3 ^ k1;
      c1 = p1;
      c3 = p0;
      k0 = (k0 + kKeyStep0) & kHalf;
      k1 = (k1 + kKeyStep1) & kHalf;
    }
    const Lanes result[] = {c0, c1, c2, c3};
    for (int w = 0; w < 4; ++w) __builtin_memcpy(&words[w][start], &result[w], sizeof(Lanes));
  }
}

/// The number in the lower half, without a conversion: those of 64 bits do not vectorise everywhere.
inline double lower_half(std::uint64_t w) {
  return std::bit_cast<double>((w & 0xffffffffu) | 0x4330000000000000u) - 4503599627370496.0;
}

/// -2 ln((w + 1/2) / 2^32). With w + 1/2 = 2^e m and 1 <= m < 2: ln m = ln sqrt 2 + 2 artanh((m - sqrt 2) / (m + sqrt
/// 2)), whose series ends, at argument .172, after nine terms below 1e-15.
inline double square_radius(std::uint64_t w) {
  constexpr double kRoot = 1.4142135623730951, kLog2 = 0.6931471805599453;
  const double y = lower_half(w) + 0.5;
  const auto bits = std::bit_cast<std::uint64_t>(y);
  const double e = std::bit_cast<double>((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0);
  const double m = std::bit_cast<double>((bits & 0x000fffffffffffffu) | 0x3ff0000000000000u);
  const double s = (m - kRoot) / (m + kRoot), q = s * s;
  double series = 1.0 / 17;
  series = series * q + 1.0 / 15;
  series = series * q + 1.0 / 13;
  series = series * q + 1.0 / 11;
  series = series * q + 1.0 / 9;
  series = series * q + 1.0 / 7;
  series = series * q + 1.0 / 5;
  series = series * q + 1.0 / 3;
  series = series * q + 1.0;
  return -2.0 * ((e - 31.5) * kLog2 + 2.0 * s * series);
}

struct Pair {
  double first, second;
};

/// A point on the unit circle from 32 bits: an angle in (-pi/4, pi/4) from the low 30, then a reflection that takes
/// this quarter to the opposite one (bit 30) and an exchange of the coordinates (bit 31).
inline Pair direction(std::uint64_t w) {
  const double fraction = (lower_half(w & 0x3fffffffu) + 0.5) * 0x1.0p-30 - 0.5;
  const double a = fraction * 1.5707963267948966, q = a * a;
  double sine = -1.0 / 1307674368000.0;
  sine = sine * q + 1.0 / 6227020800.0;
  sine = sine * q - 1.0 / 39916800.0;
  sine = sine * q + 1.0 / 362880.0;
  sine = sine * q - 1.0 / 5040.0;
  sine = sine * q + 1.0 / 120.0;
  sine = sine * q - 1.0 / 6.0;
  sine = (sine * q + 1.0) * a;
  double cosine = 1.0 / 20922789888000.0;
  cosine = cosine * q - 1.0 / 87178291200.0;
  cosine = cosine * q + 1.0 / 479001600.0;
  cosine = cosine * q - 1.0 / 3628800.0;
  cosine = cosine * q + 1.0 / 40320.0;
  cosine = cosine * q - 1.0 / 720.0;
  cosine = cosine * q + 1.0 / 24.0;
  cosine = cosine * q - 1.0 / 2.0;
  cosine = cosine * q + 1.0;
  const std::uint64_t sign = (w & 0x40000000u) << 33;
  cosine = std::bit_cast<double>(std::bit_cast<std::uint64_t>(cosine) ^ sign);
  const bool exchange = lower_half(w & 0x80000000u) > 0;  // compared as the numbers that are exchanged
  return {exchange ? sine : cosine, exchange ? cosine : sine};
}

/// Two rows of normals from two rows of words.
inline void box_muller(const Words& radius, const Words& angle, double* __restrict first, double* __restrict second) {
  for (int n = 0; n < kLanes; ++n) {
    const double r = __builtin_sqrt(square_radius(radius[n]));
    const Pair unit = direction(angle[n]);
    first[n] = r * unit.first;
    second[n] = r * unit.second;
  }
}

void fill_normals(std::uint64_t key, Draw draw, std::uint64_t index, std::uint32_t first, double* out) {
  alignas(64) Words words[4];
  philox(key, draw, index, first, words);
  box_muller(words[0], words[1], out, out + kLanes);
  box_muller(words[2], words[3], out + 2 * kLanes, out + 3 * kLanes);
}

}  // namespace
}  // namespace scorefield::sde
