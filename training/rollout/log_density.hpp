#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "training/rollout/infer_options.hpp"

namespace scorefield::training {

/// In words, for the file.
[[nodiscard]] std::string describe(LogDensityKind kind);

/// log rho at the particles x [N, d] of the initial population itself, per unit volume of x: [N]. periods: [d], 0 = not
/// periodic; weights: [N, 1], or undefined where particles are alike. @throws UsageError when the covariance of the
/// population is singular.
[[nodiscard]] torch::Tensor initial_log_density(LogDensityKind kind, const torch::Tensor& x,
                                                const std::vector<double>& periods, const torch::Tensor& weights = {});

}  // namespace scorefield::training
