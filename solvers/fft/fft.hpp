#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::fft {

using Complex = std::complex<double>;

[[nodiscard]] constexpr bool is_power_of_two(std::int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

/// Wave number of coefficient k of n: 0, 1, .. n/2 - 1, -n/2, .. -1.
[[nodiscard]] constexpr std::int64_t wave_number(std::int64_t k, std::int64_t n) { return k < n / 2 ? k : k - n; }

/// Discrete Fourier transform of n = 2^m complex numbers (README.md).
class Fft {
 public:
  /// @throws UsageError unless n is a power of two
  explicit Fft(std::int64_t n);

  [[nodiscard]] std::int64_t size() const { return size_; }
  /// In place. values: [n]
  void forward(std::span<Complex> values) const { transform(values.data(), 1, 1, false); }
  /// Inverse of forward, 1/n included.
  void inverse(std::span<Complex> values) const;
  /// Many lines side by side, in place, by the same operations as one: number j of line l is values[j * stride + l].
  /// `conjugate` gives the inverse times n.
  void transform(Complex* values, std::size_t lines, std::size_t stride, bool conjugate) const;

 private:
  std::int64_t size_;
  std::vector<Complex> roots_;           ///< exp(-2 pi i j / n), j < n/2
  std::vector<std::uint32_t> reversed_;  ///< bit reversal
};

/// Solves mu^2 E' = 1 - n for the periodic E of mean zero, exactly for every resolved wave but the shortest (n/2),
/// which is dropped. The density's mean is taken for 1.
class SpectralField {
 public:
  SpectralField(std::int64_t cells, double box_length, double mu);
  /// density, field: [cells] at x_j = j h
  void solve(std::span<const double> density, std::span<double> field);

 private:
  Fft fft_;
  double scale_;  ///< L / (2 pi mu^2)
  std::vector<Complex> work_;
};

}  // namespace scorefield::fft
