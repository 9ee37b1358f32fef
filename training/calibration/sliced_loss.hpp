#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/normalizer.hpp"

namespace scorefield::training {

/// Sliced W2 between clouds of equally many points in normalised coordinates, with its derivative along given
/// displacements of the first. Periodic coordinates are wound on a circle, as in metrics::SlicedWasserstein.
class SlicedLoss {
 public:
  SlicedLoss(const models::Normalizer& normalizer, std::int64_t projections, std::uint64_t seed,
             torch::Device device = torch::kCPU);

  /// x: [N, d] -> [L, N], unsorted.
  [[nodiscard]] torch::Tensor project(const torch::Tensor& x) const;

  /// Of two clouds from project(), [L, N]: mean over directions of W2^2.
  [[nodiscard]] static double distance_squared(const torch::Tensor& a, const torch::Tensor& b);

  struct Terms {
    double distance_squared = 0;    ///< mean over directions of W2^2
    std::vector<double> slope;      ///< [p], its derivatives when x moves along dx
    std::vector<double> curvature;  ///< [p, p], Gauss-Newton: 2 mean dq/dmu_i dq/dmu_j of the quantile functions q
  };
  /// x: [N, d]; dx: [N, p d], p blocks, or undefined; observed: [L, N] from project().
  [[nodiscard]] Terms compare(const torch::Tensor& x, const torch::Tensor& dx, const torch::Tensor& observed) const;

 private:
  [[nodiscard]] torch::Tensor embed(const torch::Tensor& x) const;
  [[nodiscard]] torch::Tensor embed_tangent(const torch::Tensor& x, const torch::Tensor& dx) const;

  models::Normalizer normalizer_;
  torch::Tensor directions_;  ///< [e, L]
};

}  // namespace scorefield::training
