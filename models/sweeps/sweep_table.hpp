#pragma once

#include "core/simd/kernel_table.hpp"
#include "models/sweeps/layer.hpp"
#include "models/sweeps/network.hpp"

// What the sweeps of every instruction set are called with. Plain types only: structures of numbers and pointers.

namespace scorefield::kernels {

constexpr int kMaxLayers = 64;

/// What a call needs: values and gradients in x, parameter gradients, and those with a Laplacian.
enum Order { kValues = 1, kGradients = 2, kLaplacian = 3 };

/// LayerWeights without its std::vector.
template <class T>
struct WeightView {
  const Layer<GroupArray<T>>* layers;  ///< [hidden_layers + 1]
  GroupArray<T> values, rates;
};

/// What all work items of a call share. `shared` holds SweepTable::shared_elements, prepared once and then only read.
template <class T>
struct SweepCall {
  PlainShape shape;
  Order order;
  WeightView<const T> weights;
  T* shared = nullptr;
};

/// A range of one group's points: what one thread, or one block of a device's threads, does on its own. All memory is
/// the caller's, aligned to 64 bytes.
template <class T>
struct WorkItem {
  long group = 0;
  long count = 0;          ///< points
  const T* x = nullptr;    ///< [count, d]
  T* memory = nullptr;     ///< SweepTable::workspace_elements
  T* potential = nullptr;  ///< out [count] or null
  T* gradient = nullptr;   ///< out [count, d] or null
  // Parameter gradients only:
  GroupTerms terms{};
  const T* velocity = nullptr;  ///< [count, d] or null
  const T* probes = nullptr;    ///< [probe_count] times [count, d], `probe_stride` apart, or null
  long probe_count = 0, probe_stride = 0;
  const T* gauge = nullptr;  ///< [gauge_count, d]
  long gauge_count = 0;
  T gauge_scale = 0;          ///< what one gauge point counts, relative to one of the points
  WeightView<T> gradients{};  ///< added to: shared arrays in place, a group's own at index `slot`
  long slot = 0;
};

/// The sweeps of one instruction set for one element type.
template <class T>
struct SweepTable {
  long (*shared_elements)(const SweepCall<T>&);
  void (*prepare_shared)(const SweepCall<T>&);
  long (*workspace_elements)(const SweepCall<T>&);
  void (*potential_and_gradient)(const SweepCall<T>&, const WorkItem<T>&);
  GroupSums (*parameter_gradient)(const SweepCall<T>&, const WorkItem<T>&);
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
