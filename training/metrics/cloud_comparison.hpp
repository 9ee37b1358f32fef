#pragma once

#include <cstdint>
#include <vector>

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

/// The true cloud of one frame, prepared for comparison with several others in the same coordinates.
class TrueCloud {
 public:
  /// @param sliced lives as long as this object
  TrueCloud(const PointCloud& truth, const StateSpace& space, const SlicedWasserstein& sliced,
            const CloudOptions& options);

  /// Debiased Sinkhorn divergence of subsamples, in squared units.
  [[nodiscard]] CloudDistance sinkhorn(const PointCloud& cloud) const;
  [[nodiscard]] CloudDistance sliced_w2(const PointCloud& cloud) const;

 private:
  std::vector<double> periods_;
  const SlicedWasserstein& sliced_;
  CloudOptions options_;
  PointCloud points_;
  SlicedWasserstein::Projections projections_;
};

}  // namespace scorefield::metrics
