#pragma once

#include <string>

namespace scorefield::data {

/// A summary for people of what a file holds, several lines without a final newline. Datasets and rollouts: mu, time,
/// particles, coordinates, diagnostics; models: arrays, parameters, history; samples: arrays; any other HDF5 file: its
/// tree of groups and datasets. Values of samples are not read.
/// @throws FileError if the file is missing, not HDF5, or damaged.
[[nodiscard]] std::string describe_file(const std::string& path);

/// The same facts as one JSON object (keys in data/README.md), in full where the text abbreviates.
[[nodiscard]] std::string describe_file_json(const std::string& path);

}  // namespace scorefield::data
