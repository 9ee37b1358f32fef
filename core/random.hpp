#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace scorefield {

/// Counter-based generator Philox4x32-10 (Salmon et al., SC 2011). The numbers are a pure function of
/// (seed, stream, index): no state, so any thread may draw any index and resumed runs repeat exactly.
class Philox {
 public:
  Philox(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  /// Four independent 32-bit words for this index.
  [[nodiscard]] std::array<std::uint32_t, 4> words(std::uint64_t index) const {
    std::array<std::uint32_t, 4> c{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                                   static_cast<std::uint32_t>(stream_), static_cast<std::uint32_t>(stream_ >> 32)};
    std::uint32_t k0 = static_cast<std::uint32_t>(seed_);
    std::uint32_t k1 = static_cast<std::uint32_t>(seed_ >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c[0];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * c[2];
      c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
           static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    return c;
  }

  /// Two independent uniforms in the open interval (0, 1) with 53 random bits.
  [[nodiscard]] std::array<double, 2> uniforms(std::uint64_t index) const {
    const auto w = words(index);
    return {to_unit(w[0], w[1]), to_unit(w[2], w[3])};
  }

  /// Two independent standard normals (Box-Muller).
  [[nodiscard]] std::array<double, 2> normals(std::uint64_t index) const {
    const auto [u, v] = uniforms(index);
    const double radius = std::sqrt(-2.0 * std::log(u));
    const double angle = 2.0 * std::numbers::pi * v;
    return {radius * std::cos(angle), radius * std::sin(angle)};
  }

  /// Uniform integer in [0, bound), bound >= 1 (bias below bound / 2^64).
  [[nodiscard]] std::uint64_t integer(std::uint64_t index, std::uint64_t bound) const {
    const auto w = words(index);
    const std::uint64_t bits = (std::uint64_t{w[0]} << 32) | w[1];
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{bits} * bound) >> 64);
  }

 private:
  static double to_unit(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = ((std::uint64_t{high} << 32) | low) >> 11;
    return (static_cast<double>(bits) + 0.5) * 0x1.0p-53;
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
};

}  // namespace scorefield
