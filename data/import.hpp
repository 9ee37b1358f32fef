#pragma once

#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/dataset.hpp"

namespace scorefield::data {

/// How foreign arrays become a dataset. Samples are [K, N, d], one mu, or [M, K, N, d]; the mu of several files follow
/// one another.
struct ImportOptions {
  std::string samples = "samples", velocities = "velocities", time = "time", mu = "mu";
  std::vector<double> mu_values;  ///< one number per mu; empty: the arrays `mu`
  std::string mu_name = "mu";
  double duration = 1;  ///< last time where there is no array `time`: frames are evenly spaced from 0
  std::string time_units = "1", coordinates, units;
  std::vector<double> periods;
  Identity identity = Identity::marginals;
};

/// Keys import.*
void bind(OptionSet& set, ImportOptions& options);

/// Reads arrays of .npy, .npz and HDF5 files (data/arrays.hpp) frame by frame and writes a dataset.
/// @throws FileError for files that do not fit, UsageError for options that do not
[[nodiscard]] DatasetHeader import_arrays(const std::vector<std::string>& files, const ImportOptions& options,
                                          const Provenance& provenance, const std::string& output);

}  // namespace scorefield::data
