// Sweeps 1 and 2 of one tile: the potential's layers, and its gradient in x. Per-instruction-set source
// (core/simd/vector.hpp).
#pragma once

#include "core/simd/product.hpp"
#include "models/sweeps/activation.hpp"
#include "models/sweeps/features.hpp"
#include "models/sweeps/tile.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

/// What is given at a tile's points: velocities X', probes of the Laplacian (WorkItem), or null.
template <class T>
struct Given {
  const T* velocity = nullptr;
  const T* probes = nullptr;
  long probe_count = 0, probe_stride = 0;
};

/// One tile of one group on its way through the sweeps.
template <class T>
struct Tile {
  const PlainShape& shape;
  const SharedLayer<T>* shared;
  Workspace<T>& w;
  long points;  ///< rows in use
  long rows;    ///< rounded up to whole blocks
  long stride;  ///< of the hidden layers' buffers
  T scale = 1;  ///< what the tile's terms count, relative to the group's
  Given<T> given{};

  [[nodiscard]] const T* input(long l) const { return l == 0 ? w.feature : w.hidden[l - 1].value; }
  [[nodiscard]] const T* tangent(long l) const { return l == 0 ? w.feature_tangent : w.hidden[l - 1].tangent; }
  [[nodiscard]] const T* jet(long l) const { return l == 0 ? w.feature_jet : w.hidden[l - 1].jet; }
  [[nodiscard]] T* rate(long l) const { return l == 0 ? w.feature_rate : w.hidden[l - 1].rate; }
  [[nodiscard]] long in16(long l) const { return padded(shared[l].in); }
  [[nodiscard]] long rank16(long l) const { return padded(shared[l].rank); }
};

/// Sweep 1: h and the derivatives of silu in every hidden layer.
template <class T, int order>
void forward(const Tile<T>& tile) {
  const long stride = tile.stride;
  for (long l = 0; l < tile.shape.hidden_layers; ++l) {
    const GroupLayer<T>& layer = tile.w.layer[l];
    const LayerBuffers<T>& out = tile.w.hidden[l];
    const Term<T> term{tile.input(l), tile.in16(l), 1, layer.weight_t, stride, tile.shared[l].in};
    product<T>(
        &term, 1, tile.rows, tile.shape.width, [&](long, long j) { return load<T>(layer.bias + j); },
        [&](long i, long j, Vec<T> y) {
          const Silu<T> f = silu<T>(y);
          store<T>(out.value + i * stride + j, f.value);
          store<T>(out.first + i * stride + j, f.first);
          if constexpr (order >= kGradients) store<T>(out.second + i * stride + j, f.second);
          if constexpr (order == kLaplacian) store<T>(out.third + i * stride + j, f.third);
        });
  }
}

template <class T>
void output_values(const Tile<T>& tile, T* potential) {
  const GroupLayer<T>& layer = tile.w.layer[tile.shape.hidden_layers];
  const T* h = tile.w.hidden[tile.shape.hidden_layers - 1].value;
  for (long p = 0; p < tile.points; ++p)
    potential[p] = layer.bias[0] + dot(layer.weight, h + p * tile.stride, tile.stride);
}

/// Sweep 2: adjoint = scale ds/dy of every hidden layer, then v = grad_x s into `gradient` [points, d]. Unused rows get
/// no adjoint. Keeps silu'' ds/dh in `second` (order 2), or it in `curvature` and silu''' ds/dh in `third` (order 3).
template <class T, int order>
void reverse_to_input(const Tile<T>& tile, T* gradient) {
  const long stride = tile.stride, last = tile.shape.hidden_layers - 1;
  Workspace<T>& w = tile.w;
  const auto apply = [&](const LayerBuffers<T>& out, long i, long j, Vec<T> cotangent) {
    const long at = i * stride + j;
    store<T>(out.adjoint + at, cotangent * load<T>(out.first + at));
    if constexpr (order == kGradients) store<T>(out.second + at, cotangent * load<T>(out.second + at));
    if constexpr (order == kLaplacian) {
      store<T>(out.curvature + at, cotangent * load<T>(out.second + at));
      store<T>(out.third + at, cotangent * load<T>(out.third + at));
    }
  };
  const T* output_weight = w.layer[last + 1].weight;
  for (long i = 0; i < tile.rows; ++i)
    for (long j = 0; j < stride; j += Simd<T>::lanes)
      apply(w.hidden[last], i, j, i < tile.points ? tile.scale * load<T>(output_weight + j) : Vec<T>{});

  for (long l = last; l >= 0; --l) {
    const Term<T> term{w.hidden[l].adjoint, stride, 1, w.layer[l].weight, tile.in16(l), tile.shape.width};
    if (l > 0) {
      const LayerBuffers<T>& below = w.hidden[l - 1];
      product<T>(&term, 1, tile.rows, tile.shared[l].in, start_from_zero<T>(),
                 [&](long i, long j, Vec<T> g) { apply(below, i, j, g); });
    } else {
      product<T>(&term, 1, tile.rows, tile.shared[l].in, start_from_zero<T>(),
                 write_to(w.feature_adjoint, tile.in16(0)));
    }
  }
  features_to_gradient(tile.shape, w, tile.points, gradient);
}

/// d_weight += cotangent^T input, on top of what is there.
template <class T>
void accumulate(const Tile<T>& tile, const Term<T>* terms, int count, long l, T* d_weight) {
  product<T>(terms, count, tile.shared[l].out, tile.shared[l].in, start_from(d_weight, tile.in16(l)),
             write_to(d_weight, tile.in16(l)));
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
