#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "training/metrics/fourier_features.hpp"
#include "training/metrics/phase_cells.hpp"
#include "training/metrics/point_cloud.hpp"
#include "training/metrics/wasserstein.hpp"

namespace scorefield::metrics {

struct CloudOptions {
  std::int64_t points = 1024;  ///< for the Sinkhorn divergence
  double epsilon = 0.05;
  std::int64_t seed = 0;  ///< of the subsample
};

/// How far a cloud is from the true one.
struct CloudDistance {
  double value = 0;
  bool converged = true;  ///< of what is computed by iteration
};

/// What clouds of one space are compared by, the same for every frame.
struct CloudMeasures {
  CloudMeasures(const StateSpace& space, std::int64_t projections, std::int64_t seed);

  SlicedWasserstein sliced;
  std::optional<PhaseCells> cells;          ///< of few coordinates
  std::optional<FourierFeatures> features;  ///< of more
};

/// The true cloud of one frame, prepared for comparison with several others in the same coordinates.
class TrueCloud {
 public:
  /// @param measures live as long as this object
  TrueCloud(const PointCloud& truth, const StateSpace& space, const CloudMeasures& measures,
            const CloudOptions& options);

  /// Debiased Sinkhorn divergence of subsamples, in squared units.
  [[nodiscard]] CloudDistance sinkhorn(const PointCloud& cloud) const;
  [[nodiscard]] CloudDistance sliced_w2(const PointCloud& cloud) const;
  /// On cells of phase space, for up to three coordinates, and by Fourier features, for more.
  [[nodiscard]] std::optional<CloudDistance> total_variation(const PointCloud& cloud) const;
  [[nodiscard]] std::optional<CloudDistance> mmd(const PointCloud& cloud) const;

 private:
  std::vector<double> periods_;
  const CloudMeasures& measures_;
  CloudOptions options_;
  PointCloud points_;
  SlicedWasserstein::Projections projections_;
  std::vector<float> cells_;      ///< shares
  std::vector<double> features_;  ///< means
};

}  // namespace scorefield::metrics
