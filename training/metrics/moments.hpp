#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "training/metrics/point_cloud.hpp"

namespace scorefield::metrics {

/// Mean and covariance of one cloud, in D coordinates (periodic ones on circles, see on_circles).
struct Moments {
  std::vector<double> mean;        ///< [D]
  std::vector<double> covariance;  ///< [D, D], divided by N (points by their weights, divided by those)

  [[nodiscard]] std::int64_t dimension() const { return static_cast<std::int64_t>(mean.size()); }
};

/// periods: [d] in the units of the cloud, 0 = not periodic. O(N D^2).
[[nodiscard]] Moments moments_of(const PointCloud& cloud, const std::vector<double>& periods);

/// sum_i w_i (mean, covariance)_i: what interpolation of moment histories says. Variances below 0, which weights below
/// 0 can make, are 0.
[[nodiscard]] Moments combined(std::span<const Moments> moments, std::span<const double> weights);

/// How far two clouds' moments are from each other, squared.
struct MomentDistance {
  double gaussian =
      0;  ///< sum_i (m_i - m*_i)^2 + (s_i - s*_i)^2, s_i^2 = C_ii: squared W2 of the Gaussians with these axes
  double covariance = 0;  ///< |C - C*|^2, Frobenius
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

}  // namespace scorefield::metrics
