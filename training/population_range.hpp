#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/h5.hpp"

namespace scorefield::training {

/// Between which means and deviations the populations of the training data lie, over their mu and times; [d] each,
/// physical units. Of periodic coordinates they say nothing.
struct PopulationRange {
  std::vector<double> mean_low, mean_high, deviation_low, deviation_high;

  /// How a population of these moments, [d], is far outside: its mean by the width of the range and two deviations, or
  /// its deviation by a factor of three. The end of a sentence; absent: it is not. `names`: of coordinates, `periods`:
  /// 0 = not periodic
  [[nodiscard]] std::optional<std::string> lost(const std::vector<double>& mean, const std::vector<double>& deviation,
                                                const data::DatasetHeader& header) const;
};

/// Of frames spread over the times of every mu, particles by their weights.
[[nodiscard]] PopulationRange population_range_of(const data::DatasetReader& reader);

/// Attributes of the group /initial of a model file. Absent where the file is an older one. `dimension`: coordinates of
/// the model. @throws FileError where the file has another number of them
void write_population_range(h5::File& file, const PopulationRange& range);
[[nodiscard]] std::optional<PopulationRange> read_population_range(const h5::File& file, std::int64_t dimension);

}  // namespace scorefield::training
