#include "solvers/fft/fft.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

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

namespace {

/// low, high = low + root high, low - root high. The product is written out: the operator's care for infinities costs
/// more than the product.
void butterflies(Complex* low, Complex* high, std::size_t lines, double c, double s) {
  auto* a = reinterpret_cast<double*>(low);  // complex numbers are pairs of real ones, by the standard
  auto* b = reinterpret_cast<double*>(high);
  for (std::size_t l = 0; l < 2 * lines; l += 2) {
    const double re = c * b[l] - s * b[l + 1], im = c * b[l + 1] + s * b[l];
    b[l] = a[l] - re;
    b[l + 1] = a[l + 1] - im;
    a[l] += re;
    a[l + 1] += im;
  }
}

}  // namespace

void Fft::transform(Complex* values, std::size_t lines, std::size_t stride, bool conjugate) const {
  const auto n = static_cast<std::size_t>(size_);
  for (std::size_t j = 0; j < n; ++j)
    if (j < reversed_[j])
      std::swap_ranges(values + j * stride, values + j * stride + lines, values + reversed_[j] * stride);
  const double sign = conjugate ? -1 : 1;
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t step = n / (2 * half);
    for (std::size_t start = 0; start < n; start += 2 * half)
      for (std::size_t j = 0; j < half; ++j)
        butterflies(values + (start + j) * stride, values + (start + j + half) * stride, lines, roots_[j * step].real(),
                    sign * roots_[j * step].imag());
  }
}

void Fft::inverse(std::span<Complex> values) const {
  transform(values.data(), 1, 1, true);
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
