#pragma once

#include <array>
#include <cstdint>

#include "core/random.hpp"

namespace scorefield::pic {

/// The Sobol' sequence in up to six dimensions (direction numbers of Joe and Kuo, SIAM J. Sci. Comput. 30, 2008; the
/// first two are the van der Corput and Pascal matrices, a (0, 2)-sequence in base 2) under a random linear scramble
/// and digital shift (Matousek, J. Complexity 14, 1998). Every scramble keeps the net property, so each prefix is even;
/// different generators give independent sequences, each point being uniform on the unit cube.
template <int Dimensions>
class ScrambledSobol {
 public:
  /// @param random its last indices are consumed, so that the first ones remain free for other draws
  explicit ScrambledSobol(const Philox& random);

  /// Point `index` in the open unit cube.
  [[nodiscard]] std::array<double, Dimensions> point(std::uint32_t index) const {
    std::array<std::uint32_t, Dimensions> bits = shift_;
    for (std::size_t digit = 0; index != 0; ++digit, index >>= 1) {
      const std::uint32_t mask = 0u - (index & 1u);
      for (std::size_t d = 0; d < Dimensions; ++d) bits[d] ^= columns_[d][digit] & mask;
    }
    std::array<double, Dimensions> point;
    for (std::size_t d = 0; d < Dimensions; ++d) point[d] = (bits[d] + 0.5) * 0x1p-32;
    return point;
  }

 private:
  std::array<std::array<std::uint32_t, 32>, Dimensions>
      columns_;  ///< generator matrices; first digit in the highest bit
  std::array<std::uint32_t, Dimensions> shift_;
};

using ScrambledSobol2d = ScrambledSobol<2>;

extern template class ScrambledSobol<2>;
extern template class ScrambledSobol<6>;

}  // namespace scorefield::pic
