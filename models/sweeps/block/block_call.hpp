// What the sweeps of a block are called with: plain numbers and pointers, of the device's memory on a device.
#pragma once

#include "models/sweeps/block/block.hpp"

namespace scorefield::kernels {

/// What a call has room for: it travels to the device by value.
constexpr int kMaxBlockLayers = 17, kMaxBlockFeatures = 256;

/// One layer with its weights multiplied out, [G, ...] of all groups, and where the gradients of every slot go,
/// [slots, ...]. Absent arrays are null.
template <class T>
struct BlockLayer {
  int in = 0, out = 0, rank = 0;
  const T* weight = nullptr;                  ///< [G, out, in]
  const T* transposed = nullptr;              ///< [G, in, out]
  const T* bias = nullptr;                    ///< [G, out]
  const T* left = nullptr;                    ///< [G, out, r]: of dW/dt = left right + weight_rate
  const T* right = nullptr;                   ///< [r, in]
  const T* weight_rate = nullptr;             ///< [G, out, in]
  const T* weight_rate_transposed = nullptr;  ///< [G, in, out]
  const T* bias_rate = nullptr;               ///< [G, out]
  T *d_weight = nullptr, *d_bias = nullptr, *d_left = nullptr, *d_right = nullptr, *d_weight_rate = nullptr,
    *d_bias_rate = nullptr;
};

/// One feature of the network: the coordinate itself (harmonic 0), or sine (harmonic k > 0) or cosine (-k) of k times
/// `frequency` times the coordinate.
template <class T>
struct BlockFeature {
  int coordinate = 0, harmonic = 0;
  T frequency = 0;
};

/// Activations of all hidden layers that the sweeps hand to each other, each [hidden, width, kBlockStride].
enum BlockStack { kStackValue, kStackAdjoint, kStackTangent, kStackSquare, kStackMixed, kStacks };

/// A call of the sweeps for all groups. A slot is a range of one group's points, which one block takes tile by tile.
template <class T>
struct BlockCall {
  int dimension = 0, features = 0, width = 0, hidden = 0, max_rank = 0;
  BlockFeature<T> feature[kMaxBlockFeatures];     ///< [f]
  int first_feature[kMaxBlockFeatures + 1] = {};  ///< [d + 1]: coordinate c has features first_feature[c] .. [c + 1]
  BlockLayer<T> layers[kMaxBlockLayers];          ///< [hidden + 1]
  long groups = 0, points = 0;                    ///< G, N
  long ranges = 1, range_points = 0;              ///< of a group
  const T* x = nullptr;                           ///< [G, N, d]

  // The objective (kernels::GroupTerms); absent: values alone.
  const T* terms = nullptr;     ///< [6, G]: kinetic, velocity, time, laplacian, potential, scale
  const T* velocity = nullptr;  ///< [G, N, d] or null: zero
  const T* probes = nullptr;    ///< [P, G, N, d] or null: exact Laplacian
  int probe_count = 0;
  bool rates = false, laplacian = false;
  T* value = nullptr;              ///< [slots]: sums of the objective
  T* velocity_gradient = nullptr;  ///< [G, N, d] or null

  T* potential = nullptr;  ///< [G, N] or null: s
  T* gradient = nullptr;   ///< [G, N, d] or null: grad_x s

  T* scratch = nullptr;   ///< [blocks, stacks that are not in a block's own memory]
  int shared_stacks = 0;  ///< how many of the stacks are in a block's own memory

  [[nodiscard]] SCOREFIELD_BLOCK bool objective() const { return terms != nullptr; }
  [[nodiscard]] SCOREFIELD_BLOCK long slots() const { return groups * ranges; }
};

}  // namespace scorefield::kernels
