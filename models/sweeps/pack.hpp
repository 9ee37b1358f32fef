// From the caller's arrays to padded weights. Per-instruction-set source (core/simd/vector.hpp).
#pragma once

#include "core/simd/product.hpp"
#include "models/sweeps/tile.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

template <class T>
void zero(T* p, long elements) {
  for (long i = 0; i < elements; ++i) p[i] = 0;
}

/// target[i, j] = scale * source[i, j] with padded rows; the padding, or everything for a null source, is zeroed.
template <class T>
void pack(const T* source, long rows, long columns, T scale, T* target) {
  const long stride = padded(columns);
  for (long i = 0; i < rows; ++i) {
    for (long j = 0; j < columns; ++j) target[i * stride + j] = source ? scale * source[i * columns + j] : T(0);
    for (long j = columns; j < stride; ++j) target[i * stride + j] = 0;
  }
}

/// target[j, i] = scale * source[i, j] with padded rows; the padding, or everything for a null source, is zeroed.
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
SCOREFIELD_INLINE T* at_group(const GroupArray<T>& array, long group) {
  return array.data ? array.data + array.stride * group : nullptr;
}

/// Those `count` of a group's values that a layer takes from `start` on.
template <class T>
SCOREFIELD_INLINE T* stretch(T* values, long start, long count) {
  return values && count > 0 ? values + start : nullptr;
}

template <class T>
void pack_shared(SharedLayer<T>* layers, const SweepCall<T>& call) {
  for (long l = 0; l <= call.shape.hidden_layers; ++l) {
    SharedLayer<T>& layer = layers[l];
    const Layer<GroupArray<const T>>& a = call.weights.layers[l];
    const T* weight = a.weight.stride == 0 ? a.weight.data : nullptr;
    pack<T>(weight, layer.out, layer.in, T(1), layer.weight);
    pack_transposed<T>(weight, layer.out, layer.in, T(1), layer.weight_t);
    pack<T>(a.bias.stride == 0 ? a.bias.data : nullptr, 1, layer.out, T(1), layer.bias);
    pack_transposed<T>(a.left.data, layer.out, layer.rank, T(1), layer.left_t);
    pack<T>(a.right.data, layer.rank, layer.in, T(1), layer.right);
    pack_transposed<T>(a.right.data, layer.rank, layer.in, T(1), layer.right_t);
    pack_transposed<T>(a.bias_map.data, layer.out, layer.latents, T(1), layer.map_t);
  }
}

/// target[j] = scale * (start[j] + own[j] + sum_z latent[z] map_t[z, j]); start is padded, own may be null.
template <class T>
void pack_bias(const SharedLayer<T>& shared, const T* start, const T* own, const T* latent, T scale, T* target) {
  const long stride = padded(shared.out);
  for (long j = 0; j < stride; ++j) target[j] = (start ? start[j] : T(0)) + (own && j < shared.out ? own[j] : T(0));
  if (latent)
    for (long z = 0; z < shared.latents; ++z)
      for (long j = 0; j < stride; ++j) target[j] += latent[z] * shared.map_t[z * stride + j];
  for (long j = 0; j < stride; ++j) target[j] *= scale;
}

/// W = weight + left diag(scale) right of one group with these values in both layouts, and its bias.
template <class T>
void pack_weights(GroupLayer<T>& layer, const SharedLayer<T>& shared, const Layer<GroupArray<const T>>& a,
                  const T* values, long group) {
  const long in = shared.in, out = shared.out, rank = shared.rank, in16 = padded(in), out16 = padded(out);
  const T *start = shared.weight, *start_t = shared.weight_t;
  if (a.weight.stride != 0) {
    const T* weight = at_group(a.weight, group);
    pack<T>(weight, out, in, T(1), layer.weight);
    pack_transposed<T>(weight, out, in, T(1), layer.weight_t);
    start = layer.weight;
    start_t = layer.weight_t;
  }
  const T* scale = stretch(values, a.scale_start, rank);
  for (long k = 0; k < rank; ++k)
    for (long j = 0; j < out16; ++j)
      layer.left_t[k * out16 + j] = (scale ? scale[k] : T(0)) * shared.left_t[k * out16 + j];
  const Term<T> low{layer.left_t, 1, out16, shared.right, in16, rank};
  product<T>(&low, 1, out, in, start_from(start, in16), write_to(layer.weight, in16));
  const Term<T> low_t{shared.right, 1, in16, layer.left_t, out16, rank};
  product<T>(&low_t, 1, in, out, start_from(start_t, out16), write_to(layer.weight_t, out16));
  pack_bias<T>(shared, shared.bias, a.bias.stride != 0 ? at_group(a.bias, group) : nullptr,
               stretch(values, a.latent_start, shared.latents), T(1), layer.bias);
}

/// time times the time derivatives of one group's weights and bias, given those of its values.
template <class T>
void pack_rates(GroupLayer<T>& layer, const SharedLayer<T>& shared, const Layer<GroupArray<const T>>& a, const T* rates,
                long group, T time) {
  const long out16 = padded(shared.out), rank16 = padded(shared.rank);
  const T* scale_rate = stretch(rates, a.scale_start, shared.rank);
  zero(layer.rate_left, padded_rows(shared.out) * rank16);
  for (long k = 0; k < shared.rank; ++k) {
    const T factor = scale_rate ? time * scale_rate[k] : T(0);
    for (long j = 0; j < out16; ++j) layer.rate_left_t[k * out16 + j] = factor * shared.left_t[k * out16 + j];
    for (long j = 0; j < shared.out; ++j) layer.rate_left[j * rank16 + k] = layer.rate_left_t[k * out16 + j];
  }
  if (layer.rate) {
    const T* rate = at_group(a.weight_rate, group);
    pack<T>(rate, shared.out, shared.in, time, layer.rate);
    pack_transposed<T>(rate, shared.out, shared.in, time, layer.rate_t);
  }
  pack_bias<T>(shared, nullptr, at_group(a.bias_rate, group), stretch(rates, a.latent_start, shared.latents), time,
               layer.bias_rate);
}

template <class T>
void pack_group(Workspace<T>& w, const SweepCall<T>& call, const SharedLayer<T>* shared, long group, T time) {
  const PlainShape& shape = call.shape;
  const long last = shape.hidden_layers, stride = padded(shape.width);
  const T *values = at_group(call.weights.values, group), *rates = at_group(call.weights.rates, group);
  for (long l = 0; l <= last; ++l) {
    const Layer<GroupArray<const T>>& a = call.weights.layers[l];
    pack_weights(w.layer[l], shared[l], a, values, group);
    if (time != 0 && w.layer[l].bias_rate) pack_rates(w.layer[l], shared[l], a, rates, group, time);
  }
  zero(w.output_rate, stride);
  if (time == 0) return;
  const GroupLayer<T>& output = w.layer[last];
  for (long k = 0; k < shared[last].rank; ++k)
    for (long j = 0; j < shape.width; ++j) w.output_rate[j] += output.rate_left[k] * shared[last].right[k * stride + j];
  if (output.rate)
    for (long j = 0; j < shape.width; ++j) w.output_rate[j] += output.rate[j];
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
