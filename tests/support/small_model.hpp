#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/problems/problem.hpp"
#include "training/trainer.hpp"

namespace scorefield::test {

/// A generated dataset and a model that has seen twenty steps of it.
struct SmallModel {
  std::string problem;
  std::vector<double> mu;
  std::int64_t particles = 0, frames = 0;
  std::vector<std::string> settings{};  ///< of the problem, KEY=VALUE
};

/// Writes both files.
inline void make_small_model(const SmallModel& model, const std::string& data_path, const std::string& model_path) {
  const auto problem = problems::make_problem(model.problem);
  problems::GenerateOptions options;
  for (const double value : model.mu) options.mu.push_back({value});
  options.particles = model.particles;
  options.frames = model.frames;
  options.seed = 5;
  OptionSet set;
  std::string kind = model.problem;
  set.add("problem", kind, "");
  problem->bind(set);
  for (const auto& setting : model.settings) set.set_assignment(setting);
  options.config = set.to_toml();
  problems::generate_dataset(*problem, options, data_path, {});
  training::TrainConfig config;
  config.model.width = 8;
  config.model.depth = 2;
  config.batch = {.mu = 1, .nodes = 2, .particles = 32};
  config.training.steps = 20;
  OptionSet keys;
  training::TrainConfig copy = config;
  training::bind(keys, copy);
  training::train({.data_path = data_path, .output_path = model_path, .config = config, .config_toml = keys.to_toml()});
}

}  // namespace scorefield::test
