// The fused sweeps through a silu network, compiled once per instruction set and chosen at start (sweeps.cpp).
// Notation of README.md: y = W x + b, h = silu(y); all buffers hold one point per row.

#include "models/sweeps/accumulate.hpp"
#include "models/sweeps/pack.hpp"
#include "models/sweeps/sweep_field.hpp"
#include "models/sweeps/sweep_laplacian.hpp"
#include "models/sweeps/sweep_table.hpp"
#include "models/sweeps/sweep_values.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {
namespace {

/// u = kinetic v + velocity X', the tangent of the features along u, and the sums of the first two terms.
template <class T>
void set_direction(const Tile<T>& tile, const GroupTerms& terms, GroupSums& sums) {
  Workspace<T>& w = tile.w;
  for (long i = 0; i < tile.points * tile.shape.dimension; ++i) {
    const T v = w.gradient[i];
    const T given = tile.given.velocity ? tile.given.velocity[i] : T(0);
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
/// cotangent of a value takes the place of `second`. on_value: the derivative of the terms of s at every point, where
/// it is not the same at all of them; else null.
template <class T>
void reverse_to_weights(const Tile<T>& tile, const GroupTerms& terms, const T* on_value) {
  Workspace<T>& w = tile.w;
  const long stride = tile.stride, last = tile.shape.hidden_layers - 1;
  const bool rates = terms.time != 0;
  GroupLayer<T>& output = w.layer[last + 1];
  const LayerBuffers<T>& top = w.hidden[last];
  const T scale = tile.scale, same = static_cast<T>(terms.potential);
  for (long i = 0; i < tile.rows; ++i) {
    const T potential = on_value && i < tile.points ? on_value[i] : same;
    if (on_value && i < tile.points) output.d_bias[0] += scale * potential;
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
  if (!on_value) output.d_bias[0] += scale * same * static_cast<T>(tile.points);
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

bool only_potential(const GroupTerms& terms) {
  return terms.kinetic == 0 && terms.velocity == 0 && terms.time == 0 && terms.laplacian == 0 && terms.reaction == 0;
}

/// All sweeps of one tile for the gradient of the whole objective.
template <class T, int order>
void tile_gradient(const Tile<T>& tile, const GroupTerms& terms, GroupSums& sums) {
  forward<T, order>(tile);
  alignas(64) T values[kTileRows];
  if (terms.potential != 0 || terms.reaction != 0) {
    output_values(tile, values);
    for (long p = 0; p < tile.points; ++p) {
      sums.potential += tile.scale * values[p];
      sums.reaction += tile.scale * 0.5 * static_cast<double>(values[p]) * values[p];
      values[p] = static_cast<T>(terms.potential) + static_cast<T>(terms.reaction) * values[p];
    }
  }
  reverse_to_input<T, order>(tile, tile.w.gradient);
  if (only_potential(terms)) {
    accumulate_potential(tile);
    return;
  }
  set_direction(tile, terms, sums);
  if constexpr (order == kLaplacian) laplacian(tile, static_cast<T>(terms.laplacian));
  tangent<T, order>(tile, terms, sums);
  reverse_to_weights(tile, terms, terms.reaction != 0 ? values : nullptr);
}

/// The points of a work item, a tile at a time.
template <class T, int order>
void gradient_at_points(const SweepCall<T>& call, const WorkItem<T>& item, const SharedLayer<T>* shared,
                        Workspace<T>& w, GroupSums& sums) {
  const PlainShape& shape = call.shape;
  const long d = shape.dimension, tile_size = tile_rows<T>(shape, order);
  for (long start = 0; start < item.count; start += tile_size) {
    const long points = minimum(tile_size, item.count - start), at = start * d;
    const Given<T> given{item.velocity ? item.velocity + at : nullptr, item.probes ? item.probes + at : nullptr,
                         item.probe_count, item.probe_stride};
    const Tile<T> tile{shape, shared, w, points, padded_rows(points), padded(shape.width), 1, given};
    load_features(shape, item.x + at, points, order == kLaplacian, w);
    tile_gradient<T, order>(tile, item.terms, sums);
    if (!item.gradient) continue;
    for (long i = 0; i < points * d; ++i) item.gradient[at + i] = w.gradient[i];
  }
}

/// The same for a field: three forward-equivalents.
template <class T>
void field_gradient_at_points(const SweepCall<T>& call, const WorkItem<T>& item, const SharedLayer<T>* shared,
                              Workspace<T>& w, GroupSums& sums) {
  const PlainShape& shape = call.shape;
  const long d = shape.dimension, tile_size = tile_rows<T>(shape, kGradients);
  for (long start = 0; start < item.count; start += tile_size) {
    const long points = minimum(tile_size, item.count - start), at = start * d;
    const Given<T> given{item.velocity ? item.velocity + at : nullptr};
    const Tile<T> tile{shape, shared, w, points, padded_rows(points), padded(shape.width), 1, given};
    load_features(shape, item.x + at, points, false, w);
    forward<T, kValues>(tile);
    output_field(tile);
    if (item.gradient) copy_field(tile, item.gradient + at);
    set_cotangent(tile, item.terms, sums);
    reverse_field(tile);
    for (long l = 0; l < shape.hidden_layers; ++l) accumulate_layer(tile, l, w.hidden[l].adjoint, false, false);
  }
}

/// Its gauge points, in tiles of the same size.
template <class T>
void gradient_at_gauge(const SweepCall<T>& call, const WorkItem<T>& item, const SharedLayer<T>* shared, Workspace<T>& w,
                       GroupSums& sums) {
  const PlainShape& shape = call.shape;
  const long tile_size = tile_rows<T>(shape, item.terms.laplacian != 0 ? kLaplacian : kGradients);
  GroupTerms terms = item.terms;
  terms.kinetic = terms.velocity = terms.laplacian = terms.reaction = 0;
  // Of s alone the gradient leaves out the factor `potential`, which is the whole item's where that has no other term.
  const bool apart = only_potential(terms) && !only_potential(item.terms);
  if (apart && terms.potential == 0) return;
  const T factor = apart ? static_cast<T>(terms.potential) : T(1);
  for (long start = 0; start < item.gauge_count; start += tile_size) {
    const long points = minimum(tile_size, item.gauge_count - start);
    const Tile<T> tile{shape, shared, w, points, padded_rows(points), padded(shape.width), item.gauge_scale * factor};
    GroupSums gauge_sums;
    load_features(shape, item.gauge + start * shape.dimension, points, false, w);
    tile_gradient<T, kGradients>(tile, terms, gauge_sums);
    sums.transport += gauge_sums.transport;
    sums.potential += gauge_sums.potential / static_cast<double>(factor);
  }
}

// The table's entries.

template <class T>
long shared_elements(const SweepCall<T>& call) {
  SharedLayer<T> layers[kMaxLayers];
  SweepCall<T> counting = call;
  counting.shared = nullptr;
  return lay_out_shared(layers, counting);
}

template <class T>
void prepare_shared(const SweepCall<T>& call) {
  SharedLayer<T> layers[kMaxLayers];
  lay_out_shared(layers, call);
  pack_shared(layers, call);
}

template <class T>
long workspace_elements(const SweepCall<T>& call) {
  Workspace<T> w;
  return lay_out<T>(w, call, nullptr);
}

template <class T>
void potential_and_gradient(const SweepCall<T>& call, const WorkItem<T>& item) {
  const PlainShape& shape = call.shape;
  SharedLayer<T> shared[kMaxLayers];
  lay_out_shared(shared, call);
  Workspace<T> w;
  lay_out<T>(w, call, item.memory);
  pack_group<T>(w, call, shared, item.group, T(0));
  const long d = shape.dimension, tile_size = tile_rows<T>(shape, kValues);
  for (long start = 0; start < item.count; start += tile_size) {
    const long points = minimum(tile_size, item.count - start);
    const Tile<T> tile{shape, shared, w, points, padded_rows(points), padded(shape.width)};
    load_features(shape, item.x + start * d, points, false, w);
    forward<T, kValues>(tile);
    if (shape.components > 0) {
      output_field(tile);
      copy_field(tile, item.gradient + start * d);
      continue;
    }
    if (item.potential) output_values(tile, item.potential + start);
    if (item.gradient) reverse_to_input<T, kValues>(tile, item.gradient + start * d);
  }
}

template <class T>
GroupSums parameter_gradient(const SweepCall<T>& call, const WorkItem<T>& item) {
  const GroupTerms& terms = item.terms;
  SharedLayer<T> shared[kMaxLayers];
  lay_out_shared(shared, call);
  Workspace<T> w;
  lay_out<T>(w, call, item.memory);
  const T time = static_cast<T>(terms.time);
  pack_group<T>(w, call, shared, item.group, time);
  clear_gradients(w, call.shape, shared);
  GroupSums sums;
  if (call.shape.components > 0) field_gradient_at_points(call, item, shared, w, sums);
  else if (terms.laplacian != 0) gradient_at_points<T, kLaplacian>(call, item, shared, w, sums);
  else gradient_at_points<T, kGradients>(call, item, shared, w, sums);
  gradient_at_gauge(call, item, shared, w, sums);
  const T scale = static_cast<T>(only_potential(terms) ? terms.scale * terms.potential : terms.scale);
  add_gradients<T>(w, shared, Share<T>(call, item, scale, time));
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
