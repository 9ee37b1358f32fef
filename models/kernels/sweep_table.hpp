#pragma once

#include "core/simd/kernel_table.hpp"
#include "models/kernels/network.hpp"

namespace scorefield::kernels {

constexpr int kMaxLayers = 64;

/// What a call needs: values and gradients in x, parameter gradients, and those with a Laplacian.
enum Order { kValues = 1, kGradients = 2, kLaplacian = 3 };

/// Which parts of LayerArrays a call has, per layer.
struct Layout {
  long rank[kMaxLayers];
  long latents[kMaxLayers];
  bool dense_rate[kMaxLayers];
  Order order;
};

/// The sweeps of one instruction set for one element type. `shared` memory is prepared once per call and then read by
/// all threads; the last two entries handle one work item, a range of one group's points, on the calling thread. All
/// memory is the caller's, aligned to 64 bytes.
template <class T>
struct SweepTable {
  long (*shared_elements)(const PlainShape&, const Layout&);
  void (*prepare_shared)(const PlainShape&, const Layout&, const LayerArrays<const T>*, T* shared);
  long (*workspace_elements)(const PlainShape&, const Layout&);
  void (*potential_and_gradient)(const PlainShape&, const Layout&, const T* shared, const LayerArrays<const T>*,
                                 long group, const T* x, long count, T* potential, T* gradient, T* memory);
  /// Adds to `gradients`: shared arrays in place, a group's own at index `slot`. `gradient` (grad_x s of the points)
  /// may be null.
  GroupSums (*parameter_gradient)(const PlainShape&, const Layout&, const T* shared, const LayerArrays<const T>*,
                                  long group, const GroupTerms&, const T* x, const T* velocity, const T* probes,
                                  long probe_count, long probe_stride, long count, const T* gauge, long gauge_count,
                                  T gauge_scale, T* gradient, const LayerArrays<T>* gradients, long slot, T* memory);
  /// c [rows, columns] = a [rows, depth] b [depth, columns]: the sweeps' own product and nothing else. rows a multiple
  /// of kProductRows, columns of kProductColumns.
  void (*multiply)(long rows, long depth, long columns, const T* a, const T* b, T* c);
};

struct SweepTables {
  SweepTable<float> f32;
  SweepTable<double> f64;
};
SCOREFIELD_KERNEL_TABLE(SweepTables, kSweeps);

}  // namespace scorefield::kernels
