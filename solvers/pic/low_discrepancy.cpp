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

/// Recurrence of the direction numbers: degree and inner coefficients of a primitive polynomial, first numbers.
struct Direction {
  std::uint32_t degree, coefficients;
  std::array<std::uint32_t, 4> first;
};
constexpr Direction kDirections[6] = {{0, 0, {}},        {1, 0, {1}},       {2, 1, {1, 3}},
                                      {3, 1, {1, 3, 1}}, {3, 2, {1, 1, 1}}, {4, 1, {1, 1, 3, 3}}};

/// Columns of a dimension's generator matrix; of dimension 0 the identity, of dimension 1 the Pascal matrix modulo 2.
std::array<std::uint32_t, 32> generator_columns(const Direction& direction) {
  const auto& [degree, coefficients, first] = direction;
  std::array<std::uint32_t, 32> columns{};
  for (std::uint32_t j = 0; j < 32; ++j) {
    if (degree == 0 || j < degree) {
      columns[j] = (degree == 0 ? 1u : first[j]) << (31 - j);
      continue;
    }
    columns[j] = columns[j - degree] ^ (columns[j - degree] >> degree);
    for (std::uint32_t k = 1; k < degree; ++k)
      if ((coefficients >> (degree - 1 - k) & 1u) != 0) columns[j] ^= columns[j - k];
  }
  return columns;
}

/// Where the digits of a dimension's scramble and shift are in the generator's last indices.
constexpr std::uint64_t kFirst = ~std::uint64_t{0} - 127;
constexpr std::uint64_t scramble_index(std::uint64_t dimension) {
  return dimension < 2 ? kFirst + 32 * dimension : kFirst - 32 * (dimension - 1);
}

}  // namespace

template <int Dimensions>
ScrambledSobol<Dimensions>::ScrambledSobol(const Philox& random) {
  for (std::size_t d = 0; d < Dimensions; ++d) {
    const BitMatrix scramble = random_unit_lower(random, scramble_index(d));
    const auto columns = generator_columns(kDirections[d]);
    for (std::size_t digit = 0; digit < 32; ++digit) columns_[d][digit] = multiply(scramble, columns[digit]);
    shift_[d] = random.words(kFirst + 64 + d / 4)[d % 4];
  }
}

template class ScrambledSobol<2>;
template class ScrambledSobol<6>;

}  // namespace scorefield::pic
