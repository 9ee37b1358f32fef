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

/// Shape of one plain MLP with silu activations, whose output is a potential or, component by component, a field:
/// features of x -> width -> ... -> width -> 1 or d, with `hidden_layers` hidden layers.
struct NetworkShape {
  std::vector<CoordinateFeatures> coordinates;  ///< [d]
  std::int64_t width = 64;
  std::int64_t hidden_layers = 6;
  std::int64_t components = 0;  ///< of a field, d; 0: the output is a potential

  [[nodiscard]] std::int64_t dimension() const { return static_cast<std::int64_t>(coordinates.size()); }
  [[nodiscard]] std::int64_t features() const {
    std::int64_t total = 0;
    for (const auto& coordinate : coordinates) total += coordinate.count();
    return total;
  }
  /// Linear layers: hidden_layers + 1.
  [[nodiscard]] std::int64_t layers() const { return hidden_layers + 1; }
  [[nodiscard]] std::int64_t inputs(std::int64_t layer) const { return layer == 0 ? features() : width; }
  [[nodiscard]] std::int64_t outputs(std::int64_t layer) const {
    return layer < hidden_layers ? width : components > 0 ? components : 1;
  }
};

/// Rows and columns of `multiply` (sweeps.hpp) are multiples of these, whatever the instruction set.
constexpr std::int64_t kProductRows = 6, kProductColumns = 16;

/// The same as plain numbers, for the sources that are compiled once per instruction set (no std:: templates there).
struct PlainShape {
  long dimension, features, width, hidden_layers, components;
  const CoordinateFeatures* coordinates;
};

/// What one group adds to the objective, with s the potential, v = grad_x s, and X' a given velocity:
///   sum over its points of  kinetic |v|^2/2 + velocity X'.v + time ds/dt + laplacian lap s + potential s
///   + reaction s^2/2,  times `scale`.
/// kinetic must be 0 or 1. Of a vector field v itself is the network's output, and there are no other terms than the
/// first two.
struct GroupTerms {
  double kinetic = 1;
  double velocity = 0;
  double time = 0;
  double laplacian = 0;
  double potential = 0;
  double reaction = 0;
  double scale = 1;
};

/// Sums over the points of one group, unscaled.
struct GroupSums {
  double kinetic = 0;    ///< sum |v|^2 / 2
  double velocity = 0;   ///< sum X'.v
  double transport = 0;  ///< sum time ds/dt + laplacian lap s, with the group's coefficients
  double potential = 0;  ///< sum s; left 0 when the group's objective has no such term
  double reaction = 0;   ///< sum s^2 / 2, likewise
};

/// Points of all groups, and where what is known of them goes.
template <class T>
struct PointArrays {
  std::int64_t groups = 0;       ///< G
  std::int64_t count = 0;        ///< N: points of each group
  const T* x = nullptr;          ///< [G, N, d]
  T* potential = nullptr;        ///< out [G, N] or null: s
  T* gradient = nullptr;         ///< out [G, N, d] or null: grad_x s, or the vector field
  const T* velocity = nullptr;   ///< [G, N, d] or null: zero
  const T* probes = nullptr;     ///< [P, G, N, d]: Hutchinson probes of the Laplacian; null: exact, by d unit vectors
  std::int64_t probe_count = 0;  ///< P
  /// [R, d], for all groups: their time and potential terms are also taken at these points, times -N/R, so that no
  /// function of time added to s changes the objective, without its reaction. Null: not.
  const T* gauge = nullptr;
  std::int64_t gauge_count = 0;  ///< R
};

}  // namespace scorefield::kernels
