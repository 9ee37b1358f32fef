// The four sweeps of README.md for one tile of points, in the steps of a block of threads. y, g, y', S and M of the
// hidden layers are kept (BlockStack); silu and its derivatives are computed again from y wherever they are needed,
// which costs less than keeping them.
#pragma once

#include "models/sweeps/block/block_features.hpp"
#include "models/sweeps/block/block_product.hpp"

namespace scorefield::kernels {

template <class T, class Block>
class BlockSweeps {
 public:
  SCOREFIELD_BLOCK BlockSweeps(Block& block, const BlockCall<T>& call, const BlockTile<T>& tile, BlockWork<T>& work)
      : block_(block), call_(call), tile_(tile), work_(work), last_(call.layers[call.hidden]) {}

  /// Sweeps 1 and 2: s, if asked for, and v.
  SCOREFIELD_BLOCK void values() {
    load_block_features(block_, call_, tile_, work_);
    const T* h = forward();
    if (call_.potential) write_potential(h);
    reverse_to_input();
    if (call_.gradient) write_gradient(call_.gradient, T(1));
  }

  /// All sweeps: the objective's value and gradients.
  SCOREFIELD_BLOCK void objective() {
    values();
    if (call_.velocity_gradient) write_gradient(call_.velocity_gradient, tile_.scale * tile_.velocity);
    choose_direction();
    for (int k = 0; k < direction_count(call_); ++k) laplacian_along(k);
    tangent();
    reverse();
  }

 private:
  // --- where things are
  SCOREFIELD_BLOCK long at(int layer, int row, int p) const {
    return (static_cast<long>(layer) * call_.width + row) * kBlockStride + p;
  }
  SCOREFIELD_BLOCK T& stack(BlockStack kind, int layer, int row, int p) const {
    return work_.stack[kind][at(layer, row, p)];
  }
  SCOREFIELD_BLOCK const T* of_group(const T* array, long elements) const { return array + tile_.group * elements; }
  SCOREFIELD_BLOCK T* of_slot(T* array, long elements) const { return array + tile_.slot * elements; }
  SCOREFIELD_BLOCK T mask(int p) const { return p < tile_.count ? T(1) : T(0); }
  /// f(row, point) for all rows of an array.
  template <class F>
  SCOREFIELD_BLOCK void each_element(int rows, F&& f) {
    block_.each(rows * kBlockPoints, [&](int i) { f(i / kBlockPoints, i % kBlockPoints); });
  }

  // --- sweep 1
  /// Fills the values' stack. @return h of the last hidden layer
  SCOREFIELD_BLOCK const T* forward() {
    const T* in = work_.feature;
    for (int l = 0; l < call_.hidden; ++l) {
      const BlockLayer<T>& layer = call_.layers[l];
      const BlockTerm<T> terms[1] = {{of_group(layer.transposed, long(layer.in) * layer.out), in, layer.in}};
      const T* bias = of_group(layer.bias, layer.out);
      T* out = work_.operand[l % 2];
      block_product(block_, terms, 1, layer.out, [&](int m, int p, T sum) {
        const T y = sum + bias[m];
        stack(kStackValue, l, m, p) = y;
        out[m * kBlockStride + p] = BlockSilu<T>(y).value();
      });
      in = out;
    }
    return in;
  }

  SCOREFIELD_BLOCK void write_potential(const T* h) {
    const T* w = of_group(last_.weight, last_.in);
    block_.each(tile_.count, [&](int p) {
      T sum = *of_group(last_.bias, 1);
      for (int j = 0; j < call_.width; ++j) sum += w[j] * h[j * kBlockStride + p];
      call_.potential[tile_.first + p] = sum;
    });
  }

  // --- sweep 2
  SCOREFIELD_BLOCK void keep_adjoint(int l, int m, int p, T g, T* out) {
    if (work_.stack[kStackAdjoint]) stack(kStackAdjoint, l, m, p) = g;
    out[m * kBlockStride + p] = g * BlockSilu<T>(stack(kStackValue, l, m, p)).first();
  }
  SCOREFIELD_BLOCK void reverse_to_input() {
    const T* w = of_group(last_.weight, last_.in);
    int from = 0;
    each_element(call_.width,
                 [&](int j, int p) { keep_adjoint(call_.hidden - 1, j, p, w[j] * mask(p), work_.operand[from]); });
    for (int l = call_.hidden - 1; l >= 0; --l, from = 1 - from) {
      const BlockLayer<T>& layer = call_.layers[l];
      const BlockTerm<T> terms[1] = {
          {of_group(layer.weight, long(layer.in) * layer.out), work_.operand[from], layer.out}};
      T* out = work_.operand[1 - from];
      block_product(block_, terms, 1, layer.in, [&](int m, int p, T sum) {
        if (l > 0) keep_adjoint(l - 1, m, p, sum, out);
        else out[m * kBlockStride + p] = sum;
      });
    }
    block_features_to_gradient(block_, call_, work_, work_.operand[from]);
  }

