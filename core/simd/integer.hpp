// 64-bit words in vectors. Per-instruction-set source (vector.hpp).
#pragma once

#include <cstdint>

#include "core/simd/vector.hpp"

namespace scorefield::simd::SCOREFIELD_ISA {

constexpr int kWords = kVectorBytes / 8;
using Words64 = Lanes<std::uint64_t, kWords>;

/// Product of the lower halves of a's lanes and of b. By intrinsic: a compiler sees a product of 64 bits here, at three
/// times the price.
SCOREFIELD_INLINE Words64 wide_product(Words64 a, std::uint64_t b) {
  const Words64 factor = b - Words64{};
#if defined(__AVX512F__)
  // With a mask of ones, because GCC 12 warns of the plain one's undefined pass-through operand.
  return reinterpret_cast<Words64>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(factor)));
#elif defined(__AVX2__)
  return reinterpret_cast<Words64>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(factor)));
#elif defined(__SSE2__)
  return reinterpret_cast<Words64>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(factor)));
#else
  return (a & 0xffffffffu) * factor;
#endif
}

}  // namespace scorefield::simd::SCOREFIELD_ISA
