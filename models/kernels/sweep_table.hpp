#pragma once

#include "models/kernels/network.hpp"

namespace scorefield::kernels {

/// The sweeps of one instruction set for one element type. Each call handles one group on the calling thread, in
/// caller-provided memory of workspace_elements() elements aligned to 64 bytes.
template <class T>
struct SweepTable {
  long (*workspace_elements)(const PlainShape&, const long* rate_rank, bool gradients);
  void (*potential_and_gradient)(const PlainShape&, const LayerArrays<const T>*, long group, const T* x, long count,
                                 T* potential, T* gradient, T* memory);
  GroupSums (*parameter_gradient)(const PlainShape&, const LayerArrays<const T>*, long group, const GroupTerms&,
                                  const T* x, const T* velocity, long count, const LayerArrays<T>* gradients,
                                  long gradient_group, T* memory);
};

SweepTable<float> sweeps_f32_portable();
SweepTable<double> sweeps_f64_portable();
#ifdef SCOREFIELD_X86_KERNELS
SweepTable<float> sweeps_f32_x86_64_v3();
SweepTable<double> sweeps_f64_x86_64_v3();
SweepTable<float> sweeps_f32_x86_64_v4();
SweepTable<double> sweeps_f64_x86_64_v4();
#endif

}  // namespace scorefield::kernels
