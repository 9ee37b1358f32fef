#pragma once

#include <cstdint>
#include <vector>

namespace scorefield::kernels {

/// How one coordinate of the state enters the network.
struct CoordinateFeatures {
  double angular_frequency = 0;  ///< 0: the coordinate itself; else sin and cos of its harmonics at this frequency
  std::int64_t harmonics = 0;    ///< number of harmonics when periodic; features sin th, cos th, sin 2th, cos 2th, ...

  [[nodiscard]] std::int64_t count() const { return angular_frequency == 0 ? 1 : 2 * harmonics; }
};

/// Shape of one plain MLP with silu activations and a scalar output:
/// features of x -> width -> ... -> width -> 1, with `hidden_layers` hidden layers.
struct NetworkShape {
  std::vector<CoordinateFeatures> coordinates;  ///< [d]
  std::int64_t width = 64;
  std::int64_t hidden_layers = 6;

  [[nodiscard]] std::int64_t dimension() const { return static_cast<std::int64_t>(coordinates.size()); }
  [[nodiscard]] std::int64_t features() const {
    std::int64_t total = 0;
    for (const auto& coordinate : coordinates) total += coordinate.count();
    return total;
  }
  /// Linear layers: hidden_layers + 1.
  [[nodiscard]] std::int64_t layers() const { return hidden_layers + 1; }
  [[nodiscard]] std::int64_t inputs(std::int64_t layer) const { return layer == 0 ? features() : width; }
  [[nodiscard]] std::int64_t outputs(std::int64_t layer) const { return layer == hidden_layers ? 1 : width; }
};

/// Rows and columns of `multiply` (sweeps.hpp) are multiples of these, whatever the instruction set.
constexpr std::int64_t kProductRows = 6, kProductColumns = 16;

/// The same as plain numbers, for the sources that are compiled once per instruction set (no std:: templates there).
struct PlainShape {
  long dimension, features, width, hidden_layers;
  const CoordinateFeatures* coordinates;
};

/// One layer of the MLP for all groups, where a group is one (mu, t). Row-major arrays; null means absent.
///   y = W x + b,   W = weight + left diag(scale) right,   b = bias + bias_map latent,
///   dW/dt = weight_rate + left diag(scale_rate) right,    db/dt = bias_rate + bias_map latent_rate.
/// A group's array starts at pointer + stride * group; stride 0: all groups share it. `left`, `right` and `bias_map`
/// are always shared, scale, latent and the rates never. Low-rank and bias modulation stay in factors, so that neither
/// their effective weights nor those weights' gradients are ever written to memory.
template <class T>
struct LayerArrays {
  T* weight = nullptr;       ///< [out, in]
  T* bias = nullptr;         ///< [out]
  T* left = nullptr;         ///< [out, rank]
  T* right = nullptr;        ///< [rank, in]
  T* scale = nullptr;        ///< [rank]
  T* scale_rate = nullptr;   ///< [rank]
  T* bias_map = nullptr;     ///< [out, latents]
  T* latent = nullptr;       ///< [latents]
  T* latent_rate = nullptr;  ///< [latents]
  T* weight_rate = nullptr;  ///< [out, in]
  T* bias_rate = nullptr;    ///< [out]
  std::int64_t weight_stride = 0, bias_stride = 0, scale_stride = 0, scale_rate_stride = 0, latent_stride = 0,
               latent_rate_stride = 0, weight_rate_stride = 0, bias_rate_stride = 0;
  std::int64_t rank = 0, latents = 0;
};

/// What one group adds to the objective, with s the potential, v = grad_x s, and X' a given velocity:
///   sum over its points of  kinetic |v|^2/2 + velocity X'.v + time ds/dt + laplacian lap s + potential s,  times
///   `scale`.
/// kinetic must be 0 or 1.
struct GroupTerms {
  double kinetic = 1;
  double velocity = 0;
  double time = 0;
  double laplacian = 0;
  double potential = 0;
  double scale = 1;
};

/// Sums over the points of one group, unscaled.
struct GroupSums {
  double kinetic = 0;    ///< sum |v|^2 / 2
  double velocity = 0;   ///< sum X'.v
  double transport = 0;  ///< sum time ds/dt + laplacian lap s, with the group's coefficients
  double potential = 0;  ///< sum s; left 0 when the group's objective has no such term
};

/// Points of all groups.
template <class T>
struct PointArrays {
  const T* x = nullptr;          ///< [G, N, d]
  const T* velocity = nullptr;   ///< [G, N, d] or null: zero
  const T* probes = nullptr;     ///< [P, G, N, d]: Hutchinson probes of the Laplacian; null: exact, by d unit vectors
  std::int64_t probe_count = 0;  ///< P
  /// [R, d], for all groups: their time and potential terms are also taken at these points, times -N/R, so that no
  /// function of time added to s changes the objective. Null: not.
  const T* gauge = nullptr;
  std::int64_t gauge_count = 0;  ///< R
  T* gradient = nullptr;         ///< [G, N, d] or null: receives grad_x s
};

}  // namespace scorefield::kernels