  SCOREFIELD_BLOCK void write_gradient(T* target, T factor) {
    block_.each(call_.dimension * tile_.count, [&](int i) {
      const int p = i / call_.dimension, c = i % call_.dimension;
      target[tile_.first * call_.dimension + i] = factor * work_.gradient[c * kBlockStride + p];
    });
  }

  /// u = kinetic v + velocity X', and the value's parts that do not depend on the tangent:
  /// kinetic |v|^2/2 + velocity X'.v - u.v.
  SCOREFIELD_BLOCK void choose_direction() {
    block_.each(kBlockPoints, [&](int p) {
      T value = 0;
      for (int c = 0; c < call_.dimension; ++c) {
        const T v = work_.gradient[c * kBlockStride + p];
        const T given =
            call_.velocity && p < tile_.count ? call_.velocity[(tile_.first + p) * call_.dimension + c] : T(0);
        const T u = tile_.kinetic * v + tile_.velocity * given;
        work_.direction[c * kBlockStride + p] = u;
        value += tile_.kinetic * v * v / 2 + tile_.velocity * given * v - u * v;
      }
      work_.value[p] = value;
    });
  }

  // --- the Laplacian's directions
  SCOREFIELD_BLOCK T direction_weight() const {
    return call_.probes ? tile_.laplacian / static_cast<T>(call_.probe_count) : tile_.laplacian;
  }
  /// The jet's forward pass along direction k, which fills the tangents' stack with y_xi and adds to S; then its
  /// reverse pass, which adds to M and to the weights' gradients.
  SCOREFIELD_BLOCK void laplacian_along(int k) {
    const T weight = direction_weight();
    each_element(call_.features, [&](int f, int p) {
      work_.tangent[f * kBlockStride + p] =
          probe(call_, tile_, k, call_.feature[f].coordinate, p) * work_.slope[f * kBlockStride + p];
    });
    const T* in = work_.tangent;
    for (int l = 0; l < call_.hidden; ++l) {
      const BlockLayer<T>& layer = call_.layers[l];
      const BlockTerm<T> terms[1] = {{of_group(layer.transposed, long(layer.in) * layer.out), in, layer.in}};
      T* out = work_.operand[l % 2];
      block_product(block_, terms, 1, layer.out, [&](int m, int p, T y) {
        const T before = k == 0 ? T(0) : stack(kStackSquare, l, m, p);
        stack(kStackTangent, l, m, p) = y;
        stack(kStackSquare, l, m, p) = before + weight * y * y;
        out[m * kBlockStride + p] = BlockSilu<T>(stack(kStackValue, l, m, p)).first() * y;
      });
      in = out;
    }
    reverse_jet(k, weight);
  }
  SCOREFIELD_BLOCK void reverse_jet(int k, T weight) {
    T *q = work_.operand[0], *next = work_.operand[1], *jet = work_.operand[2];
    each_element(call_.width, [&](int j, int p) { q[j * kBlockStride + p] = 0; });
    for (int l = call_.hidden - 1; l >= 0; --l) {
      const BlockLayer<T>& layer = call_.layers[l];
      each_element(layer.out, [&](int m, int p) {
        const BlockSilu<T> f(stack(kStackValue, l, m, p));
        const T y = stack(kStackTangent, l, m, p), from_above = q[m * kBlockStride + p];
        const T before = k == 0 ? T(0) : stack(kStackMixed, l, m, p);
        stack(kStackMixed, l, m, p) = before + from_above * f.second() * y;
        q[m * kBlockStride + p] = from_above * f.first() + 2 * weight * stack(kStackAdjoint, l, m, p) * f.second() * y;
      });
      if (l > 0) load_derivative(l - 1, kStackTangent, jet);
      const BlockPair<T> pairs[1] = {{q, l > 0 ? jet : work_.tangent}};
      add_block_outer(block_, pairs, 1, {layer.out, layer.in}, tile_.scale,
                      of_slot(layer.d_weight, long(layer.in) * layer.out));
      if (l == 0) break;
      const BlockTerm<T> terms[1] = {{of_group(layer.weight, long(layer.in) * layer.out), q, layer.out}};
      block_product(block_, terms, 1, layer.in, [&](int m, int p, T sum) { next[m * kBlockStride + p] = sum; });
      T* last = q;
      q = next;
      next = last;
    }
  }
  /// out = silu' y of a stack of derivatives.
  SCOREFIELD_BLOCK void load_derivative(int l, BlockStack kind, T* out) {
    each_element(call_.width, [&](int m, int p) {
      out[m * kBlockStride + p] = BlockSilu<T>(stack(kStackValue, l, m, p)).first() * stack(kind, l, m, p);
    });
  }
  /// out = h_l.
  SCOREFIELD_BLOCK void load_value(int l, T* out) {
    each_element(call_.width,
                 [&](int m, int p) { out[m * kBlockStride + p] = BlockSilu<T>(stack(kStackValue, l, m, p)).value(); });
  }

