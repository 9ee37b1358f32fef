// Packed weights of one group and the buffers of one tile of points. Per-instruction-set source (see simd.hpp).
#pragma once

#include "models/kernels/network.hpp"
#include "models/kernels/simd.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

/// Points that go through the network together: all their activations stay in the second-level cache.
constexpr long kTileRows = 48;
constexpr int kMaxLayers = 64;

SCOREFIELD_INLINE long input_count(const PlainShape& shape, long layer) {
  return layer == 0 ? shape.features : shape.width;
}
SCOREFIELD_INLINE long output_count(const PlainShape& shape, long layer) {
  return layer == shape.hidden_layers ? 1 : shape.width;
}
SCOREFIELD_INLINE long feature_count(const CoordinateFeatures& coordinate) {
  return coordinate.angular_frequency == 0 ? 1 : 2 * coordinate.harmonics;
}

/// Hands out aligned pieces of one block of memory; with a null base it only counts.
template <class T>
struct Arena {
  T* base;
  long used = 0;
  T* take(long elements) {
    T* piece = base ? base + used : nullptr;
    used += padded(elements);
    return piece;
  }
};

/// One layer's weights in the two layouts that the sweeps read, and its gradient sums.
template <class T>
struct PackedLayer {
  long in, out, rank;
  T* weight;        ///< [out, in16]
  T* weight_t;      ///< [in, out16]
  T* bias;          ///< [out16]
  T* left;          ///< [out, r16], times GroupTerms::time
  T* left_t;        ///< [r, out16], times GroupTerms::time
  T* right;         ///< [r, in16]
  T* right_t;       ///< [in, r16]
  T* bias_rate;     ///< [out16], times GroupTerms::time
  T* d_weight;      ///< [out6, in16]
  T* d_bias;        ///< [out16]
  T* d_left;        ///< [out6, r16]
  T* d_right;       ///< [r6, in16]
  T* d_bias_rate;   ///< [out16]
};

/// What one tile keeps of one hidden layer, each [rows, width16].
template <class T>
struct LayerBuffers {
  T* value;    ///< h = silu(y)
  T* first;    ///< silu'(y)
  T* second;   ///< silu''(y); then silu''(y) ds/dh; then that times the tangent of y; then the last cotangent of y
  T* adjoint;  ///< ds/dy, which is also the last cotangent of the tangent of y
  T* tangent;  ///< directional derivative of h
  T* rate;     ///< [rows, r16]: right * h of the next layer
};

template <class T>
struct Workspace {
  PackedLayer<T> layer[kMaxLayers];
  LayerBuffers<T> hidden[kMaxLayers];
  T* feature;          ///< [rows, f16]
  T* feature_slope;    ///< [rows, f16], derivative with respect to the feature's coordinate
  T* feature_adjoint;  ///< [rows, f16]
  T* feature_tangent;  ///< [rows, f16]
  T* feature_rate;     ///< [rows, r16]
  T* rate_adjoint;     ///< [rows, r16]
  T* output_rate;      ///< [width16]: time derivative of the output layer's weights, times GroupTerms::time
  T* value_sum;        ///< [width16]: sum of the last h, for the gradient of output_rate
  T* gradient;         ///< [rows, d16]: v = grad_x s
  T* direction;        ///< [rows, d16]
};

/// Lays the workspace out in `base` and returns the number of elements it takes (base may be null to count).
template <class T>
long lay_out(Workspace<T>& w, const PlainShape& shape, const long* rate_rank, bool gradients, T* base) {
  Arena<T> arena{base};
  // Reading whole blocks of six rows may pass the end of a buffer by a few elements of the next.
  const auto matrix = [&](long rows, long columns) { return arena.take(padded_rows(rows) * padded(columns)); };
  const long hidden_layers = shape.hidden_layers, rows = kTileRows, features = shape.features;
  for (long l = 0; l <= hidden_layers; ++l) {
    PackedLayer<T>& layer = w.layer[l];
    layer = {};
    layer.in = input_count(shape, l);
    layer.out = output_count(shape, l);
    layer.rank = rate_rank ? rate_rank[l] : 0;
    layer.weight = matrix(layer.out, layer.in);
    layer.weight_t = matrix(layer.in, layer.out);
    layer.bias = matrix(1, layer.out);
    if (!gradients) continue;
    layer.left = matrix(layer.out, layer.rank);
    layer.left_t = matrix(layer.rank, layer.out);
    layer.right = matrix(layer.rank, layer.in);
    layer.right_t = matrix(layer.in, layer.rank);
    layer.bias_rate = matrix(1, layer.out);
    layer.d_weight = matrix(layer.out, layer.in);
    layer.d_bias = matrix(1, layer.out);
    layer.d_left = matrix(layer.out, layer.rank);
    layer.d_right = matrix(layer.rank, layer.in);
    layer.d_bias_rate = matrix(1, layer.out);
  }
  for (long l = 0; l < hidden_layers; ++l) {
    LayerBuffers<T>& buffers = w.hidden[l];
    buffers = {};
    buffers.value = matrix(rows, shape.width);
    buffers.first = matrix(rows, shape.width);
    buffers.adjoint = matrix(rows, shape.width);
    if (!gradients) continue;
    buffers.second = matrix(rows, shape.width);
    buffers.tangent = matrix(rows, shape.width);
    buffers.rate = matrix(rows, w.layer[l + 1].rank);
  }
  w.feature = matrix(rows, features);
  w.feature_slope = matrix(rows, features);
  w.feature_adjoint = matrix(rows, features);
  w.feature_tangent = matrix(rows, features);
  w.feature_rate = matrix(rows, w.layer[0].rank);
  long largest_rank = 0;
  for (long l = 0; l <= hidden_layers; ++l)
    if (w.layer[l].rank > largest_rank) largest_rank = w.layer[l].rank;
  w.rate_adjoint = matrix(rows, largest_rank);
  w.output_rate = matrix(1, shape.width);
  w.value_sum = matrix(1, shape.width);
  w.gradient = matrix(rows, shape.dimension);
  w.direction = matrix(rows, shape.dimension);
  arena.take(kBlockRows * kPad);
  return arena.used;
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
