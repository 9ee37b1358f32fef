#include "solvers/pic/low_discrepancy.hpp"

#include <bit>

namespace scorefield::pic {
namespace {

/// A random lower-triangular binary matrix with unit diagonal; row r (digit r) holds its columns from the highest bit.
using BitMatrix = std::array<std::uint32_t, 32>;

BitMatrix random_unit_lower(const Philox& random, std::uint64_t first_index) {
  BitMatrix rows;
  for (std::uint32_t r = 0; r < 32; ++r) {
    const std::uint32_t diagonal = 0x80000000u >> r;
    const std::uint32_t left = r == 0 ? 0u : ~0u << (32 - r);
    rows[r] = diagonal | (random.words(first_index + r)[0] & left);
  }
  return rows;
}

std::uint32_t multiply(const BitMatrix& rows, std::uint32_t vector) {
  std::uint32_t result = 0;
  for (std::uint32_t r = 0; r < 32; ++r)
    result |= static_cast<std::uint32_t>(std::popcount(rows[r] & vector) & 1) << (31 - r);
  return result;
}

}  // namespace

ScrambledSobol2d::ScrambledSobol2d(const Philox& random) {
  constexpr std::uint64_t kFirst = ~std::uint64_t{0} - 127;
  const BitMatrix scramble_x = random_unit_lower(random, kFirst);
  const BitMatrix scramble_v = random_unit_lower(random, kFirst + 32);
  std::uint32_t pascal = 0x80000000u;  // column j of the Pascal matrix modulo 2
  for (std::uint32_t digit = 0; digit < 32; ++digit) {
    columns_[0][digit] = multiply(scramble_x, 0x80000000u >> digit);
    columns_[1][digit] = multiply(scramble_v, pascal);
    pascal ^= pascal >> 1;
  }
  const auto shift = random.words(kFirst + 64);
  shift_ = {shift[0], shift[1]};
}

}  // namespace scorefield::pic
