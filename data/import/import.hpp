#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/dataset.hpp"
#include "data/import/format.hpp"

namespace scorefield::data {

/// How foreign files become a dataset. What is said here goes before what the files say. The runs of several files
/// follow one another.
struct ImportOptions {
  ArrayNames names;
  std::vector<double> mu_values;               ///< one number per run; empty: the files'
  std::string mu_name;                         ///< comma-separated; empty: the files', else mu or mu1, mu2, ...
  double duration = 1;                         ///< last time where the files have none: frames are evenly spaced from 0
  std::string time_units, coordinates, units;  ///< empty: the files', else 1; x1, x2, ...; 1
  std::vector<double> periods;                 ///< empty: the files', else not periodic
  Identity identity = Identity::marginals;     ///< unless the files say trajectories
  std::vector<std::unique_ptr<ImportFormat>> formats = make_import_formats();  ///< with options of their own
};

/// Keys import.*
void bind(OptionSet& set, ImportOptions& options);

/// Reads foreign files (data/import/format.hpp) frame by frame and writes a dataset.
/// @throws FileError for files that do not fit, UsageError for options that do not
[[nodiscard]] DatasetHeader import_files(const std::vector<std::string>& files, const ImportOptions& options,
                                         const Provenance& provenance, const std::string& output);

}  // namespace scorefield::data
