#pragma once

#include <cstdint>
#include <span>

#include "training/metrics/point_cloud.hpp"

namespace scorefield::metrics {

struct SinkhornOptions {
  double epsilon = 0.05;    ///< entropic regularisation, in squared units of the coordinates
  double tolerance = 1e-3;  ///< stop when the mean relative error of the plan's marginals is below this
  std::int64_t max_iterations = 2000;
};

struct SinkhornResult {
  double divergence = 0;        ///< squared units of the coordinates; tends to W2^2 as epsilon -> 0
  std::int64_t iterations = 0;  ///< the most that one of the three problems took
  bool converged = true;
};

/// Debiased Sinkhorn divergence S = OT_eps(x, y) - OT_eps(x, x)/2 - OT_eps(y, y)/2 of two clouds, a and b their weights
/// (sum 1), with OT_eps = min_P <P, C> + eps KL(P | a (x) b) and C = |x - y|^2, the difference taken to the nearest
/// image in periodic coordinates (Feydy et al., arXiv 1810.08278: log domain, symmetric averaged updates, epsilon
/// scaling). Exactly zero for equal clouds, exactly symmetric, and the same for any number of threads. O(N M) memory.
/// @param periods [d], 0 = not periodic
/// @throws Error if a cloud is empty, dimensions disagree or the cost matrix would exceed 1 GiB;
///         UsageError if epsilon or the tolerance is not positive.
[[nodiscard]] SinkhornResult sinkhorn_divergence(const PointCloud& x, const PointCloud& y,
                                                 std::span<const double> periods, const SinkhornOptions& options = {});

}  // namespace scorefield::metrics
