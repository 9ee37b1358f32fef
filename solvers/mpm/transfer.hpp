#pragma once

#include <cstdint>

#include "core/simd/kernel_table.hpp"

// Between particles and grid. Plain types only: included by transfer_isa.cpp, which is compiled once per instruction
// set.

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

/// A step of the particles: x += dt v, at most `limit` long.
template <class T>
struct Move {
  T dt, limit;
};

/// Particles, or nodes, from `begin` to before `end`.
struct Range {
  std::int64_t begin, end;
};

/// Quadratic B-splines (three nodes along each axis), MLS-MPM (Hu et al. 2018).
template <class T>
struct Transfers {
  /// Adds particles order[range] to the grid, kicked; the particles themselves keep their velocities, for gather to
  /// replace.
  void (*scatter)(const GridView<T>& grid, const ParticleView<T>& particles, const Kick& kick,
                  const std::int32_t* order, Range range);
  /// Momentum to velocity, times `keep` (1 / (1 + damping dt)).
  void (*update)(const GridView<T>& grid, T keep, Range nodes);
  /// Velocity and C of the particles from the grid, then their move. Notes where they are: positions [N, d], and
  /// box[6], the least and the largest coordinates.
  void (*gather)(const GridView<T>& grid, const ParticleView<T>& particles, Move<T> move, Range range,
                 double* positions, T* box);
  /// Positions of the particles to x [N, d].
  void (*read)(const ParticleView<T>& particles, double* x, Range range);
};

/// For d = 1, 2, 3, in both precisions.
struct TransferKernels {
  Transfers<float> f32[3];
  Transfers<double> f64[3];
};
SCOREFIELD_KERNEL_TABLE(TransferKernels, kTransfers);

/// Those of d in use.
template <class T>
[[nodiscard]] inline const Transfers<T>& transfers(int d) {
  const TransferKernels& kernels = kTransfers.chosen();
  if constexpr (sizeof(T) == sizeof(float)) return kernels.f32[d - 1];
  else return kernels.f64[d - 1];
}

}  // namespace scorefield::mpm
