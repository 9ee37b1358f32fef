#include "training/metrics/cloud_comparison.hpp"

#include "training/metrics/sinkhorn.hpp"
#include "training/metrics/subsample.hpp"

namespace scorefield::metrics {

CloudMeasures::CloudMeasures(const StateSpace& space, std::int64_t projections, std::int64_t seed)
    : sliced(space.periods, projections, seed) {
  if (space.dimension() <= PhaseCells::kMostCoordinates) cells.emplace(space);
  else features.emplace(space, seed);
}

TrueCloud::TrueCloud(const PointCloud& truth, const StateSpace& space, const CloudMeasures& measures,
                     const CloudOptions& options)
    : periods_(space.periods),
      measures_(measures),
      options_(options),
      points_(stratified_subsample(truth, options.points, options.seed)),
      projections_(measures.sliced.project(truth)) {
  if (measures.cells) cells_ = measures.cells->shares(truth);
  if (measures.features) features_ = measures.features->means(truth);
}

CloudDistance TrueCloud::sinkhorn(const PointCloud& cloud) const {
  const SinkhornResult found = sinkhorn_divergence(stratified_subsample(cloud, options_.points, options_.seed), points_,
                                                   periods_, {.epsilon = options_.epsilon});
  return {found.divergence, found.converged};
}

CloudDistance TrueCloud::sliced_w2(const PointCloud& cloud) const {
  return {measures_.sliced.distance(measures_.sliced.project(cloud), projections_)};
}

std::optional<CloudDistance> TrueCloud::total_variation(const PointCloud& cloud) const {
  if (!measures_.cells) return std::nullopt;
  return CloudDistance{metrics::total_variation(measures_.cells->shares(cloud), cells_)};
}

std::optional<CloudDistance> TrueCloud::mmd(const PointCloud& cloud) const {
  if (!measures_.features) return std::nullopt;
  return CloudDistance{feature_distance(measures_.features->means(cloud), features_)};
}

}  // namespace scorefield::metrics
