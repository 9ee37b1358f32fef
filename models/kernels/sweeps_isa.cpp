// The fused sweeps through a silu network, compiled once per instruction set and chosen at start (sweeps.cpp).
// Notation of README.md: y = W x + b, h = silu(y); all buffers hold one point per row.

#include "models/kernels/accumulate.hpp"
#include "models/kernels/pack.hpp"
#include "models/kernels/sweep_laplacian.hpp"
#include "models/kernels/sweep_table.hpp"
#include "models/kernels/sweep_values.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {
namespace {

/// u = kinetic v + velocity X', the tangent of the features along u, and the sums of the first two terms.
template <class T>
void set_direction(const Tile<T>& tile, const GroupTerms& terms, const T* velocity, GroupSums& sums) {
  Workspace<T>& w = tile.w;
  for (long i = 0; i < tile.points * tile.shape.dimension; ++i) {
    const T v = w.gradient[i];
    const T given = velocity ? velocity[i] : T(0);
    w.direction[i] = static_cast<T>(terms.kinetic) * v + static_cast<T>(terms.velocity) * given;
    sums.kinetic += 0.5 * static_cast<double>(v) * v;
    sums.velocity += static_cast<double>(given) * v;
  }
  feature_tangent(tile.shape, w, w.direction, tile.points, w.feature_tangent);
}

/// Sweep 3: the directional derivative along (u, time), plus the second-order part of the Laplacian, of every hidden
/// layer; sums.transport receives what the output has of it beyond u.v.
template <class T, int order>
void tangent(const Tile<T>& tile, const GroupTerms& terms, GroupSums& sums) {
  Workspace<T>& w = tile.w;
  const long stride = tile.stride, width = tile.shape.width;
  const bool rates = terms.time != 0;
  for (long l = 0; l < tile.shape.hidden_layers; ++l) {
    const GroupLayer<T>& layer = w.layer[l];
    const LayerBuffers<T>& out = w.hidden[l];
    const long in = tile.shared[l].in, rank = tile.shared[l].rank, in16 = tile.in16(l), rank16 = tile.rank16(l);
    Term<T> term[3] = {{tile.tangent(l), in16, 1, layer.weight_t, stride, in}};
    int count = 1;
    if (rates && rank > 0) {
      const Term<T> right{tile.input(l), in16, 1, tile.shared[l].right_t, rank16, in};
      product<T>(&right, 1, tile.rows, rank, start_from_zero<T>(), write_to(tile.rate(l), rank16));
      term[count++] = {tile.rate(l), rank16, 1, layer.rate_left_t, stride, rank};
    }
    if (rates && layer.rate) term[count++] = {tile.input(l), in16, 1, layer.rate_t, stride, in};
    product<T>(
        term, count, tile.rows, width, [&](long, long j) { return rates ? load<T>(layer.bias_rate + j) : Vec<T>{}; },
        [&](long i, long j, Vec<T> y) {
          const long at = i * stride + j;
          if constexpr (order == kLaplacian) {
            const Vec<T> square = load<T>(out.square + at);
            store<T>(out.tangent + at, y * load<T>(out.first + at) + square * load<T>(out.second + at));
            store<T>(out.second + at,
                     y * load<T>(out.curvature + at) + square * load<T>(out.third + at) + load<T>(out.mixed + at));
          } else {
            store<T>(out.tangent + at, y * load<T>(out.first + at));
            store<T>(out.second + at, y * load<T>(out.second + at));
          }
        });
  }
  if (!rates && terms.laplacian == 0) return;
  const GroupLayer<T>& output = w.layer[tile.shape.hidden_layers];
  const LayerBuffers<T>& top = w.hidden[tile.shape.hidden_layers - 1];
  const long d = tile.shape.dimension;
  for (long p = 0; p < tile.points; ++p) {
    double along = rates ? output.bias_rate[0] : T(0);
    along += dot(output.weight, top.tangent + p * stride, stride);
    along += dot(w.output_rate, top.value + p * stride, stride);
    for (long c = 0; c < d; ++c) along -= static_cast<double>(w.direction[p * d + c]) * w.gradient[p * d + c];
    sums.transport += tile.scale * along;
  }
}

/// Adds one tile's outer products of a hidden layer: d_weight += cotangent^T input (+ adjoint^T tangent), and likewise
/// the rates' factors. rate_adjoint holds adjoint * rate_left.
template <class T>
void accumulate_layer(const Tile<T>& tile, long l, const T* cotangent, bool with_tangent, bool rates) {
  Workspace<T>& w = tile.w;
  GroupLayer<T>& layer = w.layer[l];
  const SharedLayer<T>& shared = tile.shared[l];
  const long stride = tile.stride, in16 = tile.in16(l), rank16 = tile.rank16(l), rows = tile.rows;
  const T* adjoint = w.hidden[l].adjoint;
  const Term<T> term[] = {{cotangent, 1, stride, tile.input(l), in16, rows},
                          {adjoint, 1, stride, tile.tangent(l), in16, rows}};
  accumulate(tile, term, with_tangent ? 2 : 1, l, layer.d_weight);
  for (long j = 0; j < stride; j += Simd<T>::lanes) {
    Vec<T> bias = load<T>(layer.d_bias + j), rate = load<T>(layer.d_bias_rate + j);
    for (long i = 0; i < rows; ++i) {
      bias += load<T>(cotangent + i * stride + j);
      if (rates) rate += load<T>(adjoint + i * stride + j);
    }
    store<T>(layer.d_bias + j, bias);
    store<T>(layer.d_bias_rate + j, rate);
  }
  if (!rates) return;
  if (layer.d_rate) {
    const Term<T> dense{adjoint, 1, stride, tile.input(l), in16, rows};
    accumulate(tile, &dense, 1, l, layer.d_rate);
  }
  if (shared.rank == 0) return;
  const Term<T> left{adjoint, 1, stride, tile.rate(l), rank16, rows};
  product<T>(&left, 1, shared.out, shared.rank, start_from(layer.d_rate_left, rank16),
             write_to(layer.d_rate_left, rank16));
  const Term<T> right{w.rate_adjoint, 1, rank16, tile.input(l), in16, rows};
  product<T>(&right, 1, shared.rank, shared.in, start_from(layer.d_right, in16), write_to(layer.d_right, in16));
}

/// Sweep 4: reverse through the pair (values, tangents). The cotangent of a tangent is the adjoint of sweep 2; the
/// cotangent of a value takes the place of `second`.
template <class T>
void reverse_to_weights(const Tile<T>& tile, const GroupTerms& terms) {
  Workspace<T>& w = tile.w;
  const long stride = tile.stride, last = tile.shape.hidden_layers - 1;
  const bool rates = terms.time != 0;
  GroupLayer<T>& output = w.layer[last + 1];
  const LayerBuffers<T>& top = w.hidden[last];
  const T scale = tile.scale, potential = static_cast<T>(terms.potential);
  for (long i = 0; i < tile.rows; ++i) {
    for (long j = 0; j < stride; j += Simd<T>::lanes) {
      const long at = i * stride + j;
      if (i >= tile.points) {
        store<T>(top.second + at, Vec<T>{});
        continue;
      }
      const Vec<T> q = scale * (load<T>(w.output_rate + j) + potential * load<T>(output.weight + j));
      store<T>(top.second + at, q * load<T>(top.first + at) + load<T>(top.second + at));
      const Vec<T> h = load<T>(top.value + at);
      store<T>(output.d_weight + j, load<T>(output.d_weight + j) + scale * (potential * h + load<T>(top.tangent + at)));
      store<T>(w.value_sum + j, load<T>(w.value_sum + j) + scale * h);
    }
  }
  output.d_bias[0] += scale * potential * static_cast<T>(tile.points);
  output.d_bias_rate[0] += scale * static_cast<T>(tile.points);

  for (long l = last; l >= 0; --l) {
    const GroupLayer<T>& layer = w.layer[l];
    const LayerBuffers<T>& here = w.hidden[l];
    const long in = tile.shared[l].in, rank = tile.shared[l].rank, in16 = tile.in16(l), rank16 = tile.rank16(l);
    Term<T> term[3] = {{here.second, stride, 1, layer.weight, in16, tile.shape.width}};
    int count = 1;
    if (rates && rank > 0) {
      const Term<T> left{here.adjoint, stride, 1, layer.rate_left, rank16, tile.shape.width};
      product<T>(&left, 1, tile.rows, rank, start_from_zero<T>(), write_to(w.rate_adjoint, rank16));
      term[count++] = {w.rate_adjoint, rank16, 1, tile.shared[l].right, in16, rank};
    }
    if (rates && layer.rate) term[count++] = {here.adjoint, stride, 1, layer.rate, in16, tile.shape.width};
    accumulate_layer(tile, l, here.second, true, rates);
    if (l == 0) break;
    const LayerBuffers<T>& below = w.hidden[l - 1];
    product<T>(term, count, tile.rows, in, start_from_zero<T>(), [&](long i, long j, Vec<T> q) {
      const long at = i * stride + j;
      store<T>(below.second + at, q * load<T>(below.first + at) + load<T>(below.second + at));
    });
  }
}

/// Gradient of sum s alone: the adjoints of sweep 2 are all it needs.
template <class T>
void accumulate_potential(const Tile<T>& tile) {
  const long stride = tile.stride;
  GroupLayer<T>& output = tile.w.layer[tile.shape.hidden_layers];
  const T* h = tile.w.hidden[tile.shape.hidden_layers - 1].value;
  for (long i = 0; i < tile.points; ++i)
    for (long j = 0; j < stride; ++j) output.d_weight[j] += tile.scale * h[i * stride + j];
  output.d_bias[0] += tile.scale * static_cast<T>(tile.points);
  for (long l = 0; l < tile.shape.hidden_layers; ++l) accumulate_layer(tile, l, tile.w.hidden[l].adjoint, false, false);
}

long minimum(long a, long b) { return a < b ? a : b; }

/// All sweeps of one tile for the gradient of the whole objective.
template <class T, int order>
void tile_gradient(const Tile<T>& tile, const GroupTerms& terms, const T* velocity, const T* probes, long probe_count,
                   long probe_stride, GroupSums& sums) {
  forward<T, order>(tile);
  if (terms.potential != 0) {
    alignas(64) T values[kTileRows];
    output_values(tile, values);
    for (long p = 0; p < tile.points; ++p) sums.potential += tile.scale * values[p];
  }
  reverse_to_input<T, order>(tile, tile.w.gradient);
  if (terms.kinetic == 0 && terms.velocity == 0 && terms.time == 0 && terms.laplacian == 0) {
    accumulate_potential(tile);
    return;
  }
  set_direction(tile, terms, velocity, sums);
  if constexpr (order == kLaplacian)
    laplacian(tile, static_cast<T>(terms.laplacian), probes, probe_count, probe_stride);
  tangent<T, order>(tile, terms, sums);
  reverse_to_weights(tile, terms);
}

// The table's entries: one work item each.

template <class T>
long shared_elements(const PlainShape& shape, const Layout& layout) {
  SharedLayer<T> layers[kMaxLayers];
  return lay_out_shared<T>(layers, shape, layout, nullptr);
}

template <class T>
void prepare_shared(const PlainShape& shape, const Layout& layout, const LayerArrays<const T>* arrays, T* memory) {
  SharedLayer<T> layers[kMaxLayers];
  lay_out_shared<T>(layers, shape, layout, memory);
  pack_shared(layers, shape, arrays);
}

template <class T>
long workspace_elements(const PlainShape& shape, const Layout& layout) {
  Workspace<T> w;
  return lay_out<T>(w, shape, layout, nullptr);
}

template <class T>
void potential_and_gradient(const PlainShape& shape, const Layout& layout, const T* shared_memory,
                            const LayerArrays<const T>* arrays, long group, const T* x, long count, T* potential,
                            T* gradient, T* memory) {
  SharedLayer<T> shared[kMaxLayers];
  lay_out_shared<T>(shared, shape, layout, const_cast<T*>(shared_memory));
  Workspace<T> w;
  lay_out<T>(w, shape, layout, memory);
  pack_group<T>(w, shape, shared, arrays, group, T(0));
  const long d = shape.dimension, tile_size = tile_rows<T>(shape, kValues);
  for (long start = 0; start < count; start += tile_size) {
    const long points = minimum(tile_size, count - start);
    const Tile<T> tile{shape, shared, w, points, padded_rows(points), padded(shape.width)};
    load_features(shape, x + start * d, points, false, w);
    forward<T, kValues>(tile);
    if (potential) output_values(tile, potential + start);
    if (gradient) reverse_to_input<T, kValues>(tile, gradient + start * d);
  }
}

template <class T>
GroupSums parameter_gradient(const PlainShape& shape, const Layout& layout, const T* shared_memory,
                             const LayerArrays<const T>* arrays, long group, const GroupTerms& terms, const T* x,
                             const T* velocity, const T* probes, long probe_count, long probe_stride, long count,
                             const T* gauge, long gauge_count, T gauge_scale, T* gradient,
                             const LayerArrays<T>* gradients, long slot, T* memory) {
  SharedLayer<T> shared[kMaxLayers];
  lay_out_shared<T>(shared, shape, layout, const_cast<T*>(shared_memory));
  Workspace<T> w;
  lay_out<T>(w, shape, layout, memory);
  const T time = static_cast<T>(terms.time);
  pack_group<T>(w, shape, shared, arrays, group, time);
  clear_gradients(w, shape, shared);
  const long d = shape.dimension, tile_size = tile_rows<T>(shape, terms.laplacian != 0 ? kLaplacian : kGradients);
  GroupSums sums;
  for (long start = 0; start < count; start += tile_size) {
    const long points = minimum(tile_size, count - start), at = start * d;
    const Tile<T> tile{shape, shared, w, points, padded_rows(points), padded(shape.width)};
    load_features(shape, x + at, points, terms.laplacian != 0, w);
    if (terms.laplacian != 0)
      tile_gradient<T, kLaplacian>(tile, terms, velocity ? velocity + at : nullptr, probes ? probes + at : nullptr,
                                   probe_count, probe_stride, sums);
    else tile_gradient<T, kGradients>(tile, terms, velocity ? velocity + at : nullptr, nullptr, 0, 0, sums);
    if (!gradient) continue;
    for (long i = 0; i < points * d; ++i) gradient[at + i] = w.gradient[i];
  }
  GroupTerms at_gauge = terms;
  at_gauge.kinetic = at_gauge.velocity = at_gauge.laplacian = 0;
  for (long start = 0; start < gauge_count; start += tile_size) {
    const long points = minimum(tile_size, gauge_count - start);
    const Tile<T> tile{shape, shared, w, points, padded_rows(points), padded(shape.width), gauge_scale};
    GroupSums gauge_sums;
    load_features(shape, gauge + start * d, points, false, w);
    tile_gradient<T, kGradients>(tile, at_gauge, nullptr, nullptr, 0, 0, gauge_sums);
    sums.transport += gauge_sums.transport;
    sums.potential += gauge_sums.potential;
  }
  const bool only_potential = terms.kinetic == 0 && terms.velocity == 0 && terms.time == 0 && terms.laplacian == 0;
  const T scale = static_cast<T>(only_potential ? terms.scale * terms.potential : terms.scale);
  add_gradients<T>(w, shape, shared, arrays, group, gradients, slot, scale, time);
  return sums;
}

template <class T>
void multiply(long rows, long depth, long columns, const T* a, const T* b, T* c) {
  static_assert(kProductRows % kBlockRows == 0 && kProductColumns % kPad == 0);
  const Term<T> term{a, depth, 1, b, columns, depth};
  product<T>(
      &term, 1, rows, columns, [](long, long) { return Vec<T>{}; },
      [=](long i, long j, Vec<T> sum) { store<T>(c + i * columns + j, sum); });
}

template <class T>
constexpr SweepTable<T> make_table() {
  return {shared_elements<T>,        prepare_shared<T>,     workspace_elements<T>,
          potential_and_gradient<T>, parameter_gradient<T>, multiply<T>};
}

}  // namespace

constinit const SweepTables kSweeps = {make_table<float>(), make_table<double>()};

}  // namespace scorefield::kernels::SCOREFIELD_ISA
