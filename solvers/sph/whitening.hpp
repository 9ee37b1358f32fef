#pragma once

#include <cstdint>
#include <vector>

namespace scorefield::sph {

/// x = mean + L z with L lower triangular. Row-major arrays.
struct Whitening {
  std::int64_t d = 0;
  std::vector<double> mean, L;

  /// Identity.
  explicit Whitening(std::int64_t dimension);
  /// Mean and Cholesky factor of the covariance of x [n, d]; directions without extent keep a thousandth of the
  /// largest.
  static Whitening of(const std::vector<double>& x, std::int64_t d);

  [[nodiscard]] std::vector<double> to_x(const std::vector<double>& z) const;
  [[nodiscard]] std::vector<double> to_z(const std::vector<double>& x) const;
  /// Gradients in z: L^T g.
  [[nodiscard]] std::vector<double> gradient_in_z(const std::vector<double>& gradient) const;
  [[nodiscard]] double log_determinant() const;
};

}  // namespace scorefield::sph
