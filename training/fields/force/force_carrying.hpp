#pragma once

#include <string>
#include <vector>

#include "models/fields/force_course.hpp"
#include "training/fields/force/options.hpp"
#include "training/fields/force/run_clocks.hpp"
#include "training/mu_interpolation.hpp"

namespace scorefield::training {

/// How the forces of the training runs are carried to other mu: clocks are set, then weights are given.
struct ForceCarrying {
  MuRule rule;
  RunClocks clocks{};  ///< empty: as they are
  std::string text{};  ///< for the user, with the errors of what was not chosen
};

/// What options ask for; what they leave open by the least error at training runs that are left out one by one.
[[nodiscard]] ForceCarrying choose_carrying(const ForceOptions& options, const std::vector<std::vector<double>>& mu,
                                            const std::vector<models::ForceCourse>& runs);

/// "3.1 %"
[[nodiscard]] std::string percent(double share);

}  // namespace scorefield::training
