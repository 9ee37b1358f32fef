#pragma once

#include <optional>
#include <vector>

#include "data/charged_box.hpp"
#include "data/import/population.hpp"
#include "data/import/runs.hpp"

namespace scorefield::data {

/// What the field of the particles follows from: the charge of import.charge, else the one that the files know, and the
/// periodic coordinates. Absent where no charge is known.
/// @param header with names, periods and number of mu
/// @throws UsageError for a charge without a periodic coordinate
[[nodiscard]] std::optional<ChargedBox> charged_box_of(const std::vector<Run>& runs, const ImportOptions& options,
                                                       const std::vector<Population>& populations, const Box& box,
                                                       const DatasetHeader& header);

}  // namespace scorefield::data
