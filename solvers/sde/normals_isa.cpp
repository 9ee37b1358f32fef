// Compiled once per instruction set (core/simd/kernel_table.hpp).
#include "solvers/sde/normals.hpp"

#include "core/simd/integer.hpp"

namespace scorefield::sde::SCOREFIELD_ISA {
namespace {

using namespace simd::SCOREFIELD_ISA;
/// 32-bit words in 64-bit lanes, which is what the multiplication of Philox takes; the upper halves are arbitrary.
using Words = std::uint64_t[kLanes];

/// Philox4x32-10 of kLanes counters (first + n, draw, index), words: [4][kLanes].
inline void philox(std::uint64_t key, Draw draw, std::uint64_t index, std::uint32_t first, Words* words) {
  constexpr std::uint64_t kKeyStep0 = 0x9E3779B9u, kKeyStep1 = 0xBB67AE85u, kHalf = 0xffffffffu;
  for (int start = 0; start < kLanes; start += kWords) {
    Words64 c0, c1 = static_cast<std::uint64_t>(draw) - Words64{}, c2 = (index & kHalf) - Words64{},
                c3 = (index >> 32) - Words64{};
    for (int n = 0; n < kWords; ++n) c0[n] = first + static_cast<std::uint32_t>(start + n);
    std::uint64_t k0 = key & kHalf, k1 = key >> 32;
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const Words64 p0 = wide_product(c0, 0xD2511F53u), p1 = wide_product(c2, 0xCD9E8D57u);
      c0 = (p1 >> 32) ^ c1 ^ k0;
      c2 = (p0 >> 32) ^ c3 ^ k1;
      c1 = p1;
      c3 = p0;
      k0 = (k0 + kKeyStep0) & kHalf;
      k1 = (k1 + kKeyStep1) & kHalf;
    }
    const Words64 result[] = {c0, c1, c2, c3};
    for (int w = 0; w < 4; ++w) __builtin_memcpy(&words[w][start], &result[w], sizeof(Words64));
  }
}

inline double as_number(std::uint64_t bits) { return __builtin_bit_cast(double, bits); }
inline std::uint64_t as_word(double number) { return __builtin_bit_cast(std::uint64_t, number); }

/// The number in the lower half, without a conversion: those of 64 bits do not vectorise everywhere.
inline double lower_half(std::uint64_t w) {
  return as_number((w & 0xffffffffu) | 0x4330000000000000u) - 4503599627370496.0;
}

/// -2 ln((w + 1/2) / 2^32). With w + 1/2 = 2^e m and 1 <= m < 2: ln m = ln sqrt 2 + 2 artanh((m - sqrt 2) / (m + sqrt
/// 2)), whose series ends, at argument .172, after nine terms below 1e-15.
inline double square_radius(std::uint64_t w) {
  constexpr double kRoot = 1.4142135623730951, kLog2 = 0.6931471805599453;
  const double y = lower_half(w) + 0.5;
  const auto bits = as_word(y);
  const double e = as_number((bits >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1023.0);
  const double m = as_number((bits & 0x000fffffffffffffu) | 0x3ff0000000000000u);
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
  cosine = as_number(as_word(cosine) ^ sign);
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

constinit const NormalKernels kNormals = {fill_normals};

}  // namespace scorefield::sde::SCOREFIELD_ISA
