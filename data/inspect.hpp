#pragma once

#include <string>

namespace scorefield::data {

/// Which bytes of a file are compared with its checksums (data/seal.hpp): those that an answer needs, or all; the
/// latter is a FileError where the file has none.
enum class Verify { what_is_read, every_byte };

/// A summary for people of what a file holds, several lines without a final newline. Datasets and rollouts: mu, time,
/// particles, coordinates, diagnostics; models: arrays, parameters, history; samples: arrays; any other HDF5 file: its
/// tree of groups and datasets. Values of samples are not read.
/// @throws FileError if the file is missing, not HDF5, or damaged.
[[nodiscard]] std::string describe_file(const std::string& path, Verify verify = Verify::what_is_read);

/// The same facts as one JSON object (keys in data/README.md), in full where the text abbreviates.
[[nodiscard]] std::string describe_file_json(const std::string& path, Verify verify = Verify::what_is_read);

}  // namespace scorefield::data
