#pragma once

#include <string>

#include "data/dataset.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// The dataset as a training with these options sees it: without the runs of training.leave_out, and as snapshots
/// where batch.identity says so.
/// @throws FileError, UsageError where such a run is not there or none is left
[[nodiscard]] data::DatasetReader open_training_data(const std::string& path, const TrainConfig& config);

}  // namespace scorefield::training
