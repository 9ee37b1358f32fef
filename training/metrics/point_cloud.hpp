#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace scorefield::metrics {

/// N points of dimension d, row-major [N, d].
struct PointCloud {
  std::int64_t dimension = 0;
  std::vector<float> values;
  std::vector<float> weights{};  ///< [N], from 0 on, on any scale; empty: all are alike

  [[nodiscard]] std::int64_t count() const {
    return dimension > 0 ? static_cast<std::int64_t>(values.size()) / dimension : 0;
  }
  [[nodiscard]] std::span<const float> point(std::int64_t i) const {
    return {values.data() + i * dimension, static_cast<std::size_t>(dimension)};
  }
};

/// The coordinates in which clouds are compared: state = scale * coordinate.
struct StateSpace {
  std::vector<double> scales;   ///< [d], > 0
  std::vector<double> periods;  ///< [d] in units of the scale, 0 = not periodic
  /// [d] in units of the scale: where the population is, at most four spreads from its mean; a whole period.
  std::vector<double> low{}, high{};

  [[nodiscard]] std::int64_t dimension() const { return static_cast<std::int64_t>(scales.size()); }
};

/// Spread of a population over any number of frames: per coordinate the standard deviation, for a periodic one
/// period/sqrt(12) (that of a uniform population) whatever the samples are.
class SpreadMeter {
 public:
  /// @param periods [d], 0 = not periodic
  explicit SpreadMeter(std::vector<double> periods);

  /// samples: [N, d] row-major; weights: [N], or none. Frames of equal size count equally.
  void add(std::span<const float> samples, std::span<const float> weights = {});

  /// Scales of unit spread (1 for a coordinate that never varied) and range.
  [[nodiscard]] StateSpace space() const;

 private:
  std::vector<double> periods_;
  std::vector<double> shift_;  ///< first sample: keeps the sums of squares small
  std::vector<double> sum_;
  std::vector<double> squares_;
  std::vector<double> least_, largest_;
  double count_ = 0;
};

/// samples [N, d] in units of the scales, with their weights [N] or none; periodic coordinates wrapped into [0,
/// period).
/// @throws Error if the length is not a multiple of d, or there is another number of weights.
[[nodiscard]] PointCloud normalised(std::span<const float> samples, const StateSpace& space,
                                    std::span<const float> weights = {});

/// What each point has of the weight, sum 1, [N]; empty where all are alike. @throws Error if no point has any weight.
[[nodiscard]] std::vector<float> shares_of(const PointCloud& cloud);

/// The cloud by coordinates, [D, N], where a coordinate of period P > 0 has become two, of a circle of circumference P:
/// short distances are kept, long ones are chords. periods: [d].
[[nodiscard]] std::vector<float> on_circles(const PointCloud& cloud, const std::vector<double>& periods);

}  // namespace scorefield::metrics
