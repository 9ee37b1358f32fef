#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"

namespace scorefield::data {

enum class ExportFormat {
  automatic,  ///< by the name: .npz, .nc; anything else: openPMD
  openpmd,    ///< HDF5 after the openPMD standard 1.1, one file per mu
  npz,        ///< NumPy: the arrays under their names
  netcdf      ///< ArviZ InferenceData (NetCDF-4)
};

struct ExportOptions {
  ExportFormat format = ExportFormat::automatic;
  std::string species = "particles";  ///< openPMD: name of the species
  std::string author;                 ///< openPMD: attribute `author`
  std::uint64_t seed = 0;             ///< NetCDF: of the draws that weighted particles become
};

/// Keys export.*
void bind(OptionSet& set, ExportOptions& options);

/// Writes a dataset, a rollout or a samples file in a form that other programs read; all files appear, or none.
/// openPMD has a file per mu: {NAME} in `output` is replaced by the parameter's value, {run} by its index; without
/// either, "_NAMEvalue" goes before the extension where there are several.
/// @return the files that were written
/// @throws FileError for other files, UsageError for names that do not tell the runs apart
[[nodiscard]] std::vector<std::string> export_file(const std::string& path, const std::string& output,
                                                   const ExportOptions& options);

}  // namespace scorefield::data
