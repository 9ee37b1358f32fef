#pragma once

#include "core/simd/kernel_table.hpp"

// Plain types only: shared by the sources that are compiled once per instruction set.

namespace scorefield::sph {

constexpr long kMaxDimension = 128;

/// Sums over candidates j for some particles i, all by component: coordinate c of candidate j is x[c][j]. Candidates
/// are padded to a multiple of 16 with points far away. Everything float32 in units of h: x in h, F and W unnormalised.
struct SumTask {
  int shape;        ///< Shape as an integer
  long d;           ///< coordinates
  long candidates;  ///< multiple of 16
  const float* const* x;
  const float* const* v;      ///< null: no viscosity
  const float* pressure;      ///< P_j / rho_j^2
  const float* density;       ///< rho_j
  long count;                 ///< particles
  const float* const* own_x;  ///< [d][count]
  const float* const* own_v;
  const float* own_pressure;
  const float* own_density;
  float viscosity;      ///< nu; third of it multiplies grad div v
  float* const* force;  ///< out [d][count]: sum_j (A_i + A_j) F x_ij - nu sum_j V_ij F (2 v_ij + ((d+2) e (e.v_ij) -
                        ///< v_ij)/3), m = 1
  float* sum;           ///< out [count]: sum_j w(q_ij), of density()
};

struct SumKernels {
  void (*density)(const SumTask&);
  void (*force)(const SumTask&);
};

SCOREFIELD_KERNEL_TABLE(SumKernels, kSumKernels);

}  // namespace scorefield::sph
