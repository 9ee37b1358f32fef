#include "solvers/vlasov/interpolation.hpp"

#include <cmath>
#include <cstddef>

namespace scorefield::vlasov {

Stencil shift_stencil(double shift, std::int64_t degree) {
  const double whole = std::floor(-shift), fraction = -shift - whole;
  const auto lowest = -(degree - 1) / 2;
  Stencil stencil;
  stencil.first = static_cast<std::int64_t>(whole) + lowest;
  stencil.taps = static_cast<int>(degree) + 1;
  double sum = 0;
  for (int m = 0; m < stencil.taps; ++m) {
    double weight = 1;
    for (int other = 0; other < stencil.taps; ++other)
      if (other != m) weight *= (fraction - static_cast<double>(lowest + other)) / (m - other);
    stencil.weight[static_cast<std::size_t>(m)] = weight;
    sum += weight;
  }
  // To the last bit: what is left of the rounding goes to the nearest node, not into the mass.
  stencil.weight[static_cast<std::size_t>(fraction < 0.5 ? -lowest : 1 - lowest)] += 1 - sum;
  return stencil;
}

Stencil shift_and_diffuse_stencil(double shift, std::int64_t degree, double number) {
  const Stencil moved = shift_stencil(shift, degree);
  if (number == 0) return moved;
  const double outer = -number / 12, inner = 4 * number / 3;
  const std::array<double, 5> spread{outer, inner, 1 - 2 * (outer + inner), inner, outer};
  Stencil stencil;
  stencil.first = moved.first - 2;
  stencil.taps = moved.taps + 4;
  for (int m = 0; m < moved.taps; ++m)
    for (int k = 0; k < 5; ++k)
      stencil.weight[static_cast<std::size_t>(m + k)] +=
          moved.weight[static_cast<std::size_t>(m)] * spread[static_cast<std::size_t>(k)];
  return stencil;
}

}  // namespace scorefield::vlasov
