// From the gradient sums of one work item to the caller's arrays. Per-instruction-set source (core/simd/vector.hpp).
#pragma once

#include "core/simd/math.hpp"
#include "models/sweeps/pack.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

template <class T>
void clear_gradients(Workspace<T>& w, const PlainShape& shape, const SharedLayer<T>* shared) {
  for (long l = 0; l <= shape.hidden_layers; ++l) {
    GroupLayer<T>& layer = w.layer[l];
    const long in = shared[l].in, out = shared[l].out, rank = shared[l].rank;
    zero(layer.d_weight, padded_rows(out) * padded(in));
    zero(layer.d_bias, padded(out));
    zero(layer.d_rate_left, padded_rows(out) * padded(rank));
    zero(layer.d_right, padded_rows(rank) * padded(in));
    if (layer.d_rate) zero(layer.d_rate, padded_rows(out) * padded(in));
    zero(layer.d_bias_rate, padded(out));
  }
  zero(w.value_sum, padded(shape.width));
}

/// target[i, j] += scale * source[i, j], dropping the padding; nothing when target is null.
template <class T>
void add(const T* source, long rows, long columns, T scale, T* target) {
  if (!target) return;
  const long stride = padded(columns);
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < columns; ++j) target[i * columns + j] += scale * source[i * stride + j];
}

/// d_map += gradient latent^T and d_latent += map^T gradient, times scale.
template <class T>
void add_bias_factors(const SharedLayer<T>& shared, const T* gradient, const T* latent, T scale, T* d_map,
                      T* d_latent) {
  if (!latent) return;
  const long latents = shared.latents, stride = padded(shared.out);
  if (d_map)
    for (long j = 0; j < shared.out; ++j)
      for (long z = 0; z < latents; ++z) d_map[j * latents + z] += scale * gradient[j] * latent[z];
  if (d_latent)
    for (long z = 0; z < latents; ++z) d_latent[z] += scale * dot(shared.map_t + z * stride, gradient, stride);
}

/// Where one work item's gradients come from and go to: layer by layer, with its group's values and rates and those of
/// its slot, times `scale`.
template <class T>
struct Share {
  const SweepCall<T>& call;
  const WorkItem<T>& item;
  T scale, time;
  const T *values, *rates;
  T *d_values, *d_rates;

  SCOREFIELD_INLINE Share(const SweepCall<T>& of, const WorkItem<T>& from, T times, T weight_of_time)
      : call(of),
        item(from),
        scale(times),
        time(weight_of_time),
        values(at_group(of.weights.values, from.group)),
        rates(time != 0 ? at_group(of.weights.rates, from.group) : nullptr),
        d_values(at_group(from.gradients.values, from.slot)),
        d_rates(at_group(from.gradients.rates, from.slot)) {}
};

/// The gradient of left diag(scale) right of layer l, given that of the product (and of its rate, whose left factor
/// alone is known).
template <class T>
void add_low_rank(Workspace<T>& w, const SharedLayer<T>& shared, long l, const Share<T>& share) {
  const GroupLayer<T>& layer = w.layer[l];
  const Layer<GroupArray<const T>>& a = share.call.weights.layers[l];
  const Layer<GroupArray<T>>& target = share.item.gradients.layers[l];
  const long in = shared.in, out = shared.out, rank = shared.rank;
  const long in16 = padded(in), out16 = padded(out), rank16 = padded(rank);
  const T scale = share.scale, time = share.time;
  const T *s = stretch(share.values, a.scale_start, rank), *s_rate = stretch(share.rates, a.scale_start, rank);
  T *d_s = stretch(share.d_values, target.scale_start, rank),
    *d_s_rate = stretch(share.d_rates, target.scale_start, rank);

  // d(left diag(scale)) = d_weight right^T
  const Term<T> by_right{layer.d_weight, in16, 1, shared.right_t, rank16, in};
  product<T>(&by_right, 1, out, rank, start_from_zero<T>(), write_to(w.product, rank16));
  for (long k = 0; k < rank; ++k) {
    T sum = 0, rate_sum = 0;
    for (long j = 0; j < out; ++j) {
      const T left = shared.left_t[k * out16 + j];
      const T d_left = scale * w.product[j * rank16 + k];
      const T d_rate = scale * time * layer.d_rate_left[j * rank16 + k];
      sum = multiply_add(left, d_left, sum);
      rate_sum = multiply_add(left, d_rate, rate_sum);
      if (target.left.data)
        target.left.data[j * rank + k] += multiply_add(s_rate ? s_rate[k] : T(0), d_rate, (s ? s[k] : T(0)) * d_left);
    }
    if (d_s) d_s[k] += sum;
    if (d_s_rate && s_rate) d_s_rate[k] += rate_sum;
  }
  // d_right = diag(scale) left^T d_weight, beside the part through the rate
  if (!target.right.data) return;
  const Term<T> by_left{layer.left_t, out16, 1, layer.d_weight, in16, out};
  product<T>(&by_left, 1, rank, in, start_from(layer.d_right, in16), write_to(w.product, in16));
  add<T>(w.product, rank, in, scale, target.right.data);
}

/// The output layer's rate enters as one vector: its factors' gradients follow from value_sum.
template <class T>
void complete_output_rate(Workspace<T>& w, const PlainShape& shape, const SharedLayer<T>& shared) {
  const long stride = padded(shape.width);
  GroupLayer<T>& output = w.layer[shape.hidden_layers];
  for (long k = 0; k < shared.rank; ++k) {
    output.d_rate_left[k] = dot(shared.right + k * stride, w.value_sum, stride);
    for (long j = 0; j < shape.width; ++j) output.d_right[k * stride + j] = output.rate_left[k] * w.value_sum[j];
  }
  if (output.d_rate)
    for (long j = 0; j < shape.width; ++j) output.d_rate[j] = w.value_sum[j];
}

/// Adds the gradient of one work item: shared arrays in place (stride 0), a group's own to those of its slot.
template <class T>
void add_gradients(Workspace<T>& w, const SharedLayer<T>* shared, const Share<T>& share) {
  const long last = share.call.shape.hidden_layers, slot = share.item.slot;
  const T scale = share.scale, time = share.time;
  if (time != 0) complete_output_rate(w, share.call.shape, shared[last]);
  for (long l = 0; l <= last; ++l) {
    const GroupLayer<T>& layer = w.layer[l];
    const Layer<GroupArray<const T>>& a = share.call.weights.layers[l];
    const Layer<GroupArray<T>>& target = share.item.gradients.layers[l];
    const long in = shared[l].in, out = shared[l].out, latents = shared[l].latents;
    add<T>(layer.d_weight, out, in, scale, at_group(target.weight, slot));
    add<T>(layer.d_bias, 1, out, scale, at_group(target.bias, slot));
    if (shared[l].rank > 0) add_low_rank(w, shared[l], l, share);
    add_bias_factors<T>(shared[l], layer.d_bias, stretch(share.values, a.latent_start, latents), scale,
                        target.bias_map.data, stretch(share.d_values, target.latent_start, latents));
    if (time == 0) continue;
    add_bias_factors<T>(shared[l], layer.d_bias_rate, stretch(share.rates, a.latent_start, latents), scale * time,
                        target.bias_map.data, stretch(share.d_rates, target.latent_start, latents));
    if (layer.d_rate) add<T>(layer.d_rate, out, in, scale * time, at_group(target.weight_rate, slot));
    add<T>(layer.d_bias_rate, 1, out, scale * time, at_group(target.bias_rate, slot));
  }
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
