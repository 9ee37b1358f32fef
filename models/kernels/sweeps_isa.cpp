// The fused sweeps through a silu network, compiled once per instruction set and chosen at start (sweeps.cpp).
// Notation of README.md: y = W x + b, h = silu(y); all buffers hold one point per row.

#include <math.h>

#include "models/kernels/activation.hpp"
#include "models/kernels/gemm.hpp"
#include "models/kernels/pack.hpp"
#include "models/kernels/sweep_table.hpp"
#include "models/kernels/tile.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {
namespace {

/// Features of `count` points and their slopes; the remaining rows of the tile are zero.
template <class T>
void load_features(const PlainShape& shape, const T* x, long count, Workspace<T>& w) {
  const long d = shape.dimension, stride = padded(shape.features);
  zero(w.feature, kTileRows * stride);
  zero(w.feature_slope, kTileRows * stride);
  for (long p = 0; p < count; ++p) {
    T* feature = w.feature + p * stride;
    T* slope = w.feature_slope + p * stride;
    for (long c = 0; c < d; ++c) {
      const CoordinateFeatures& coordinate = shape.coordinates[c];
      if (coordinate.angular_frequency == 0) {
        *feature++ = x[p * d + c];
        *slope++ = 1;
        continue;
      }
      const T omega = static_cast<T>(coordinate.angular_frequency);
      const T sine = sin(omega * x[p * d + c]), cosine = cos(omega * x[p * d + c]);
      T s = sine, c_k = cosine;
      for (long k = 1; k <= coordinate.harmonics; ++k) {
        *feature++ = s;
        *feature++ = c_k;
        *slope++ = static_cast<T>(k) * omega * c_k;
        *slope++ = -static_cast<T>(k) * omega * s;
        const T next = s * cosine + c_k * sine;  // sin((k + 1) th)
        c_k = c_k * cosine - s * sine;
        s = next;
      }
    }
  }
}

template <class T>
const T* layer_input(const Workspace<T>& w, long l) {
  return l == 0 ? w.feature : w.hidden[l - 1].value;
}
template <class T>
const T* layer_tangent(const Workspace<T>& w, long l) {
  return l == 0 ? w.feature_tangent : w.hidden[l - 1].tangent;
}
template <class T>
T* layer_rate(const Workspace<T>& w, long l) {
  return l == 0 ? w.feature_rate : w.hidden[l - 1].rate;
}

/// Sweep 1: h and the derivatives of silu in every hidden layer.
template <class T, bool second_derivative>
void forward(const PlainShape& shape, long rows, Workspace<T>& w) {
  const long stride = padded(shape.width);
  for (long l = 0; l < shape.hidden_layers; ++l) {
    const PackedLayer<T>& layer = w.layer[l];
    const LayerBuffers<T>& out = w.hidden[l];
    const long in = padded(layer.in);
    const Term<T> term{layer_input(w, l), in, 1, layer.weight_t, stride, layer.in};
    product<T>(
        &term, 1, rows, layer.out, [&](long, long j) { return load<T>(layer.bias + j); },
        [&](long i, long j, Vec<T> y) {
          const Silu<T> f = silu<T>(y);
          store<T>(out.value + i * stride + j, f.value);
          store<T>(out.first + i * stride + j, f.first);
          if constexpr (second_derivative) store<T>(out.second + i * stride + j, f.second);
        });
  }
}

template <class T>
void output_values(const PlainShape& shape, long count, const Workspace<T>& w, T* potential) {
  const PackedLayer<T>& layer = w.layer[shape.hidden_layers];
  const long stride = padded(shape.width);
  const T* h = w.hidden[shape.hidden_layers - 1].value;
  for (long p = 0; p < count; ++p) potential[p] = layer.bias[0] + dot(layer.weight, h + p * stride, stride);
}

/// Sweep 2: adjoint = ds/dy of every hidden layer, then v = grad_x s. Rows from `count` on get no adjoint.
template <class T, bool second_derivative>
void reverse_to_input(const PlainShape& shape, long rows, long count, Workspace<T>& w) {
  const long stride = padded(shape.width), last = shape.hidden_layers - 1;
  const auto apply = [&](const LayerBuffers<T>& out, long i, long j, Vec<T> cotangent) {
    const long at = i * stride + j;
    store<T>(out.adjoint + at, cotangent * load<T>(out.first + at));
    if constexpr (second_derivative) store<T>(out.second + at, cotangent * load<T>(out.second + at));
  };
  const T* output_weight = w.layer[last + 1].weight;
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < stride; j += Simd<T>::lanes)
      apply(w.hidden[last], i, j, i < count ? load<T>(output_weight + j) : Vec<T>{});

