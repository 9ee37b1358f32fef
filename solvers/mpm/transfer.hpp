#pragma once

#include <cstdint>

// Between particles and grid. Plain types only: compiled once per instruction set (transfer_isa.cpp).

namespace scorefield::mpm {

inline constexpr int kLanes = 4;

/// A regular grid around the cloud: node (i, j, k) at origin + h (i, j, k), stored row-major with four numbers each:
/// the momentum, later the velocity, in lanes 0..d-1, and the mass in units of a particle's in lane 3. One node more
/// than there are is readable and writable: rows of three nodes are handled as four.
template <class T>
struct GridView {
  T* nodes = nullptr;
  std::int64_t size[3] = {1, 1, 1};
  T origin[3] = {0, 0, 0};
  T h = 1;
};

/// Particles with d + 2 groups of four numbers each: position, velocity (lane 3: density at the particle in particles
/// per cell, written by gather) and the d columns of the affine velocity matrix C.
template <class T>
struct ParticleView {
  T* data = nullptr;
  const T* stress = nullptr;  ///< d groups of four per particle: columns of -dt (4/h^2) V tau / m; null: the gas
  T pressure = 0;             ///< gas: dt (4/h^2) c^2, on the diagonal
  bool affine = true;         ///< APIC; false: PIC
};

/// What changes velocities on the way to the grid: v + dt a, the change at most `limit` long.
struct Kick {
  const double* acceleration = nullptr;  ///< [N, d]; null: none
  double dt = 0, limit = 0;
};

/// Quadratic B-splines (three nodes along each axis), MLS-MPM (Hu et al. 2018).
template <class T>
struct Transfers {
  /// Adds particles order[begin..end) to the grid, kicked; the particles themselves keep their velocities, for gather
  /// to replace.
  void (*scatter)(const GridView<T>& grid, const ParticleView<T>& particles, const Kick& kick,
                  const std::int32_t* order, std::int64_t begin, std::int64_t end);
  /// Nodes [begin, end): momentum to velocity, times `keep` (1 / (1 + damping dt)).
  void (*update)(const GridView<T>& grid, T keep, std::int64_t begin, std::int64_t end);
  /// Velocity and C of particles [begin, end) from the grid, then x += dt v, the step at most `limit` long. Notes where
  /// they are: positions [N, d], and box[6], the least and the largest coordinates.
  void (*gather)(const GridView<T>& grid, const ParticleView<T>& particles, T dt, T limit, std::int64_t begin,
                 std::int64_t end, double* positions, T* box);
  /// Positions of particles [begin, end) to x [N, d].
  void (*read)(const ParticleView<T>& particles, double* x, std::int64_t begin, std::int64_t end);
};

/// For d = 1, 2, 3, built for the best instruction set of this processor.
template <class T>
[[nodiscard]] const Transfers<T>& transfers(int d);

}  // namespace scorefield::mpm
