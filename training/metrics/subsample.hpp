#pragma once

#include <cstdint>

#include "training/metrics/point_cloud.hpp"

namespace scorefield::metrics {

/// `count` points of a cloud, one drawn at random from each of `count` cells of equal population: the cells of a k-d
/// tree that splits the widest coordinate of each part at its quantile. The sample is as unbiased as a random one and
/// much evener, which lowers the noise floor of distances between samples. A function of cloud and seed alone: equal
/// clouds give equal samples. The cloud itself when it has no more than `count` points. Of a weighted cloud: points of
/// equal weight, drawn by theirs from as many runs of equal weight along the order of the tree's leaves; a point of
/// more weight than a run comes several times.
[[nodiscard]] PointCloud stratified_subsample(const PointCloud& cloud, std::int64_t count, std::int64_t seed);

}  // namespace scorefield::metrics
