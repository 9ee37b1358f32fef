#pragma once

#include "training/config.hpp"

namespace scorefield::test {

/// A small network and batch: a step takes about a millisecond.
inline training::TrainConfig small_config() {
  training::TrainConfig config;
  config.model.width = 24;
  config.model.depth = 2;
  config.model.rank = 2;
  config.model.bias_latents = 4;
  config.model.hypernetwork_width = 16;
  config.model.time_features = 2;
  config.batch = {.mu = 3, .nodes = 6, .particles = 64};
  config.optimizer.learning_rate = 1e-2;
  config.training.steps = 300;
  return config;
}

}  // namespace scorefield::test
