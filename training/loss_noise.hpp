#pragma once

#include <cstdint>
#include <string>

#include "training/config.hpp"

namespace scorefield::training {

/// How much one batch's loss and gradient vary at fixed weights.
struct LossNoise {
  double mean = 0;            ///< of the loss
  double deviation = 0;       ///< of the loss between batches
  double gradient_noise = 0;  ///< E|g - E g|^2 / |E g|^2, g the gradient of one batch, |E g|^2 estimated without bias
};

/// Measures on `batches` batches of the training data, with the averaged weights of a model file. @throws as train
[[nodiscard]] LossNoise measure_loss_noise(const std::string& model_path, const std::string& data_path,
                                           TrainConfig config, std::int64_t seed, std::int64_t batches);

}  // namespace scorefield::training
