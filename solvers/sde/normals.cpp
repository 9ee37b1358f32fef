#include "solvers/sde/normals.hpp"

#include <cmath>
#include <numbers>

#include "core/random.hpp"
#include "solvers/sde/normals_sets.hpp"

namespace scorefield::sde {

#ifdef SCOREFIELD_SDE_X86_NORMALS

int normals_count() {
  static const int count = [] {
    if (!__builtin_cpu_supports("x86-64-v3")) return 1;
    return __builtin_cpu_supports("x86-64-v4") ? 3 : 2;
  }();
  return count;
}

FillNormals normals(int index) { return index == 0 ? kBaselineNormals : index == 1 ? kAvx2Normals : kAvx512Normals; }

#else

int normals_count() { return 1; }

FillNormals normals(int) { return kBaselineNormals; }

#endif

FillNormals best_normals() { return normals(normals_count() - 1); }

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
