#include "training/losses/loss.hpp"

#include "training/objective.hpp"

namespace scorefield::training {

std::unique_ptr<Objective> Loss::objective(const TrainConfig& config, std::int64_t seed) const {
  return make_objective(config.loss, config.training.engine, seed);
}

}  // namespace scorefield::training
