#include "training/losses/loss.hpp"

#include "training/objective.hpp"
#include "training/trainer.hpp"

namespace scorefield::training {

std::unique_ptr<Objective> Loss::objective(const TrainConfig& config, std::int64_t seed) const {
  return make_objective(config.loss, config.training.engine, seed);
}

TrainResult Loss::train(const TrainRequest& request) const { return train_network(request); }

}  // namespace scorefield::training
