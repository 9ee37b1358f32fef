#include "solvers/pic/poisson.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace scorefield::pic {

PeriodicPoisson::PeriodicPoisson(std::int64_t cells, double box_length, double mu)
    : spacing_(box_length / static_cast<double>(cells)), mu_(mu) {}

void PeriodicPoisson::solve(std::span<const double> density, std::span<double> field) const {
  const std::size_t cells = density.size();
  double background = 0;
  for (const double n : density) background += n;
  background /= static_cast<double>(cells);

  // field[j] holds the face at x_j + h/2 until the last loop.
  const double scale = spacing_ / (mu_ * mu_);
  double face = 0, mean = 0;
  for (std::size_t j = 0; j < cells; ++j) {
    face += scale * (background - density[j]);
    field[j] = face;
    mean += face;
  }
  mean /= static_cast<double>(cells);

  double left = field[cells - 1] - mean;
  for (std::size_t j = 0; j < cells; ++j) {
    const double right = field[j] - mean;
    field[j] = 0.5 * (left + right);
    left = right;
  }
}

double PeriodicPoisson::energy(std::span<const double> field) const {
  double sum = 0;
  for (const double e : field) sum += e * e;
  return 0.5 * mu_ * mu_ * spacing_ * sum;
}

FourierModes::FourierModes(std::int64_t cells, std::int64_t count)
    : cells_(cells),
      count_(count),
      cosine_(static_cast<std::size_t>(cells * count)),
      sine_(static_cast<std::size_t>(cells * count)) {
  for (std::int64_t j = 0; j < cells; ++j)
    for (std::int64_t k = 1; k <= count; ++k) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(k * j % cells) / static_cast<double>(cells);
      const auto at = static_cast<std::size_t>(j * count + k - 1);
      cosine_[at] = std::cos(angle) / static_cast<double>(cells);
      sine_[at] = std::sin(angle) / static_cast<double>(cells);
    }
}

void FourierModes::transform(std::span<const double> values, std::span<std::complex<double>> modes) const {
  const auto count = static_cast<std::size_t>(count_);
  std::fill(modes.begin(), modes.end(), 0.0);
  for (std::size_t j = 0; j < static_cast<std::size_t>(cells_); ++j)
    for (std::size_t k = 0; k < count; ++k)
      modes[k] += values[j] * std::complex<double>(cosine_[j * count + k], -sine_[j * count + k]);
}

}  // namespace scorefield::pic
