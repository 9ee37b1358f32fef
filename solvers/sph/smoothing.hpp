#pragma once

#include <cstdint>

namespace scorefield::sph {

enum class Shape {
  cubic,     ///< cubic spline, support 2 h
  wendland,  ///< Wendland C2 (1 - q/2)^4 (1 + 2 q), support 2 h
  gaussian,  ///< exp(-q^2), cut at 3 h and normalised with the cut
};

/// A kernel and its length.
struct Smoothing {
  Shape shape;
  double h;
};

/// Radius beyond which W vanishes, in units of h.
[[nodiscard]] double support(Shape shape);

/// The unnormalised profile w(q), q = r/h, and F(q) = -w'(q)/q, so that grad W = -norm F x / h^(d + 2).
struct Profile {
  double w, F;
};
[[nodiscard]] Profile profile(Shape shape, double q);

/// The constant that makes norm w(r/h)/h^d integrate to one in d dimensions (radial Simpson rule, 1e-10).
[[nodiscard]] double normalisation(Shape shape, std::int64_t d);

}  // namespace scorefield::sph
