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
/// - gaussian_kl: KL(N(m, C) | N(m_p, C_p)), of the Gaussians with the cloud's and the target's moments: the KL of the
/// fitted
///   Gaussian where the target is one, a comparison of moments elsewhere;
/// - mode_weight_error: total variation of the shares of the modes, by the nearest one; modes_found: modes with a
/// particle;
/// - mmd: root of the V-statistic with exp(-|x - y|^2 / (2 d)) in coordinates of unit spread against 4000 exact draws,
/// and
///   mmd_floor: its mean over 4 sets of exact draws, as many as particles; energy_distance and its floor likewise;
/// - kl_knn: KL(cloud | target) in nats by distances to fifth neighbours among particles and among 4000 exact draws
/// (Wang, Kulkarni and Verdu
///   2009), and kl_knn_floor: of one set of exact draws. Negative for clouds that are evener than independent draws;
///   absent for weighted clouds;
/// - ksd: kernel Stein discrepancy (inverse multiquadric), of at most 2000 particles; it does not see mode weights;
/// - weight_ess: 1 / sum w^2 over N.
/// Above 4000 particles the distances and kl_knn are those of 4000 of them, drawn by the seed; `compared_particles`
/// says so.
[[nodiscard]] Diagnostics diagnose(const targets::Target& target, const torch::Tensor& samples,
                                   const torch::Tensor& weights, std::uint64_t seed = 0);

}  // namespace scorefield::sampling