  // --- rates
  /// ranks = right h.
  SCOREFIELD_BLOCK void project(const BlockLayer<T>& layer, const T* h) {
    each_element(layer.rank, [&](int k, int p) {
      T sum = 0;
      for (int i = 0; i < layer.in; ++i) sum += layer.right[k * layer.in + i] * h[i * kBlockStride + p];
      work_.ranks[k * kBlockStride + p] = sum;
    });
  }
  /// What the rate of row m adds at point p, without weight_rate: left ranks + bias_rate.
  SCOREFIELD_BLOCK T factored_rate(const BlockLayer<T>& layer, int m, int p) const {
    T sum = layer.bias_rate ? of_group(layer.bias_rate, layer.out)[m] : T(0);
    const T* left = of_group(layer.left, long(layer.out) * layer.rank) + m * layer.rank;
    for (int k = 0; k < layer.rank; ++k) sum += left[k] * work_.ranks[k * kBlockStride + p];
    return sum;
  }

  // --- sweep 3
  SCOREFIELD_BLOCK T tangent_of(const BlockSilu<T>& f, int l, int m, int p) const {
    const T along = f.first() * stack(kStackTangent, l, m, p);
    return call_.laplacian ? along + f.second() * stack(kStackSquare, l, m, p) : along;
  }
  SCOREFIELD_BLOCK void tangent_of_features() {
    each_element(call_.features, [&](int f, int p) {
      const int c = call_.feature[f].coordinate, e = f * kBlockStride + p;
      T square = 0;
      for (int k = 0; k < direction_count(call_); ++k) {
        const T along = probe(call_, tile_, k, c, p);
        square += direction_weight() * along * along;
      }
      work_.tangent[e] = work_.slope[e] * work_.direction[c * kBlockStride + p] + square * work_.curvature[e];
    });
  }
  SCOREFIELD_BLOCK void tangent() {
    tangent_of_features();
    const T *in = work_.tangent, *h = work_.feature;
    for (int l = 0; l < call_.hidden; ++l) {
      const BlockLayer<T>& layer = call_.layers[l];
      const long elements = long(layer.in) * layer.out;
      BlockTerm<T> terms[2] = {{of_group(layer.transposed, elements), in, layer.in}, {}};
      int used = 1;
      if (call_.rates) {
        if (l > 0) load_value(l - 1, work_.operand[2]);
        h = l > 0 ? work_.operand[2] : work_.feature;
        project(layer, h);
        if (layer.weight_rate) {
          timed(h, layer.in);
          terms[used++] = {of_group(layer.weight_rate_transposed, elements), work_.operand[3], layer.in};
        }
      }
      T* out = work_.operand[l % 2];
      block_product(block_, terms, used, layer.out, [&](int m, int p, T sum) {
        if (call_.rates) sum += tile_.time * factored_rate(layer, m, p);
        stack(kStackTangent, l, m, p) = sum;
        out[m * kBlockStride + p] = tangent_of(BlockSilu<T>(stack(kStackValue, l, m, p)), l, m, p);
      });
      in = out;
    }
    output_tangent(in);
  }
  /// operand[3] = time h.
  SCOREFIELD_BLOCK void timed(const T* h, int rows) {
    each_element(rows,
                 [&](int m, int p) { work_.operand[3][m * kBlockStride + p] = tile_.time * h[m * kBlockStride + p]; });
  }
  /// Completes the value with the output layer, whose tangent and whose values stay in operands 3 and 2.
  SCOREFIELD_BLOCK void output_tangent(const T* tangent) {
    load_value(call_.hidden - 1, work_.operand[2]);
    if (call_.rates) project(last_, work_.operand[2]);
    const T *w = of_group(last_.weight, last_.in), *h = work_.operand[2];
    const T* rate = call_.rates && last_.weight_rate ? of_group(last_.weight_rate, last_.in) : nullptr;
    block_.each(kBlockPoints, [&](int p) {
      T value = tile_.potential * *of_group(last_.bias, 1);
      if (call_.rates) value += tile_.time * factored_rate(last_, 0, p);
      for (int j = 0; j < call_.width; ++j) {
        const int e = j * kBlockStride + p;
        value += w[j] * (tangent[e] + tile_.potential * h[e]);
        if (rate) value += tile_.time * rate[j] * h[e];
      }
      work_.value[p] = mask(p) * (work_.value[p] + value);
    });
    block_.each(1, [&](int) { call_.value[tile_.slot] += tile_.scale * sum_of_row(work_.value); });
    each_element(call_.width, [&](int j, int p) {
      const int e = j * kBlockStride + p;
      work_.operand[3][e] = mask(p) * tangent[e];
      work_.operand[2][e] = mask(p) * h[e];
    });
  }

