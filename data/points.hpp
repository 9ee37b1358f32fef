#pragma once

#include <string>

#include "core/named_array.hpp"

namespace scorefield::data {

/// Where to look in a dataset: the nearest mu (the same number for every parameter) and the nearest time.
struct Place {
  double mu = 0, time = 0;
};

/// A set of points [N, d] float64, finite: a NumPy array .npy, the cloud of a samples file, or a frame of a dataset or
/// rollout. @throws FileError
[[nodiscard]] NamedArray read_points(const std::string& path, const Place& place);

}  // namespace scorefield::data
