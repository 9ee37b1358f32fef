#pragma once

#include <array>
#include <cstdint>

#include "core/random.hpp"

namespace scorefield::pic {

/// The two-dimensional Sobol' sequence (van der Corput and Pascal matrices: a (0, 2)-sequence in base 2) under a random
/// linear scramble and digital shift (Matousek, J. Complexity 14, 1998). Every scramble keeps the net property, so
/// each prefix is even; different generators give independent sequences, each point being uniform on the unit square.
class ScrambledSobol2d {
 public:
  /// @param random its last indices are consumed, so that the first ones remain free for other draws
  explicit ScrambledSobol2d(const Philox& random);

  /// Point `index` in the open unit square.
  [[nodiscard]] std::array<double, 2> point(std::uint32_t index) const {
    std::array<std::uint32_t, 2> bits = shift_;
    for (int digit = 0; index != 0; ++digit, index >>= 1) {
      const std::uint32_t mask = 0u - (index & 1u);
      bits[0] ^= columns_[0][digit] & mask;
      bits[1] ^= columns_[1][digit] & mask;
    }
    return {(bits[0] + 0.5) * 0x1p-32, (bits[1] + 0.5) * 0x1p-32};
  }

 private:
  std::array<std::array<std::uint32_t, 32>, 2> columns_;  ///< generator matrices; first digit in the highest bit
  std::array<std::uint32_t, 2> shift_;
};

}  // namespace scorefield::pic