  // --- sweep 4
  /// Gradients of the output layer, and q of the last hidden layer in operand 0.
  SCOREFIELD_BLOCK void reverse_output() {
    const T scale = tile_.scale, time = tile_.time, potential = tile_.potential;
    const T *h = work_.operand[2], *tangent = work_.operand[3], *w = of_group(last_.weight, last_.in);
    const T* left = call_.rates ? of_group(last_.left, last_.rank) : nullptr;
    const T* rate = call_.rates && last_.weight_rate ? of_group(last_.weight_rate, last_.in) : nullptr;
    block_.each(call_.width, [&](int j) {
      const T sum = sum_of_row(h + j * kBlockStride);
      of_slot(last_.d_weight, last_.in)[j] += scale * (sum_of_row(tangent + j * kBlockStride) + potential * sum);
      if (!call_.rates) return;
      if (rate) of_slot(last_.d_weight_rate, last_.in)[j] += scale * time * sum;
      for (int k = 0; k < last_.rank; ++k)
        of_slot(last_.d_right, long(last_.rank) * last_.in)[k * last_.in + j] += scale * time * left[k] * sum;
    });
    block_.each(1, [&](int) {
      const T count = static_cast<T>(tile_.count);
      of_slot(last_.d_bias, 1)[0] += scale * potential * count;
      if (call_.rates) of_slot(last_.d_bias_rate, 1)[0] += scale * time * count;
      for (int k = 0; call_.rates && k < last_.rank; ++k) {
        T sum = 0;
        for (int p = 0; p < tile_.count; ++p) sum += work_.ranks[k * kBlockStride + p];
        of_slot(last_.d_left, last_.rank)[k] += scale * time * sum;
      }
    });
    each_element(call_.width, [&](int j, int p) {
      T q = potential * w[j];
      if (rate) q += time * rate[j];
      for (int k = 0; call_.rates && k < last_.rank; ++k) q += time * last_.right[k * last_.in + j] * left[k];
      work_.operand[0][j * kBlockStride + p] = mask(p) * q;
    });
  }

