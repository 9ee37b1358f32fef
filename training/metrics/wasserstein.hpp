#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "training/metrics/point_cloud.hpp"

namespace scorefield::metrics {

/// Sorts without comparisons (radix, three passes); much faster than std::sort on the thousands of values of a
/// projection. Values must be finite.
void sort_floats(std::vector<float>& values);

/// Exact W2 between two equally weighted samples on the line: the L2 distance of their quantile functions; the samples
/// may differ in size. @throws Error if one is empty.
[[nodiscard]] double wasserstein2_1d(std::span<const float> x, std::span<const float> y);

/// The same for samples already in increasing order.
[[nodiscard]] double wasserstein2_sorted(std::span<const float> x, std::span<const float> y);

/// Sorted points on the line with their weights.
struct WeightedLine {
  std::span<const float> points;  ///< [N], increasing
  std::span<const float> levels;  ///< [N] shares of the weight up to and with each point, the last 1; empty: (i + 1)/N
};
/// The same for weighted samples. @throws Error if one is empty.
[[nodiscard]] double wasserstein2_sorted(const WeightedLine& x, const WeightedLine& y);

/// Sliced W2: the root mean square over fixed directions of the exact W2 of the projected clouds (Bonneel et al. 2015),
/// whose points count by their weights.
/// A coordinate of period P is replaced by the two coordinates of a circle of circumference P, so that distances are
/// chords: equal to the arc for close points, 2/pi of it at half a period. Directions are uniform on the unit sphere of
/// the embedding space and a function of the seed alone.
class SlicedWasserstein {
 public:
  /// @param periods [d] in the units of the clouds, 0 = not periodic. @throws UsageError if projections < 1.
  SlicedWasserstein(std::vector<double> periods, std::int64_t projections, std::int64_t seed);

  /// Sorted projections of one cloud; keep those of the truth to compare several clouds with it.
  struct Projections {
    std::int64_t count = 0;       ///< N
    std::vector<float> sorted{};  ///< [projections, N]
    std::vector<float> levels{};  ///< [projections, N] as in WeightedLine; empty: points are alike

    [[nodiscard]] WeightedLine line(std::int64_t projection) const;
  };
  [[nodiscard]] Projections project(const PointCloud& cloud) const;

  [[nodiscard]] double distance(const Projections& x, const Projections& y) const;
  [[nodiscard]] double distance(const PointCloud& x, const PointCloud& y) const {
    return distance(project(x), project(y));
  }

  [[nodiscard]] std::int64_t embedding_dimension() const { return embedding_dimension_; }

 private:
  std::vector<double> periods_;
  std::int64_t projections_;
  std::int64_t embedding_dimension_;
  std::vector<float> directions_;  ///< [projections, embedding dimension]
};

}  // namespace scorefield::metrics
