#pragma once

#include <string>
#include <vector>

#include "core/named_array.hpp"

namespace scorefield::data {

/// Where to look in a dataset: the run of the nearest mu and its nearest time; where nothing is said, the first ones.
struct Place {
  std::vector<double> mu{};    ///< [p], or empty
  std::vector<double> time{};  ///< one number, or empty
};

/// A set of points [N, d] float64.
struct Points : NamedArray {
  std::vector<float> weights{};  ///< [N], from 0 on, not all 0; empty: all are alike
};

/// Finite points: a NumPy array .npy, the cloud of a samples file, or a frame of a dataset or rollout, the latter two
/// with their weights. @throws FileError
[[nodiscard]] Points read_points(const std::string& path, const Place& place);

}  // namespace scorefield::data
