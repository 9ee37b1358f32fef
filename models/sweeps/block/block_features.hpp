// Features of a tile's coordinates with two derivatives.
#pragma once

#include "models/sweeps/block/block_work.hpp"

namespace scorefield::kernels {

SCOREFIELD_BLOCK float sine(float x) { return sinf(x); }
SCOREFIELD_BLOCK double sine(double x) { return sin(x); }
SCOREFIELD_BLOCK float cosine(float x) { return cosf(x); }
SCOREFIELD_BLOCK double cosine(double x) { return cos(x); }

/// Fills feature, slope and curvature; zero where the tile has no point.
template <class T, class Block>
SCOREFIELD_BLOCK void load_block_features(Block& block, const BlockCall<T>& call, const BlockTile<T>& tile,
                                          const BlockWork<T>& work) {
  block.each(call.features * kBlockPoints, [&](int i) {
    const int f = i / kBlockPoints, p = i % kBlockPoints, at = f * kBlockStride + p;
    const BlockFeature<T>& is = call.feature[f];
    T value = 0, slope = 0, curvature = 0;
    if (p < tile.count) {
      const T x = call.x[(tile.first + p) * call.dimension + is.coordinate];
      if (is.harmonic == 0) {
        value = x;
        slope = 1;
      } else {
        const T frequency = is.frequency * static_cast<T>(is.harmonic > 0 ? is.harmonic : -is.harmonic);
        const T s = sine(frequency * x), c = cosine(frequency * x);
        value = is.harmonic > 0 ? s : c;
        slope = frequency * (is.harmonic > 0 ? c : -s);
        curvature = -frequency * frequency * value;
      }
    }
    work.feature[at] = value;
    work.slope[at] = slope;
    work.curvature[at] = curvature;
  });
}

/// gradient = J^T adjoint of the features.
template <class T, class Block>
SCOREFIELD_BLOCK void block_features_to_gradient(Block& block, const BlockCall<T>& call, const BlockWork<T>& work,
                                                 const T* adjoint) {
  block.each(call.dimension * kBlockPoints, [&](int i) {
    const int c = i / kBlockPoints, p = i % kBlockPoints;
    T sum = 0;
    for (int f = call.first_feature[c]; f < call.first_feature[c + 1]; ++f)
      sum += work.slope[f * kBlockStride + p] * adjoint[f * kBlockStride + p];
    work.gradient[c * kBlockStride + p] = sum;
  });
}

/// Component c, at point p of the tile, of direction k that the Laplacian sums over.
template <class T>
SCOREFIELD_BLOCK T probe(const BlockCall<T>& call, const BlockTile<T>& tile, int k, int c, int p) {
  if (!call.probes) return c == k ? T(1) : T(0);
  if (p >= tile.count) return 0;
  return call.probes[((k * call.groups * call.points) + tile.first + p) * call.dimension + c];
}

template <class T>
SCOREFIELD_BLOCK int direction_count(const BlockCall<T>& call) {
  return !call.laplacian ? 0 : call.probes ? call.probe_count : call.dimension;
}

}  // namespace scorefield::kernels
