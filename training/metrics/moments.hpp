#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "training/metrics/point_cloud.hpp"

namespace scorefield::metrics {

/// Density modes of each periodic coordinate.
constexpr std::size_t kModes = 3;

/// Mean and covariance of one cloud, in D coordinates (periodic ones on circles, see on_circles), and its density
/// modes.
struct Moments {
  std::vector<double> mean;        ///< [D]
  std::vector<double> covariance;  ///< [D, D], divided by N (points by their weights, divided by those)
  /// E[exp(2 pi i m x/L)] of each periodic coordinate x of period L, [periodic, m = 1 .. kModes].
  std::vector<std::complex<double>> modes{};

  [[nodiscard]] std::int64_t dimension() const { return static_cast<std::int64_t>(mean.size()); }
};

/// periods: [d] in the units of the cloud, 0 = not periodic. O(N D^2).
[[nodiscard]] Moments moments_of(const PointCloud& cloud, const std::vector<double>& periods);

/// sum_i w_i (mean, covariance, modes)_i: what interpolation of moment histories says. Variances below 0, which weights
/// below 0 can make, are 0.
[[nodiscard]] Moments combined(std::span<const Moments> moments, std::span<const double> weights);

/// How far two clouds' moments are from each other, squared.
struct MomentDistance {
  double gaussian =
      0;  ///< sum_i (m_i - m*_i)^2 + (s_i - s*_i)^2, s_i^2 = C_ii: squared W2 of the Gaussians with these axes
  double covariance = 0;               ///< |C - C*|^2, Frobenius
  std::array<double, kModes> modes{};  ///< |n_m - n*_m|^2, summed over the periodic coordinates
};
[[nodiscard]] MomentDistance distance(const Moments& cloud, const Moments& truth);

/// Relative L2 over frames, in units of the truth's own spread over the same frames.
struct MomentErrors {
  /// sqrt( sum_k gaussian_k / sum_k sum_i [(m*_i(t_k) - mean_k m*_i)^2 + C*_ii(t_k)] ): the denominator is the variance
  /// of the truth pooled over the frames. 1 says: as wrong as knowing nothing but the mean over time.
  double moments = 0;
  double covariance = 0;  ///< sqrt( sum_k |C - C*|^2 / sum_k |C*|^2 )
};
/// distances, truth: [F]. @throws Error when lengths differ, or the truth is a point that never moves.
[[nodiscard]] MomentErrors moment_errors(const std::vector<MomentDistance>& distances,
                                         const std::vector<Moments>& truth);

/// Of a density mode m = 1 .. kModes, complex, so that its phase counts: sqrt( sum_k |n_m - n*_m|^2 / sum_k |n*_m|^2 ).
/// Absent without periodic coordinates and where the truth has none of this mode.
[[nodiscard]] std::optional<double> mode_error(const std::vector<MomentDistance>& distances,
                                               const std::vector<Moments>& truth, std::size_t mode);

}  // namespace scorefield::metrics
