#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/random.hpp"

namespace scorefield::test {

/// `count` standard normals, a pure function of (seed, stream).
inline std::vector<double> normals(std::int64_t count, std::uint64_t seed, std::uint64_t stream) {
  const Philox random(seed, stream);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.normals(i)[0];
  return values;
}

/// Largest difference over the largest expected size; infinite where a number that was found is not finite.
inline double largest_difference(const std::vector<double>& found, const std::vector<double>& expected) {
  double error = 0, scale = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    error = std::isfinite(found[i]) ? std::max(error, std::abs(found[i] - expected[i])) : HUGE_VAL;
    scale = std::max(scale, std::abs(expected[i]));
  }
  return error / scale;
}

}  // namespace scorefield::test
