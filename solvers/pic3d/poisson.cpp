#include "solvers/pic3d/poisson.hpp"

#include <numbers>

#include "core/parallel.hpp"

namespace scorefield::pic3d {

Poisson::Poisson(std::int64_t cells, double box_length)
    : fft_(cells),
      scale_(box_length / (2 * std::numbers::pi)),
      first_(static_cast<std::size_t>(cells * cells * cells)),
      second_(first_.size()),
      modes_(kFieldModes) {}

/// Two real fields fit into one complex transform, E_x + i E_y.
void Poisson::solve(std::span<const double> density, std::span<std::vector<double>, 3> field) {
  const std::int64_t n = fft_.size();
  for (std::size_t i = 0; i < first_.size(); ++i) first_[i] = density[i];
  fft_.forward(first_);
  parallel_for(n, [&](std::int64_t a) {
    const auto component = [n](std::int64_t k) {  // the shortest wave has no direction
      const std::int64_t wave = fft::wave_number(k, n);
      return 2 * wave == -n ? 0.0 : static_cast<double>(wave);
    };
    const double p = component(a);
    for (std::int64_t b = 0; b < n; ++b)
      for (std::int64_t c = 0; c < n; ++c) {
        const auto at = static_cast<std::size_t>((a * n + b) * n + c);
        const double q = component(b), r = component(c), square = p * p + q * q + r * r;
        const fft::Complex i_phi = square > 0 ? first_[at] * fft::Complex(0, scale_ / square) : 0;
        first_[at] = i_phi * fft::Complex(p, q);
        second_[at] = i_phi * r;
      }
  });
  for (std::int64_t k = 1; k <= kFieldModes; ++k) {
    // q = r = 0 there: E_x alone.
    modes_[static_cast<std::size_t>(k - 1)] =
        first_[static_cast<std::size_t>(k * n * n)] / static_cast<double>(n * n * n);
  }
  fft_.inverse(first_);
  fft_.inverse(second_);
  for (std::size_t i = 0; i < first_.size(); ++i) {
    field[0][i] = first_[i].real();
    field[1][i] = first_[i].imag();
    field[2][i] = second_[i].real();
  }
}

}  // namespace scorefield::pic3d
