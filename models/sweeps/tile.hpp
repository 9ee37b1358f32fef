// Packed weights and the buffers of one tile of points. Per-instruction-set source (core/simd/vector.hpp).
#pragma once

#include "core/simd/vector.hpp"
#include "models/sweeps/sweep_table.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

using namespace simd::SCOREFIELD_ISA;

/// Most points that go through the network together: for values and gradients alone, and with parameter gradients.
constexpr long kValueTileRows = 96;
constexpr long kTileRows = 48;

/// Points of a tile: as many as keep all their activations in the second-level cache. Values and gradients alone
/// (kValues) keep silu' of every layer and two alternating buffers each of h and its adjoint; the more of them there
/// are, the seldomer the weights, which fill the cache at width 128, are read again.
template <class T>
SCOREFIELD_INLINE long tile_rows(const PlainShape& shape, int order) {
  constexpr long kCacheBytes = 1 << 20;
  const long layers = shape.hidden_layers;
  const long arrays = order == kValues ? layers + 4 : (order == kLaplacian ? 11 : 5) * layers;
  const long most = order == kValues ? kValueTileRows : kTileRows;
  const long rows =
      kCacheBytes / (arrays * padded(shape.width) * static_cast<long>(sizeof(T))) / kBlockRows * kBlockRows;
  return rows < kBlockRows ? kBlockRows : rows > most ? most : rows;
}

SCOREFIELD_INLINE long input_count(const PlainShape& shape, long layer) {
  return layer == 0 ? shape.features : shape.width;
}
SCOREFIELD_INLINE long output_count(const PlainShape& shape, long layer) {
  return layer < shape.hidden_layers ? shape.width : shape.components > 0 ? shape.components : 1;
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
  /// Reading whole blocks of six rows may pass the end of a matrix by a few elements of the next.
  T* matrix(long rows, long columns) { return take(padded_rows(rows) * padded(columns)); }
};

/// What the groups share of one layer, in the layouts that the sweeps read. Written once per call, then only read.
template <class T>
struct SharedLayer {
  long in, out, rank, latents;
  T* weight;    ///< [out, in16]; zero when the groups have their own
  T* weight_t;  ///< [in, out16]
  T* bias;      ///< [out16]
  T* left_t;    ///< [r, out16]
  T* right;     ///< [r, in16]
  T* right_t;   ///< [in, r16]
  T* map_t;     ///< [z, out16]
};

/// One layer of one group, and the gradient sums of one work item.
template <class T>
struct GroupLayer {
  T* weight;       ///< [out, in16]
  T* weight_t;     ///< [in, out16]
  T* bias;         ///< [out16]
  T* left_t;       ///< [r, out16]: left diag(scale), transposed
  T* rate_left;    ///< [out, r16]: time left diag(scale_rate)
  T* rate_left_t;  ///< [r, out16]
  T* rate;         ///< [out, in16]: time weight_rate
  T* rate_t;       ///< [in, out16]
  T* bias_rate;    ///< [out16], times `time`
  T* d_weight;     ///< [out, in16]
  T* d_bias;       ///< [out16]
  T* d_rate_left;  ///< [out, r16]
  T* d_right;      ///< [r, in16]: the part through the rate
  T* d_rate;       ///< [out, in16]
  T* d_bias_rate;  ///< [out16]
};

/// What one tile keeps of one hidden layer, each [rows, width16] unless said otherwise.
template <class T>
struct LayerBuffers {
  T* value;    ///< h = silu(y)
  T* first;    ///< silu'(y)
  T* second;   ///< silu''(y); at the end the cotangent of y
  T* adjoint;  ///< a = ds/dy, which is also the cotangent of the tangent of y
  T* tangent;  ///< tangent of h
  T* rate;     ///< [rows, r16]: right * h of the next layer
  // With a Laplacian:
  T* third;      ///< silu'''(y), then times ds/dh
  T* curvature;  ///< silu''(y) ds/dh
  T* square;     ///< weighted sum over directions of (dy/d direction)^2
  T* mixed;      ///< what the directions add to the cotangent of y
  T* slope;      ///< dy/d direction, then its cotangent
  T* jet;        ///< dh/d direction
};

template <class T>
struct Workspace {
  GroupLayer<T> layer[kMaxLayers];
  LayerBuffers<T> hidden[kMaxLayers];
  T* feature;            ///< [rows, f16]
  T* feature_slope;      ///< [rows, f16], derivative with respect to the feature's coordinate
  T* feature_curvature;  ///< [rows, f16], second derivative
  T* feature_adjoint;    ///< [rows, f16]
  T* feature_tangent;    ///< [rows, f16]
  T* feature_jet;        ///< [rows, f16]
  T* feature_rate;       ///< [rows, r16]
  T* rate_adjoint;       ///< [rows, r16]
  T* output_rate;        ///< [width16]: time derivative of the output layer's weights, times `time`
  T* value_sum;          ///< [width16]: sum of the last h, for the gradient of output_rate
  T* gradient;           ///< [rows, d16]: v = grad_x s
  T* direction;          ///< [rows, d16]
  T* unit;               ///< [rows, d16]: a unit vector for every point
  T* output;             ///< [rows, d16], of a field: its components, then their cotangent
  T* product;            ///< [width6, r16] or [r6, width16]: scratch of the gradients of left and right
};

template <class T>
SCOREFIELD_INLINE long rank_of(const SweepCall<T>& call, long layer) {
  return call.weights.layers[layer].left.columns;
}

