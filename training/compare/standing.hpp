#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace scorefield::compare {

/// Where one finished cell stands between its baselines, by its problem's main error: the electric energy's where there
/// is a field, else that of the moments.
struct Standing {
  std::string error;                       ///< key of the main error, "electric_energy_error" or "moments_error"
  double mean = 0;                         ///< over test mu
  std::optional<double> to_floor;          ///< mean / mean of the floor
  std::optional<double> nearest_to_floor;  ///< the same of the nearest training run
  std::optional<double> worst_to_nearest;  ///< largest prediction / nearest over the test mu that were not trained on
};

/// cell: with "mean" and "per_mu", as stored. Absent when it has neither error.
[[nodiscard]] std::optional<Standing> standing_of(const nlohmann::json& cell);

/// A table with a row per problem: how far its nearest training run is from the floor, the method with the least mean
/// error over seeds among those that move a population, how it stands, and how much slower the fastest conditional
/// method
/// ("conditional": true) samples all frames. Empty when no cell has a main error.
[[nodiscard]] std::string standing_table(const nlohmann::json& cells);

}  // namespace scorefield::compare
