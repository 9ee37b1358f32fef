#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace scorefield::models {

/// Which coordinates of a state are positions and which are their velocities: dx/dt = v, dv/dt = F(x).
struct KineticPairs {
  std::vector<std::size_t> position, velocity;  ///< [s], columns of the state

  [[nodiscard]] std::size_t dimension() const { return position.size(); }
};

/// Of `velocity_of` (Normalizer), where they make up the whole state: one to three pairs and nothing else. Else empty.
[[nodiscard]] inline KineticPairs kinetic_pairs(const std::vector<std::int64_t>& velocity_of) {
  KineticPairs pairs;
  for (std::size_t c = 0; c < velocity_of.size(); ++c)
    if (velocity_of[c] >= 0) {
      pairs.position.push_back(c);
      pairs.velocity.push_back(static_cast<std::size_t>(velocity_of[c]));
    }
  if (2 * pairs.dimension() != velocity_of.size() || pairs.dimension() > 3) return {};
  return pairs;
}

}  // namespace scorefield::models
