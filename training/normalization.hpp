#pragma once

#include <cstdint>

#include "data/dataset.hpp"
#include "models/normalizer.hpp"

namespace scorefield::training {

/// Normaliser from a training dataset, reading at most `frames_per_mu` equally spaced frames of every mu; particles
/// count by their weights, frames alike. Time runs from the first to the last of all times. Periodic coordinates:
/// center 0 and the deviation of a uniform distribution over the period. `metric`: ModelOptions::metric.
/// @throws UsageError when `metric` has the wrong length, FileError on a coordinate without
/// spread or fewer frames than `least_frames`.
[[nodiscard]] models::Normalizer compute_normalizer(const data::DatasetReader& reader,
                                                    const std::vector<double>& metric, std::int64_t least_frames = 2,
                                                    std::int64_t frames_per_mu = 16);

}  // namespace scorefield::training
