#pragma once

#include <cstdint>
#include <vector>

#include "training/metrics/point_cloud.hpp"

namespace scorefield::metrics {

/// Total variation between clouds on cells of phase space: half the sum over cells of |share - share*|, 0 for equal
/// shares, 1 for clouds that share no cell. It sees mass that is displaced by a cell, which sliced W2 counts as a small
/// distance. kPerCoordinate equal cells a coordinate over the range of the population, the outermost of a coordinate
/// that is not periodic without end. For at most kMostCoordinates coordinates: beyond them every point has a cell of
/// its own.
class PhaseCells {
 public:
  static constexpr std::int64_t kPerCoordinate = 32, kMostCoordinates = 3;

  explicit PhaseCells(const StateSpace& space);

  /// What each cell has of the cloud, sum 1.
  [[nodiscard]] std::vector<float> shares(const PointCloud& cloud) const;

 private:
  std::vector<double> low_, per_unit_;  ///< [d]
};

/// Half of the sum of |a - b|. Of equal length.
[[nodiscard]] double total_variation(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace scorefield::metrics
