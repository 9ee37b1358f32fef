#include "solvers/fft/fft.hpp"

#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace scorefield::fft {

Fft::Fft(std::int64_t n) : size_(n) {
  if (!is_power_of_two(n))
    throw UsageError("a Fourier transform of " + std::to_string(n) + " numbers: expected a power of two.");
  for (std::int64_t j = 0; j < n / 2; ++j) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(n);
    roots_.emplace_back(std::cos(angle), std::sin(angle));
  }
  reversed_.resize(static_cast<std::size_t>(n));
  for (std::uint32_t j = 1; j < reversed_.size(); ++j)
    reversed_[j] = (reversed_[j >> 1] >> 1) | ((j & 1u) != 0 ? static_cast<std::uint32_t>(n / 2) : 0u);
}

void Fft::transform(std::span<Complex> values, bool conjugate) const {
  const auto n = static_cast<std::size_t>(size_);
  for (std::size_t j = 0; j < n; ++j)
    if (j < reversed_[j]) std::swap(values[j], values[reversed_[j]]);
  const double sign = conjugate ? -1 : 1;
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t stride = n / (2 * half);
    for (std::size_t start = 0; start < n; start += 2 * half)
      for (std::size_t j = 0; j < half; ++j) {
        // The product is written out: the operator's care for infinities costs more than the product.
        const double c = roots_[j * stride].real(), s = sign * roots_[j * stride].imag();
        const Complex low = values[start + j], high = values[start + j + half];
        const Complex turned(c * high.real() - s * high.imag(), c * high.imag() + s * high.real());
        values[start + j] = low + turned;
        values[start + j + half] = low - turned;
      }
  }
}

void Fft::inverse(std::span<Complex> values) const {
  transform(values, true);
  const double scale = 1 / static_cast<double>(size_);
  for (Complex& value : values) value *= scale;
}

SpectralField::SpectralField(std::int64_t cells, double box_length, double mu)
    : fft_(cells), scale_(box_length / (2 * std::numbers::pi * mu * mu)), work_(static_cast<std::size_t>(cells)) {}

void SpectralField::solve(std::span<const double> density, std::span<double> field) {
  for (std::size_t j = 0; j < work_.size(); ++j) work_[j] = density[j];
  fft_.forward(work_);
  const std::int64_t n = fft_.size();
  for (std::int64_t k = 0; k < n; ++k) {
    const std::int64_t wave = wave_number(k, n);
    auto& value = work_[static_cast<std::size_t>(k)];
    // E_k = -n_k / (i k mu^2)
    value = wave == 0 || 2 * wave == -n ? Complex(0) : value * Complex(0, scale_ / static_cast<double>(wave));
  }
  fft_.inverse(work_);
  for (std::size_t j = 0; j < work_.size(); ++j) field[j] = work_[j].real();
}

}  // namespace scorefield::fft
