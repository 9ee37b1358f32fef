#include "solvers/sde/normals.hpp"

#include <cmath>
#include <numbers>

#include "core/random.hpp"

namespace scorefield::sde {

std::array<double, kRows> reference_normals(std::uint64_t key, Draw draw, std::uint64_t index, std::uint32_t particle) {
  const auto words = Philox(key, index).words((static_cast<std::uint64_t>(draw) << 32) | particle);
  std::array<double, kRows> normals{};
  for (std::size_t pair = 0; pair < 2; ++pair) {
    const double u = (words[2 * pair] + 0.5) * 0x1.0p-32;
    const std::uint32_t w = words[2 * pair + 1];
    const double angle = (((w & 0x3fffffffu) + 0.5) * 0x1.0p-30 - 0.5) * std::numbers::pi / 2;
    const double radius = std::sqrt(-2 * std::log(u));
    const double cosine = ((w >> 30) & 1u ? -1 : 1) * radius * std::cos(angle), sine = radius * std::sin(angle);
    const bool exchange = w >> 31;
    normals[2 * pair] = exchange ? sine : cosine;
    normals[2 * pair + 1] = exchange ? cosine : sine;
  }
  return normals;
}

}  // namespace scorefield::sde