/// Lays what the groups share out in call.shared and returns the number of elements it takes (null: only counts).
template <class T>
long lay_out_shared(SharedLayer<T>* layers, const SweepCall<T>& call) {
  Arena<T> arena{call.shared};
  for (long l = 0; l <= call.shape.hidden_layers; ++l) {
    SharedLayer<T>& layer = layers[l];
    layer = {};
    layer.in = input_count(call.shape, l);
    layer.out = output_count(call.shape, l);
    layer.rank = rank_of(call, l);
    layer.latents = call.weights.layers[l].bias_map.columns;
    layer.weight = arena.matrix(layer.out, layer.in);
    layer.weight_t = arena.matrix(layer.in, layer.out);
    layer.bias = arena.matrix(1, layer.out);
    layer.left_t = arena.matrix(layer.rank, layer.out);
    layer.right = arena.matrix(layer.rank, layer.in);
    layer.right_t = arena.matrix(layer.in, layer.rank);
    layer.map_t = arena.matrix(layer.latents, layer.out);
  }
  arena.take(kBlockRows * kPad);
  return arena.used;
}

/// A group's packed weights and gradient sums.
template <class T>
void lay_out_weights(GroupLayer<T>& layer, const SweepCall<T>& call, long l, Arena<T>& arena) {
  const long in = input_count(call.shape, l), out = output_count(call.shape, l), rank = rank_of(call, l);
  const bool dense_rate = call.weights.layers[l].weight_rate.data != nullptr;
  layer = {};
  layer.weight = arena.matrix(out, in);
  layer.weight_t = arena.matrix(in, out);
  layer.bias = arena.matrix(1, out);
  layer.left_t = arena.matrix(rank, out);
  if (call.order == kValues) return;
  layer.rate_left = arena.matrix(out, rank);
  layer.rate_left_t = arena.matrix(rank, out);
  if (dense_rate) layer.rate = arena.matrix(out, in);
  if (dense_rate) layer.rate_t = arena.matrix(in, out);
  layer.bias_rate = arena.matrix(1, out);
  layer.d_weight = arena.matrix(out, in);
  layer.d_bias = arena.matrix(1, out);
  layer.d_rate_left = arena.matrix(out, rank);
  layer.d_right = arena.matrix(rank, in);
  if (dense_rate) layer.d_rate = arena.matrix(out, in);
  layer.d_bias_rate = arena.matrix(1, out);
}

/// What a tile keeps of hidden layer l.
template <class T>
void lay_out_buffers(LayerBuffers<T>* hidden, const SweepCall<T>& call, long l, long rows, Arena<T>& arena) {
  const long width = call.shape.width;
  const bool gradients = call.order >= kGradients, alternate = !gradients && l >= 2;
  LayerBuffers<T>& buffers = hidden[l];
  buffers = {};
  buffers.value = alternate ? hidden[l - 2].value : arena.matrix(rows, width);
  buffers.first = arena.matrix(rows, width);
  buffers.adjoint = alternate ? hidden[l - 2].adjoint : arena.matrix(rows, width);
  if (!gradients) return;
  buffers.second = arena.matrix(rows, width);
  buffers.tangent = arena.matrix(rows, width);
  buffers.rate = arena.matrix(rows, rank_of(call, l + 1));
  if (call.order != kLaplacian) return;
  T** const extra[] = {&buffers.third, &buffers.curvature, &buffers.square,
                       &buffers.mixed, &buffers.slope,     &buffers.jet};
  for (T** buffer : extra) *buffer = arena.matrix(rows, width);
}

/// Lays the workspace out in `base` and returns the number of elements it takes (base may be null to count).
template <class T>
long lay_out(Workspace<T>& w, const SweepCall<T>& call, T* base) {
  Arena<T> arena{base};
  const PlainShape& shape = call.shape;
  const long rows = call.order == kValues ? kValueTileRows : kTileRows;
  long largest_rank = 0, widest = shape.features > shape.width ? shape.features : shape.width;
  for (long l = 0; l <= shape.hidden_layers; ++l) {
    if (rank_of(call, l) > largest_rank) largest_rank = rank_of(call, l);
    lay_out_weights(w.layer[l], call, l, arena);
  }
  for (long l = 0; l < shape.hidden_layers; ++l) lay_out_buffers(w.hidden, call, l, rows, arena);
  T** const feature_buffers[] = {&w.feature,         &w.feature_slope,   &w.feature_curvature,
                                 &w.feature_adjoint, &w.feature_tangent, &w.feature_jet};
  for (T** buffer : feature_buffers) *buffer = arena.matrix(rows, shape.features);
  w.feature_rate = arena.matrix(rows, rank_of(call, 0));
  w.rate_adjoint = arena.matrix(rows, largest_rank);
  w.output_rate = arena.matrix(1, shape.width);
  w.value_sum = arena.matrix(1, shape.width);
  w.gradient = arena.matrix(rows, shape.dimension);
  w.direction = arena.matrix(rows, shape.dimension);
  w.unit = arena.matrix(rows, shape.dimension);
  w.output = arena.matrix(rows, shape.components);
  const long tall = padded_rows(widest) * padded(largest_rank), wide = padded_rows(largest_rank) * padded(widest);
  w.product = arena.take(tall > wide ? tall : wide);
  arena.take(kBlockRows * kPad);
  return arena.used;
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
