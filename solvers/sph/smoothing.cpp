#include "solvers/sph/smoothing.hpp"

#include <cmath>
#include <numbers>

namespace scorefield::sph {

double support(Shape shape) { return shape == Shape::gaussian ? 3 : 2; }

Profile profile(Shape shape, double q) {
  if (q >= support(shape)) return {0, 0};
  switch (shape) {
    case Shape::cubic:
      if (q < 1) return {1 - 1.5 * q * q + 0.75 * q * q * q, 3 - 2.25 * q};
      return {0.25 * std::pow(2 - q, 3), 0.75 * (2 - q) * (2 - q) / q};
    case Shape::wendland: {
      const double rest = 1 - q / 2, cube = rest * rest * rest;
      return {cube * rest * (1 + 2 * q), 5 * cube};
    }
    case Shape::gaussian:
      return {std::exp(-q * q), 2 * std::exp(-q * q)};
  }
  return {0, 0};
}

double normalisation(Shape shape, std::int64_t d) {
  // Pieces of one unit in q, on each of which the profile is smooth.
  constexpr int kIntervals = 400;
  const double dimension = static_cast<double>(d);
  const double sphere = 2 * std::pow(std::numbers::pi, dimension / 2) / std::tgamma(dimension / 2);
  double integral = 0;
  for (int piece = 0; piece < static_cast<int>(support(shape)); ++piece)
    for (int k = 0; k <= kIntervals; ++k) {
      const double q = piece + static_cast<double>(k) / kIntervals;
      const double weight = (k == 0 || k == kIntervals) ? 1 : k % 2 ? 4 : 2;
      const double w = k == kIntervals ? profile(shape, q - 1e-15).w : profile(shape, q).w;
      integral += weight / (3 * kIntervals) * w * std::pow(q, dimension - 1);
    }
  return 1 / (sphere * integral);
}

}  // namespace scorefield::sph
