#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::mpm {

/// Birth and death with the least noise: particle p is wanted weights[p] / mean times; systematic resampling along the
/// given order (neighbours in memory are neighbours in space) makes every stretch of particles right to within one.
/// source[p]: whose copy stands at p afterwards, p itself for those that live. u in [0, 1).
[[nodiscard]] std::vector<std::int32_t> systematic_copies(std::span<const double> weights, double u);

}  // namespace scorefield::mpm
