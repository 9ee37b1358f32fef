#pragma once

#include <optional>
#include <string>
#include <vector>

#include "training/compare/cell.hpp"

namespace scorefield::compare {

/// Where one finished cell stands between its baselines, by its main metric (metrics::main_metric): the electric
/// energy's error where there is a field, else that of the moments.
struct Standing {
  std::string error{};                       ///< key of the main metric, "electric_energy_error" or "moments_error"
  double mean = 0;                           ///< over test mu
  std::optional<double> to_floor{};          ///< mean / mean of the floor
  std::optional<double> nearest_to_floor{};  ///< the same of the nearest training run
  std::optional<double> worst_to_nearest{};  ///< largest prediction / nearest over the test mu that were not trained on
  std::optional<double> worst_to_runs{};     ///< the same beside whatever is best at that mu of what the training runs
                                             ///< alone say: nearest, interpolated, cubic, mixture
  std::string best_baseline{};               ///< what is closest to the truth beside the method; empty: no baselines
  std::optional<double> baseline_error{};    ///< its mean over test mu
};

/// Absent when the cell has no such error.
[[nodiscard]] std::optional<Standing> standing_of(const Cell& cell);

/// The largest main error over the test mu that were not trained on, of the method and of every baseline.
[[nodiscard]] metrics::Compared<std::optional<double>> worst_errors(const Cell& cell);

/// A table with a row per problem: how far its nearest training run is from the floor, the method with the least mean
/// error over seeds among those that move a population, how it stands, how much slower the fastest conditional
/// method samples all frames, and who is closest to the truth, the method or a baseline. Empty when no cell has a main
/// error.
[[nodiscard]] std::string standing_table(const std::vector<Cell>& cells);

}  // namespace scorefield::compare
