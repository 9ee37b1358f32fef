#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/targets/target.hpp"

namespace scorefield::sampling {

using Diagnostics = std::vector<std::pair<std::string, double>>;

/// How far a cloud [N, d] (weights [N] or undefined) is from what is known of the target; what is unknown is absent.
/// - mean_error: |L^-1 (m - m_p)| / sqrt(d), L L^T = C_p; covariance_error: |L^-1 C L^-T - I|_F / sqrt(d);
/// - mode_weight_error: total variation of the shares of the modes, by the nearest one; modes_found: modes with a particle;
/// - mmd: root of the V-statistic with exp(-|x - y|^2 / (2 d)) in coordinates of unit spread against 4000 exact draws, and
///   mmd_floor: its mean over 4 sets of N exact draws; energy_distance and its floor likewise;
/// - ksd: kernel Stein discrepancy (inverse multiquadric), of at most 2000 particles; it does not see mode weights;
/// - weight_ess: 1 / sum w^2 over N.
[[nodiscard]] Diagnostics diagnose(const targets::Target& target, const torch::Tensor& samples, const torch::Tensor& weights);

}  // namespace scorefield::sampling
