#pragma once

#include <string>

#include "data/dataset.hpp"
#include "training/config.hpp"

namespace scorefield::training {

/// A loss that a dataset has what it takes for.
struct LossChoice {
  std::string name;
  std::string reason;  ///< what the data have; the end of a sentence for the user
};

/// Velocities that say all that moves the population, else particles that are followed, else snapshots.
[[nodiscard]] LossChoice choose_loss(const data::DatasetReader& reader, const TrainConfig& config);

/// Puts the choice in the place of loss.name = auto. @return the reason; empty where a loss was named
std::string resolve_loss(TrainConfig& config, const data::DatasetReader& reader);
/// The same among losses that are regressions (Loss::is_regression).
std::string resolve_regression(TrainConfig& config, const data::DatasetReader& reader);

}  // namespace scorefield::training
