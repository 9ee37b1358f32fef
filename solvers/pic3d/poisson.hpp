#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

#include "solvers/fft/fft3d.hpp"

namespace scorefield::pic3d {

/// The field of a density in a periodic cube, div E = 1 - n, E = -grad phi, in Fourier space: E_k = i k n_k / k^2.
/// Waves at the grid's shortest length are dropped. The operator is odd and the same everywhere: with the same weights
/// for deposit and gather, the total force is zero to round-off.
class Poisson {
 public:
  Poisson(std::int64_t cells, double box_length);

  /// density: [n, n, n] of mean 1 (what differs from it is spread evenly). field: three components [n, n, n] each.
  void solve(std::span<const double> density, std::span<std::vector<double>, 3> field);

  /// Amplitudes E_x of the waves (k, 0, 0), k = 1 .. count, of the last solve: E_k = mean of E_x exp(-2 pi i k x / L).
  [[nodiscard]] std::span<const std::complex<double>> modes() const { return modes_; }

 private:
  fft::Fft3d fft_;
  double scale_;  ///< L / 2 pi
  std::vector<fft::Complex> first_, second_;
  std::vector<std::complex<double>> modes_;
};

inline constexpr std::int64_t kFieldModes = 3;  ///< of the coarsest grid

}  // namespace scorefield::pic3d
