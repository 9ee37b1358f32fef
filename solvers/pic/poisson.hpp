#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::pic {

/// Electrons of normalised density n on a neutralising background in a periodic box:
///   mu^2 phi'' = n - 1,  E = -phi',  a = -E  (so mu^2 E' = 1 - n; plasma frequency 1 / mu).
/// Second-order differences, solved directly: E on cell faces is the running sum of 1 - n (Gauss's law), its mean is
/// removed (phi is periodic), and E on nodes is the mean of the two faces, which is -(phi_{j+1} - phi_{j-1}) / (2 h).
/// Then sum_j n_j E_j = 0 identically: with equal weights for deposit and gather, momentum is conserved.
class PeriodicPoisson {
 public:
  PeriodicPoisson(std::int64_t cells, double box_length, double mu);

  /// density, field: [cells], at x_j = j h. The density's mean should be 1; what differs from it is spread evenly.
  void solve(std::span<const double> density, std::span<double> field) const;

  /// 1/2 mu^2 integral of E^2 over the box, from the field at nodes.
  [[nodiscard]] double energy(std::span<const double> field) const;

  [[nodiscard]] double spacing() const { return spacing_; }

 private:
  double spacing_;
  double mu_;
};

/// Fourier coefficients of a periodic grid function: E_k = 1/cells sum_j E_j exp(-2 pi i k j / cells), k = 1 .. count,
/// so that the electric energy is mu^2 L sum_k |E_k|^2 over k > 0.
class FourierModes {
 public:
  FourierModes(std::int64_t cells, std::int64_t count);

  [[nodiscard]] std::int64_t count() const { return count_; }
  /// values: [cells], modes: [count]
  void transform(std::span<const double> values, std::span<std::complex<double>> modes) const;

 private:
  std::int64_t cells_;
  std::int64_t count_;
  std::vector<double> cosine_, sine_;  ///< [cells, count], divided by cells
};

}  // namespace scorefield::pic