  for (long l = last; l >= 0; --l) {
    const PackedLayer<T>& layer = w.layer[l];
    const Term<T> term{w.hidden[l].adjoint, stride, 1, layer.weight, padded(layer.in), layer.out};
    const auto zero_init = [](long, long) { return Vec<T>{}; };
    if (l > 0) {
      const LayerBuffers<T>& below = w.hidden[l - 1];
      product<T>(&term, 1, rows, layer.in, zero_init, [&](long i, long j, Vec<T> g) { apply(below, i, j, g); });
    } else {
      const long features = padded(layer.in);
      product<T>(&term, 1, rows, layer.in, zero_init,
                 [&](long i, long j, Vec<T> g) { store<T>(w.feature_adjoint + i * features + j, g); });
    }
  }

  const long d = shape.dimension, features = padded(shape.features);
  for (long p = 0; p < count; ++p) {
    long j = p * features;
    for (long c = 0; c < d; ++c) {
      T sum = 0;
      for (long k = feature_count(shape.coordinates[c]); k > 0; --k, ++j) sum += w.feature_slope[j] * w.feature_adjoint[j];
      w.gradient[p * d + c] = sum;
    }
  }
}

/// u = kinetic v + velocity X', the tangent of the features along u, and the sums of the first two terms.
template <class T>
void set_direction(const PlainShape& shape, long count, const GroupTerms& terms, const T* velocity, Workspace<T>& w,
                   GroupSums& sums) {
  const long d = shape.dimension, features = padded(shape.features);
  zero(w.feature_tangent, kTileRows * features);
  for (long p = 0; p < count; ++p) {
    double kinetic = 0, along = 0;
    long j = p * features;
    for (long c = 0; c < d; ++c) {
      const T v = w.gradient[p * d + c];
      const T given = velocity ? velocity[p * d + c] : T(0);
      const T u = static_cast<T>(terms.kinetic) * v + static_cast<T>(terms.velocity) * given;
      w.direction[p * d + c] = u;
      kinetic += 0.5 * static_cast<double>(v) * v;
      along += static_cast<double>(given) * v;
      for (long k = feature_count(shape.coordinates[c]); k > 0; --k, ++j) w.feature_tangent[j] = u * w.feature_slope[j];
    }
    sums.kinetic += kinetic;
    sums.velocity += along;
  }
}

/// Sweep 3: directional derivative along (u, time) of every hidden layer; sums.time receives that of s.
template <class T>
void tangent(const PlainShape& shape, long rows, long count, const GroupTerms& terms, Workspace<T>& w,
             GroupSums& sums) {
  const long stride = padded(shape.width);
  const bool rates = terms.time != 0;
  for (long l = 0; l < shape.hidden_layers; ++l) {
    const PackedLayer<T>& layer = w.layer[l];
    const LayerBuffers<T>& out = w.hidden[l];
    const long in = padded(layer.in), rank = padded(layer.rank);
    if (rates && layer.rank > 0) {
      const Term<T> right{layer_input(w, l), in, 1, layer.right_t, rank, layer.in};
      T* rate = layer_rate(w, l);
      product<T>(
          &right, 1, rows, layer.rank, [](long, long) { return Vec<T>{}; },
          [&](long i, long j, Vec<T> z) { store<T>(rate + i * rank + j, z); });
    }
    const Term<T> term[] = {{layer_tangent(w, l), in, 1, layer.weight_t, stride, layer.in},
                            {layer_rate(w, l), rank, 1, layer.left_t, stride, layer.rank}};
    product<T>(
        term, rates && layer.rank > 0 ? 2 : 1, rows, layer.out,
        [&](long, long j) { return rates ? load<T>(layer.bias_rate + j) : Vec<T>{}; },
        [&](long i, long j, Vec<T> y) {
          const long at = i * stride + j;
          store<T>(out.tangent + at, y * load<T>(out.first + at));
          store<T>(out.second + at, y * load<T>(out.second + at));
        });
  }
  if (!rates) return;
  const PackedLayer<T>& output = w.layer[shape.hidden_layers];
  const LayerBuffers<T>& top = w.hidden[shape.hidden_layers - 1];
  const long d = shape.dimension;
  for (long p = 0; p < count; ++p) {
    double along = output.bias_rate[0];
    along += dot(output.weight, top.tangent + p * stride, stride);
    along += dot(w.output_rate, top.value + p * stride, stride);
    for (long c = 0; c < d; ++c) along -= static_cast<double>(w.direction[p * d + c]) * w.gradient[p * d + c];
    sums.time += along / terms.time;
  }
}

