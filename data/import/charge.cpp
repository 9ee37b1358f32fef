#include "data/import/charge.hpp"

#include <cmath>
#include <cstdlib>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scorefield::data {
namespace {

/// The charge that all files agree on, of a real particle.
std::optional<double> charge_of_files(const std::vector<Run>& runs) {
  const auto first = runs[0].space().charge;
  for (const Run& run : runs)
    if (!first || !run.space().charge || std::abs(*run.space().charge - *first) > 1e-6 * std::abs(*first))
      return std::nullopt;
  return *first != 0 ? first : std::nullopt;
}

}  // namespace

std::optional<ChargedBox> charged_box_of(const std::vector<Run>& runs, const ImportOptions& options,
                                         const std::vector<Population>& populations, const Box& box,
                                         const DatasetHeader& header) {
  const auto charge = options.charge != 0 ? std::optional(options.charge) : charge_of_files(runs);
  if (!charge) return std::nullopt;
  std::vector<std::size_t> periodic;
  for (std::size_t c = 0; c < header.periods.size(); ++c)
    if (header.periods[c] > 0) periodic.push_back(c);
  if (periodic.empty() || periodic.size() > 3) {
    if (options.charge == 0) return std::nullopt;  // beams of openPMD files have charges and no box
    throw UsageError(
        "option 'import.charge': the field of the particles needs one to three periodic coordinates, not " +
        std::to_string(periodic.size()) +
        ". Say the length of the box with --set import.periods=LENGTH,0 or import.box.");
  }
  ChargedBox charged;
  for (const std::size_t c : periodic) charged.coordinates.push_back(header.coordinates[c]);
  charged.permittivity = options.permittivity > 0 ? options.permittivity : runs[0].space().permittivity;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    std::vector<double> lengths;
    double volume = 1;
    for (const std::size_t c : periodic) {
      lengths.push_back(header.periods[c] * box.lengths[m][c]);
      volume *= lengths.back();
    }
    const double density = options.density > 0 ? options.density : populations[m].weight / volume;
    charged.lengths.push_back(std::move(lengths));
    charged.charge_density.push_back(*charge * density);
  }
  return charged;
}

}  // namespace scorefield::data
