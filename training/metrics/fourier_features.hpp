#pragma once

#include <cstdint>
#include <vector>

#include "training/metrics/point_cloud.hpp"

namespace scorefield::metrics {

/// Means of random Fourier features of the Gaussian kernel exp(-|x - y|^2 / (2 h^2)) (Rahimi and Recht 2007): cos w.x
/// and sin w.x for frequencies w ~ N(0, I/h^2), which are a function of the seed alone. The mean over frequencies of
/// the squared differences of two clouds' means is their squared MMD for the kernel that these frequencies make, of all
/// particles in O(N). Periodic coordinates lie on their circle.
class FourierFeatures {
 public:
  static constexpr std::int64_t kCount = 256;

  /// h = sqrt(d)/2 in coordinates of unit spread: about a third of the distance of two points of a population.
  FourierFeatures(const StateSpace& space, std::int64_t seed);

  [[nodiscard]] double bandwidth() const { return bandwidth_; }
  /// [2, kCount]: cosines, sines.
  [[nodiscard]] std::vector<double> means(const PointCloud& cloud) const;

 private:
  std::vector<double> periods_;
  double bandwidth_;
  std::vector<float> frequencies_;  ///< [kCount, D]
};

/// The MMD of two clouds by their means.
[[nodiscard]] double feature_distance(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace scorefield::metrics