/// Adds one tile's outer products of a hidden layer: d_weight += cotangent^T input (+ adjoint^T tangent), and likewise
/// the rates' factors. rate_adjoint holds adjoint * left.
template <class T>
void accumulate_layer(Workspace<T>& w, const PlainShape& shape, long l, long rows, const T* cotangent,
                      bool with_tangent, bool rates) {
  PackedLayer<T>& layer = w.layer[l];
  const long stride = padded(shape.width), in = padded(layer.in), rank = padded(layer.rank);
  const T* adjoint = w.hidden[l].adjoint;
  const Term<T> term[] = {{cotangent, 1, stride, layer_input(w, l), in, rows},
                          {adjoint, 1, stride, layer_tangent(w, l), in, rows}};
  const auto add_to = [](T* target, long target_stride) {
    return [=](long i, long j) { return load<T>(target + i * target_stride + j); };
  };
  const auto write_to = [](T* target, long target_stride) {
    return [=](long i, long j, Vec<T> value) { store<T>(target + i * target_stride + j, value); };
  };
  product<T>(term, with_tangent ? 2 : 1, layer.out, layer.in, add_to(layer.d_weight, in), write_to(layer.d_weight, in));
  for (long i = 0; i < rows; ++i)
    for (long j = 0; j < stride; j += Simd<T>::lanes) {
      store<T>(layer.d_bias + j, load<T>(layer.d_bias + j) + load<T>(cotangent + i * stride + j));
      if (rates) store<T>(layer.d_bias_rate + j, load<T>(layer.d_bias_rate + j) + load<T>(adjoint + i * stride + j));
    }
  if (!rates || layer.rank == 0) return;
  const Term<T> left{adjoint, 1, stride, layer_rate(w, l), rank, rows};
  product<T>(&left, 1, layer.out, layer.rank, add_to(layer.d_left, rank), write_to(layer.d_left, rank));
  const Term<T> right{w.rate_adjoint, 1, rank, layer_input(w, l), in, rows};
  product<T>(&right, 1, layer.rank, layer.in, add_to(layer.d_right, in), write_to(layer.d_right, in));
}

/// Sweep 4: reverse through the pair (values, tangents). The cotangent of a tangent is the adjoint of sweep 2; the
/// cotangent of a value takes the place of `second`.
template <class T>
void reverse_to_weights(const PlainShape& shape, long rows, long count, const GroupTerms& terms, Workspace<T>& w) {
  const long stride = padded(shape.width), last = shape.hidden_layers - 1;
  const bool rates = terms.time != 0;
  PackedLayer<T>& output = w.layer[last + 1];
  const LayerBuffers<T>& top = w.hidden[last];
  const T potential = static_cast<T>(terms.potential);
  for (long i = 0; i < rows; ++i) {
    for (long j = 0; j < stride; j += Simd<T>::lanes) {
      const long at = i * stride + j;
      if (i >= count) {
        store<T>(top.second + at, Vec<T>{});
        continue;
      }
      const Vec<T> q = load<T>(w.output_rate + j) + potential * load<T>(output.weight + j);
      store<T>(top.second + at, q * load<T>(top.first + at) + load<T>(top.second + at));
      const Vec<T> h = load<T>(top.value + at);
      store<T>(output.d_weight + j, load<T>(output.d_weight + j) + potential * h + load<T>(top.tangent + at));
      store<T>(w.value_sum + j, load<T>(w.value_sum + j) + h);
    }
  }
  output.d_bias[0] += potential * static_cast<T>(count);
  output.d_bias_rate[0] += static_cast<T>(count);

  for (long l = last; l >= 0; --l) {
    const PackedLayer<T>& layer = w.layer[l];
    const LayerBuffers<T>& here = w.hidden[l];
    const long in = padded(layer.in), rank = padded(layer.rank);
    if (rates && layer.rank > 0) {
      const Term<T> left{here.adjoint, stride, 1, layer.left, rank, layer.out};
      product<T>(
          &left, 1, rows, layer.rank, [](long, long) { return Vec<T>{}; },
          [&](long i, long j, Vec<T> z) { store<T>(w.rate_adjoint + i * rank + j, z); });
    }
    accumulate_layer(w, shape, l, rows, here.second, true, rates);
    if (l == 0) break;
    const LayerBuffers<T>& below = w.hidden[l - 1];
    const Term<T> term[] = {{here.second, stride, 1, layer.weight, in, layer.out},
                            {w.rate_adjoint, rank, 1, layer.right, in, layer.rank}};
    product<T>(
        term, rates && layer.rank > 0 ? 2 : 1, rows, layer.in, [](long, long) { return Vec<T>{}; },
        [&](long i, long j, Vec<T> q) {
          const long at = i * stride + j;
          store<T>(below.second + at, q * load<T>(below.first + at) + load<T>(below.second + at));
        });
  }
}

