#pragma once

#include <torch/types.h>

#include <string>

#include "models/targets/target.hpp"

namespace scorefield::targets {

/// Where a user's density is tried: fixed points around 0 and away from it, [4, d].
[[nodiscard]] torch::Tensor trial_points(std::int64_t dimension, torch::Device device);

/// How a density is tried, and what messages call it.
struct Trial {
  std::string path, function;  ///< "posterior.pt", "forward(x)"
  double step = 1e-5;          ///< of differences of log p
};

/// Every row of a batch is a point of its own. x: [n, d], all: the density there.
/// @throws FileError when what is said of one depends on the others
void check_rows(const Target& target, const Trial& trial, const torch::Tensor& x, const Target::Evaluation& all);

/// The score is the gradient. @throws FileError when differences of log p contradict it at every point
void check_gradient(const Target& target, const Trial& trial, const torch::Tensor& x, const Target::Evaluation& at);

}  // namespace scorefield::targets
