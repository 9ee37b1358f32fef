// Features of the coordinates with two derivatives, a tile at a time. Per-instruction-set source
// (core/simd/vector.hpp).
#pragma once

#include "core/simd/math.hpp"
#include "models/sweeps/tile.hpp"

namespace scorefield::kernels::SCOREFIELD_ISA {

/// sin and cos of omega x[p * stride] for the points of a tile.
template <class T>
void tile_sine_cosine(const T* x, long stride, long count, T omega, T* sine, T* cosine) {
  alignas(64) T angle[kValueTileRows];
  for (long p = 0; p < padded(count); ++p) angle[p] = p < count ? omega * x[p * stride] : T(0);
  for (long p = 0; p < padded(count); p += Simd<T>::lanes) {
    const SineCosine<T> both = sine_cosine<T>(load<T>(angle + p));
    store<T>(sine + p, both.sine);
    store<T>(cosine + p, both.cosine);
  }
}

/// Features of `count` points with their first derivatives, and second ones if asked; rows up to the end of the last
/// block are zero.
template <class T>
void load_features(const PlainShape& shape, const T* x, long count, bool second, Workspace<T>& w) {
  const long d = shape.dimension, stride = padded(shape.features), elements = padded_rows(count) * stride;
  for (long i = 0; i < elements; ++i) w.feature[i] = 0;
  for (long i = 0; i < elements; ++i) w.feature_slope[i] = 0;
  if (second)
    for (long i = 0; i < elements; ++i) w.feature_curvature[i] = 0;
  long column = 0;
  for (long c = 0; c < d; ++c) {
    const CoordinateFeatures& coordinate = shape.coordinates[c];
    if (coordinate.angular_frequency == 0) {
      for (long p = 0; p < count; ++p) {
        w.feature[p * stride + column] = x[p * d + c];
        w.feature_slope[p * stride + column] = 1;
      }
      ++column;
      continue;
    }
    const T omega = static_cast<T>(coordinate.angular_frequency);
    alignas(64) T sine[kValueTileRows], cosine[kValueTileRows];
    tile_sine_cosine(x + c, d, count, omega, sine, cosine);
    for (long p = 0; p < count; ++p) {
      T s = sine[p], o = cosine[p];
      long at = p * stride + column;
      for (long k = 1; k <= coordinate.harmonics; ++k, at += 2) {
        const T frequency = static_cast<T>(k) * omega;
        w.feature[at] = s;
        w.feature[at + 1] = o;
        w.feature_slope[at] = frequency * o;
        w.feature_slope[at + 1] = -frequency * s;
        if (second) {
          w.feature_curvature[at] = -frequency * frequency * s;
          w.feature_curvature[at + 1] = -frequency * frequency * o;
        }
        const T next = s * cosine[p] + o * sine[p];  // sin((k + 1) th)
        o = o * cosine[p] - s * sine[p];
        s = next;
      }
    }
    column += 2 * coordinate.harmonics;
  }
}

/// [rows, f16] tangent of the features along `direction` [count, d]; rows up to the end of the last block are zero.
template <class T>
void feature_tangent(const PlainShape& shape, const Workspace<T>& w, const T* direction, long count, T* tangent) {
  const long d = shape.dimension, stride = padded(shape.features);
  for (long i = 0; i < padded_rows(count) * stride; ++i) tangent[i] = 0;
  for (long p = 0; p < count; ++p) {
    long j = p * stride;
    for (long c = 0; c < d; ++c)
      for (long k = feature_count(shape.coordinates[c]); k > 0; --k, ++j)
        tangent[j] = direction[p * d + c] * w.feature_slope[j];
  }
}

/// tangent += scale * direction^2 times the features' second derivatives.
template <class T>
void add_feature_curvature(const PlainShape& shape, const Workspace<T>& w, const T* direction, long count, T scale,
                           T* tangent) {
  const long d = shape.dimension, stride = padded(shape.features);
  for (long p = 0; p < count; ++p) {
    long j = p * stride;
    for (long c = 0; c < d; ++c) {
      const T factor = scale * direction[p * d + c] * direction[p * d + c];
      for (long k = feature_count(shape.coordinates[c]); k > 0; --k, ++j) tangent[j] += factor * w.feature_curvature[j];
    }
  }
}

/// gradient [count, d] = J^T adjoint of the features.
template <class T>
void features_to_gradient(const PlainShape& shape, const Workspace<T>& w, long count, T* gradient) {
  const long d = shape.dimension, stride = padded(shape.features);
  for (long p = 0; p < count; ++p) {
    long j = p * stride;
    for (long c = 0; c < d; ++c) {
      T sum = 0;
      for (long k = feature_count(shape.coordinates[c]); k > 0; --k, ++j)
        sum += w.feature_slope[j] * w.feature_adjoint[j];
      gradient[p * d + c] = sum;
    }
  }
}

}  // namespace scorefield::kernels::SCOREFIELD_ISA
