#include "training/metrics/cloud_comparison.hpp"

#include "training/metrics/sinkhorn.hpp"
#include "training/metrics/subsample.hpp"

namespace scorefield::metrics {

TrueCloud::TrueCloud(const PointCloud& truth, const StateSpace& space, const SlicedWasserstein& sliced,
                     const CloudOptions& options)
    : periods_(space.periods),
      sliced_(sliced),
      options_(options),
      points_(stratified_subsample(truth, options.points, options.seed)),
      projections_(sliced.project(truth)) {}

CloudDistance TrueCloud::sinkhorn(const PointCloud& cloud) const {
  const SinkhornResult found = sinkhorn_divergence(stratified_subsample(cloud, options_.points, options_.seed), points_,
                                                   periods_, {.epsilon = options_.epsilon});
  return {found.divergence, found.converged};
}

CloudDistance TrueCloud::sliced_w2(const PointCloud& cloud) const {
  return {sliced_.distance(sliced_.project(cloud), projections_)};
}

}  // namespace scorefield::metrics
