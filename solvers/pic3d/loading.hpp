#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/random.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic3d/kernel.hpp"
#include "solvers/pic3d/options.hpp"

namespace scorefield::pic3d {

/// A Maxwellian of thermal speed 1 whose density is the product of 1 + amplitude cos(2 pi x_i / L) over the first
/// `axes` coordinates.
struct Population {
  double amplitude = 0;
  std::int64_t axes = 1;  ///< 1 .. 3
};

/// Particles by component; `id` is a particle's number at the start, which sorting carries along.
struct Particles {
  std::array<std::vector<Position>, 3> position;
  std::array<std::vector<float>, 3> velocity;
  std::vector<std::uint32_t> id;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(id.size()); }
  void resize(std::int64_t count);
};

/// Draws options.simulated_particles: quiet from a scrambled Sobol' sequence in six dimensions, random from independent
/// numbers, both through the inverse cumulative distributions. Particle i depends on (random, i) alone.
[[nodiscard]] Particles load(const Population& population, const Pic3dOptions& options, const Philox& random);

}  // namespace scorefield::pic3d
