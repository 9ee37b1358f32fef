#pragma once

#include <vector>

#include "models/fields/force_course.hpp"

namespace scorefield::training {

/// How the clocks of runs at different mu go: what happens at mu at time t happens in the run at mu_m at
///   t + sum_j shift_j(t) (mu_j - mu_mj) / unit_j.
/// Waves of another period and growth are the same function of such a time, which is much smoother in mu.
struct RunClocks {
  std::vector<double> time{};   ///< [K]; empty: all clocks are one
  std::vector<double> shift{};  ///< [K, p]
  std::vector<double> unit{};   ///< [p]
};

/// The shifts of least mean over pairs of neighbouring runs, and the times that both have, of |F_b - F_a|^2 at the mu
/// between them, smooth over a seventh of the times; by Gauss-Newton. `runs` [M], at the same times, at least three.
/// None where it does not help.
[[nodiscard]] RunClocks fit_run_clocks(const std::vector<std::vector<double>>& mu,
                                       const std::vector<models::ForceCourse>& runs);

/// The runs as they would be at mu [p], their clocks set to its. Beyond its end a run goes on as the nearest one did
/// that had come further by then, value and slope without a jump; near the first time clocks are set by less.
[[nodiscard]] std::vector<models::ForceCourse> at_clock(const RunClocks& clocks,
                                                        const std::vector<std::vector<double>>& mu,
                                                        const std::vector<models::ForceCourse>& runs,
                                                        const std::vector<double>& at);

}  // namespace scorefield::training
