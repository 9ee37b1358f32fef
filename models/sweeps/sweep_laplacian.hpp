// The second-order sweeps of one tile, for the Laplacian. Per-instruction-set source (core/simd/vector.hpp).
#pragma once

#include "models/sweeps/sweep_values.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

/// The Laplacian's sweeps along one direction xi [points, d]: forward y_xi = dy/dxi (summed in `square`), and back the
/// cotangent that the second derivative along xi gives them, whose share in the cotangent of y goes to `mixed`.
/// `weight`: that of one direction in the objective.
template <class T>
void laplacian_direction(const Tile<T>& tile, const T* direction, T weight) {
  Workspace<T>& w = tile.w;
  const long stride = tile.stride, width = tile.shape.width, last = tile.shape.hidden_layers - 1;
  feature_tangent(tile.shape, w, direction, tile.points, w.feature_jet);
  add_feature_curvature(tile.shape, w, direction, tile.points, weight, w.feature_tangent);
  for (long l = 0; l <= last; ++l) {
    const LayerBuffers<T>& out = w.hidden[l];
    const Term<T> term{tile.jet(l), tile.in16(l), 1, w.layer[l].weight_t, stride, tile.shared[l].in};
    product<T>(&term, 1, tile.rows, width, start_from_zero<T>(), [&](long i, long j, Vec<T> y) {
      const long at = i * stride + j;
      store<T>(out.slope + at, y);
      store<T>(out.jet + at, y * load<T>(out.first + at));
      store<T>(out.square + at, load<T>(out.square + at) + weight * y * y);
    });
  }
  // q: cotangent of dh/dxi; that of y_xi replaces `slope`.
  const T twice = 2 * weight;
  const auto reverse = [&](const LayerBuffers<T>& out, long i, long j, Vec<T> q) {
    const long at = i * stride + j;
    const Vec<T> slope = load<T>(out.slope + at);
    store<T>(out.mixed + at, load<T>(out.mixed + at) + q * load<T>(out.second + at) * slope);
    store<T>(out.slope + at, q * load<T>(out.first + at) + twice * load<T>(out.curvature + at) * slope);
  };
  for (long i = 0; i < tile.rows; ++i)
    for (long j = 0; j < stride; j += Simd<T>::lanes) reverse(w.hidden[last], i, j, Vec<T>{});
  for (long l = last; l >= 0; --l) {
    const T* cotangent = w.hidden[l].slope;
    const Term<T> outer{cotangent, 1, stride, tile.jet(l), tile.in16(l), tile.rows};
    accumulate(tile, &outer, 1, l, w.layer[l].d_weight);
    if (l == 0) break;
    const Term<T> term{cotangent, stride, 1, w.layer[l].weight, stride, width};
    product<T>(&term, 1, tile.rows, width, start_from_zero<T>(),
               [&](long i, long j, Vec<T> q) { reverse(w.hidden[l - 1], i, j, q); });
  }
}

/// All directions of the Laplacian: the given probes, or the unit vectors.
template <class T>
void laplacian(const Tile<T>& tile, T coefficient) {
  Workspace<T>& w = tile.w;
  const long d = tile.shape.dimension;
  for (long l = 0; l < tile.shape.hidden_layers; ++l) {
    zero(w.hidden[l].square, tile.rows * tile.stride);
    zero(w.hidden[l].mixed, tile.rows * tile.stride);
  }
  const Given<T>& given = tile.given;
  if (given.probes) {
    for (long k = 0; k < given.probe_count; ++k)
      laplacian_direction(tile, given.probes + k * given.probe_stride, coefficient / static_cast<T>(given.probe_count));
    return;
  }
  T* unit = w.unit;
  for (long c = 0; c < d; ++c) {
    for (long i = 0; i < tile.points * d; ++i) unit[i] = i % d == c ? T(1) : T(0);
    laplacian_direction(tile, unit, coefficient);
  }
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
