#pragma once

#include <string>

#include "core/options.hpp"
#include "training/config.hpp"

namespace scorefield::test {

/// Sets one key of a training, "loss.stride=3", as the command line does.
inline void set_key(training::TrainConfig& config, const std::string& assignment) {
  OptionSet set;
  training::bind(set, config);
  set.set_assignment(assignment);
}

}  // namespace scorefield::test