  SCOREFIELD_BLOCK void reverse() {
    reverse_output();
    T *q = work_.operand[0], *next = work_.operand[3];  // operands 1 and 2 are the adjoint and h
    for (int l = call_.hidden - 1; l >= 0; --l) {
      const BlockLayer<T>& layer = call_.layers[l];
      load_cotangents(l, q);
      T* const adjoint = work_.operand[1];
      const T *h = work_.feature, *h_tangent = work_.tangent;
      if (l > 0) {
        load_value(l - 1, work_.operand[2]);
        each_element(call_.width, [&](int m, int p) {
          next[m * kBlockStride + p] = tangent_of(BlockSilu<T>(stack(kStackValue, l - 1, m, p)), l - 1, m, p);
        });
        h = work_.operand[2];
        h_tangent = next;
      }
      const BlockPair<T> pairs[2] = {{q, h}, {adjoint, h_tangent}};
      add_block_outer(block_, pairs, 2, {layer.out, layer.in}, tile_.scale,
                      of_slot(layer.d_weight, long(layer.in) * layer.out));
      block_.each(layer.out, [&](int m) {
        of_slot(layer.d_bias, layer.out)[m] += tile_.scale * sum_of_row(q + m * kBlockStride);
      });
      if (call_.rates) add_rate_gradients(layer, adjoint, h);
      if (l == 0) break;
      to_layer_below(layer, q, adjoint, next);
      T* last = q;
      q = next;
      next = last;
    }
  }
  /// q becomes p = q silu' + g (silu'' y' + silu''' S) + M, and operand 1 the adjoint g silu'.
  SCOREFIELD_BLOCK void load_cotangents(int l, T* q) {
    each_element(call_.width, [&](int m, int p) {
      const BlockSilu<T> f(stack(kStackValue, l, m, p));
      const T g = stack(kStackAdjoint, l, m, p);
      T sum = q[m * kBlockStride + p] * f.first() + g * f.second() * stack(kStackTangent, l, m, p);
      if (call_.laplacian) sum += g * f.third() * stack(kStackSquare, l, m, p) + stack(kStackMixed, l, m, p);
      q[m * kBlockStride + p] = sum;
      work_.operand[1][m * kBlockStride + p] = g * f.first();
    });
  }
  /// Gradients of a hidden layer's rate; leaves time left^T adjoint in `through`.
  SCOREFIELD_BLOCK void add_rate_gradients(const BlockLayer<T>& layer, const T* adjoint, const T* h) {
    const T scale = tile_.scale, time = tile_.time;
    block_.each(layer.out, [&](int m) {
      of_slot(layer.d_bias_rate, layer.out)[m] += scale * time * sum_of_row(adjoint + m * kBlockStride);
    });
    if (layer.rank > 0) {
      project(layer, h);
      const T* left = of_group(layer.left, long(layer.out) * layer.rank);
      each_element(layer.rank, [&](int k, int p) {
        T sum = 0;
        for (int m = 0; m < layer.out; ++m) sum += left[m * layer.rank + k] * adjoint[m * kBlockStride + p];
        work_.through[k * kBlockStride + p] = time * sum;
      });
      const BlockPair<T> to_left[1] = {{adjoint, work_.ranks}}, to_right[1] = {{work_.through, h}};
      add_block_outer(block_, to_left, 1, {layer.out, layer.rank}, scale * time,
                      of_slot(layer.d_left, long(layer.out) * layer.rank));
      add_block_outer(block_, to_right, 1, {layer.rank, layer.in}, scale,
                      of_slot(layer.d_right, long(layer.rank) * layer.in));
    }
    if (!layer.weight_rate) return;
    const BlockPair<T> pairs[1] = {{adjoint, h}};
    add_block_outer(block_, pairs, 1, {layer.out, layer.in}, scale * time,
                    of_slot(layer.d_weight_rate, long(layer.in) * layer.out));
  }
  /// q of the layer below: W^T p + right^T through + time weight_rate^T adjoint.
  SCOREFIELD_BLOCK void to_layer_below(const BlockLayer<T>& layer, const T* p_cotangent, T* adjoint, T* out) {
    const long elements = long(layer.in) * layer.out;
    BlockTerm<T> terms[2] = {{of_group(layer.weight, elements), p_cotangent, layer.out}, {}};
    int used = 1;
    if (call_.rates && layer.weight_rate) {
      each_element(layer.out, [&](int m, int p) { adjoint[m * kBlockStride + p] *= tile_.time; });
      terms[used++] = {of_group(layer.weight_rate, elements), adjoint, layer.out};
    }
    block_product(block_, terms, used, layer.in, [&](int m, int p, T sum) {
      for (int k = 0; call_.rates && k < layer.rank; ++k)
        sum += layer.right[k * layer.in + m] * work_.through[k * kBlockStride + p];
      out[m * kBlockStride + p] = sum;
    });
  }

  Block& block_;
  const BlockCall<T>& call_;
  const BlockTile<T>& tile_;
  BlockWork<T>& work_;
  const BlockLayer<T>& last_;
};

/// Everything of one slot, tile by tile.
template <class T, class Block>
SCOREFIELD_BLOCK void run_slot(Block& block, const BlockCall<T>& call, long slot, BlockWork<T>& work) {
  BlockTile<T> tile;
  tile.slot = slot;
  tile.group = slot / call.ranges;
  if (call.objective()) {
    T* const members[] = {&tile.kinetic, &tile.velocity, &tile.time, &tile.laplacian, &tile.potential, &tile.scale};
    for (int k = 0; k < 6; ++k) *members[k] = call.terms[k * call.groups + tile.group];
  }
  const long begin = slot % call.ranges * call.range_points;
  const long end = begin + call.range_points < call.points ? begin + call.range_points : call.points;
  for (long first = begin; first < end; first += kBlockPoints) {
    tile.first = tile.group * call.points + first;
    tile.count = static_cast<int>(end - first < kBlockPoints ? end - first : kBlockPoints);
    BlockSweeps<T, Block> sweeps(block, call, tile, work);
    if (call.objective()) sweeps.objective();
    else sweeps.values();
  }
}

}  // namespace scorefield::kernels