/// Gradient of sum s alone: the adjoints of sweep 2 are all it needs.
template <class T>
void accumulate_potential(const PlainShape& shape, long rows, long count, Workspace<T>& w) {
  const long stride = padded(shape.width);
  PackedLayer<T>& output = w.layer[shape.hidden_layers];
  const T* h = w.hidden[shape.hidden_layers - 1].value;
  for (long i = 0; i < count; ++i)
    for (long j = 0; j < stride; ++j) output.d_weight[j] += h[i * stride + j];
  output.d_bias[0] += static_cast<T>(count);
  for (long l = 0; l < shape.hidden_layers; ++l) accumulate_layer(w, shape, l, rows, w.hidden[l].adjoint, false, false);
}

long minimum(long a, long b) { return a < b ? a : b; }

template <class T>
long workspace_elements(const PlainShape& shape, const long* rate_rank, bool gradients) {
  Workspace<T> w;
  return lay_out<T>(w, shape, rate_rank, gradients, nullptr);
}

template <class T>
void potential_and_gradient(const PlainShape& shape, const LayerArrays<const T>* arrays, long group, const T* x,
                            long count, T* potential, T* gradient, T* memory) {
  Workspace<T> w;
  lay_out<T>(w, shape, nullptr, false, memory);
  pack_group<T>(w, shape, arrays, group, T(0));
  const long d = shape.dimension;
  for (long start = 0; start < count; start += kTileRows) {
    const long points = minimum(kTileRows, count - start), rows = padded_rows(points);
    load_features(shape, x + start * d, points, w);
    forward<T, false>(shape, rows, w);
    if (potential) output_values(shape, points, w, potential + start);
    if (!gradient) continue;
    reverse_to_input<T, false>(shape, rows, points, w);
    for (long i = 0; i < points * d; ++i) gradient[start * d + i] = w.gradient[i];
  }
}

template <class T>
GroupSums parameter_gradient(const PlainShape& shape, const LayerArrays<const T>* arrays, long group,
                             const GroupTerms& terms, const T* x, const T* velocity, long count,
                             const LayerArrays<T>* gradients, long gradient_group, T* memory) {
  long rank[kMaxLayers];
  for (long l = 0; l <= shape.hidden_layers; ++l) rank[l] = arrays[l].rate_rank;
  Workspace<T> w;
  lay_out<T>(w, shape, rank, true, memory);
  const T time = static_cast<T>(terms.time);
  pack_group<T>(w, shape, arrays, group, time);
  clear_gradients(w, shape);
  const bool only_potential = terms.kinetic == 0 && terms.velocity == 0 && terms.time == 0;
  const long d = shape.dimension;
  T values[kTileRows];
  GroupSums sums;
  for (long start = 0; start < count; start += kTileRows) {
    const long points = minimum(kTileRows, count - start), rows = padded_rows(points);
    load_features(shape, x + start * d, points, w);
    forward<T, true>(shape, rows, w);
    if (terms.potential != 0) {
      output_values(shape, points, w, values);
      for (long p = 0; p < points; ++p) sums.potential += values[p];
    }
    reverse_to_input<T, true>(shape, rows, points, w);
    set_direction(shape, points, terms, velocity ? velocity + start * d : nullptr, w, sums);
    if (only_potential) {
      accumulate_potential(shape, rows, points, w);
      continue;
    }
    tangent(shape, rows, points, terms, w, sums);
    reverse_to_weights(shape, rows, points, terms, w);
  }
  const T scale = static_cast<T>(only_potential ? terms.scale * terms.potential : terms.scale);
  unpack_gradients<T>(w, shape, gradients, gradient_group, scale, time);
  return sums;
}

template <class T>
constexpr SweepTable<T> make_table() {
  return {workspace_elements<T>, potential_and_gradient<T>, parameter_gradient<T>};
}

}  // namespace

#define SCOREFIELD_JOIN_(a, b) a##b
#define SCOREFIELD_JOIN(a, b) SCOREFIELD_JOIN_(a, b)
}  // namespace scorefield::kernels::SCOREFIELD_ISA

namespace scorefield::kernels {
SweepTable<float> SCOREFIELD_JOIN(sweeps_f32_, SCOREFIELD_ISA)() { return SCOREFIELD_ISA::make_table<float>(); }
SweepTable<double> SCOREFIELD_JOIN(sweeps_f64_, SCOREFIELD_ISA)() { return SCOREFIELD_ISA::make_table<double>(); }
}  // namespace scorefield::kernels
