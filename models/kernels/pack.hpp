// From the caller's per-group arrays to padded tiles and back. Per-instruction-set source (see simd.hpp).
#pragma once

#include "models/kernels/tile.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

template <class T>
void zero(T* p, long elements) {
  for (long i = 0; i < elements; ++i) p[i] = 0;
}

/// target[i, j] = scale * source[i, j] with padded rows; the padding is zeroed.
template <class T>
void pack(const T* source, long rows, long columns, T scale, T* target) {
  const long stride = padded(columns);
  for (long i = 0; i < rows; ++i) {
    for (long j = 0; j < columns; ++j) target[i * stride + j] = source ? scale * source[i * columns + j] : T(0);
    for (long j = columns; j < stride; ++j) target[i * stride + j] = 0;
  }
}

/// target[j, i] = scale * source[i, j] with padded rows; the padding is zeroed.
template <class T>
void pack_transposed(const T* source, long rows, long columns, T scale, T* target) {
  const long stride = padded(rows);
  constexpr long block = 16;
  for (long j0 = 0; j0 < columns; j0 += block)
    for (long i = 0; i < stride; ++i)
      for (long j = j0; j < (j0 + block < columns ? j0 + block : columns); ++j)
        target[j * stride + i] = source && i < rows ? scale * source[i * columns + j] : T(0);
}

template <class T>
const T* at_group(const T* base, long stride, long group) {
  return base ? base + stride * group : nullptr;
}

/// Packs the weights of one group; rates only when the tangent needs them, multiplied by `time`.
template <class T>
void pack_group(Workspace<T>& w, const PlainShape& shape, const LayerArrays<const T>* arrays, long group, T time) {
  for (long l = 0; l <= shape.hidden_layers; ++l) {
    PackedLayer<T>& layer = w.layer[l];
    const LayerArrays<const T>& a = arrays[l];
    const T* weight = at_group(a.weight, a.weight_stride, group);
    pack<T>(weight, layer.out, layer.in, T(1), layer.weight);
    pack_transposed<T>(weight, layer.out, layer.in, T(1), layer.weight_t);
    pack<T>(at_group(a.bias, a.bias_stride, group), 1, layer.out, T(1), layer.bias);
    if (time == 0 || !layer.bias_rate) continue;
    const T* left = at_group(a.rate_left, a.rate_left_stride, group);
    const T* right = at_group(a.rate_right, a.rate_right_stride, group);
    pack<T>(left, layer.out, layer.rank, time, layer.left);
    pack_transposed<T>(left, layer.out, layer.rank, time, layer.left_t);
    pack<T>(right, layer.rank, layer.in, T(1), layer.right);
    pack_transposed<T>(right, layer.rank, layer.in, T(1), layer.right_t);
    pack<T>(at_group(a.bias_rate, a.bias_rate_stride, group), 1, layer.out, time, layer.bias_rate);
  }
  zero(w.output_rate, padded(shape.width));
  const PackedLayer<T>& output = w.layer[shape.hidden_layers];
  if (time != 0)
    for (long k = 0; k < output.rank; ++k)
      for (long j = 0; j < shape.width; ++j) w.output_rate[j] += output.left[k] * output.right[k * padded(shape.width) + j];
}

template <class T>
void clear_gradients(Workspace<T>& w, const PlainShape& shape) {
  for (long l = 0; l <= shape.hidden_layers; ++l) {
    PackedLayer<T>& layer = w.layer[l];
    zero(layer.d_weight, padded_rows(layer.out) * padded(layer.in));
    zero(layer.d_bias, padded(layer.out));
    zero(layer.d_left, padded_rows(layer.out) * padded(layer.rank));
    zero(layer.d_right, padded_rows(layer.rank) * padded(layer.in));
    zero(layer.d_bias_rate, padded(layer.out));
  }
  zero(w.value_sum, padded(shape.width));
}

/// target[i, j] = scale * source[i, j], dropping the padding; nothing when target is null.
template <class T>
void unpack(const T* source, long rows, long columns, T scale, T* target) {
  if (!target) return;
  const long stride = padded(columns);
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < columns; ++j) target[i * columns + j] = scale * source[i * stride + j];
}

/// Writes the gradient of one group; `time` as in pack_group.
template <class T>
void unpack_gradients(Workspace<T>& w, const PlainShape& shape, const LayerArrays<T>* arrays, long group, T scale,
                      T time) {
  const long last = shape.hidden_layers;
  PackedLayer<T>& output = w.layer[last];
  // The output layer's rate enters as one vector, left * right: its factors' gradients follow from value_sum.
  for (long k = 0; k < output.rank; ++k) {
    T sum = 0;
    for (long j = 0; j < output.in; ++j) {
      const T right = time != 0 ? output.right[k * padded(output.in) + j] : T(0);
      const T left = time != 0 ? output.left[k] : T(0);
      sum += right * w.value_sum[j];
      output.d_right[k * padded(output.in) + j] = left * w.value_sum[j];
    }
    output.d_left[k] = sum;
  }
  const auto at = [group](T* base, long stride) { return base ? base + stride * group : nullptr; };
  for (long l = 0; l <= last; ++l) {
    const PackedLayer<T>& layer = w.layer[l];
    const LayerArrays<T>& a = arrays[l];
    unpack<T>(layer.d_weight, layer.out, layer.in, scale, at(a.weight, a.weight_stride));
    unpack<T>(layer.d_bias, 1, layer.out, scale, at(a.bias, a.bias_stride));
    unpack<T>(layer.d_left, layer.out, layer.rank, scale * time, at(a.rate_left, a.rate_left_stride));
    unpack<T>(layer.d_right, layer.rank, layer.in, scale, at(a.rate_right, a.rate_right_stride));
    unpack<T>(layer.d_bias_rate, 1, layer.out, scale * time, at(a.bias_rate, a.bias_rate_stride));
  }
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
