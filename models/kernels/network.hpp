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

/// The same as plain numbers, for the sources that are compiled once per instruction set (no std:: templates there).
struct PlainShape {
  long dimension, features, width, hidden_layers;
  const CoordinateFeatures* coordinates;
};

/// Effective weights of one layer for all groups, where a group is one (mu, t): y = W x + b, row-major. The time
/// derivative of W is a product of thin factors, dW/dt = left * right with `rate_rank` columns in between; any full
/// matrix is the case right = identity. Null pointers mean zero. A stride of 0 shares an array between groups.
template <class T>
struct LayerArrays {
  T* weight = nullptr;      ///< [out, in]
  T* bias = nullptr;        ///< [out]
  T* rate_left = nullptr;   ///< [out, rate_rank]
  T* rate_right = nullptr;  ///< [rate_rank, in]
  T* bias_rate = nullptr;   ///< [out]
  std::int64_t weight_stride = 0, bias_stride = 0, rate_left_stride = 0, rate_right_stride = 0, bias_rate_stride = 0;
  std::int64_t rate_rank = 0;
};

/// What one group adds to the objective, with s the potential, v = grad_x s, and X' a given velocity:
///   sum over its points of  kinetic |v|^2/2 + velocity X'.v + time ds/dt + potential s,   times `scale`.
/// kinetic must be 0 or 1.
struct GroupTerms {
  double kinetic = 1;
  double velocity = 0;
  double time = 0;
  double potential = 0;
  double scale = 1;
};

/// Sums over the points of one group, unscaled.
struct GroupSums {
  double kinetic = 0;    ///< sum |v|^2 / 2
  double velocity = 0;   ///< sum X'.v
  double time = 0;       ///< sum ds/dt; likewise
  double potential = 0;  ///< sum s; left 0 when the group's objective has no such term
};

}  // namespace scorefield::kernels
