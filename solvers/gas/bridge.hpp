#pragma once

#include <cstdint>
#include <vector>

#include "solvers/gas/cloud.hpp"
#include "solvers/gas/mixture.hpp"

namespace scorefield::gas {

/// The share of the target in every cluster, and how well it is known.
struct BridgeResult {
  Vector weights;                     ///< [K], sum 1
  std::vector<Eigen::Index> cluster;  ///< of every particle
  double error = 0;                   ///< largest relative error of a weight
  double log_z = 0, log_z_error = 0;  ///< log of the integral of p over all clusters, and its standard error
};

struct BridgeOptions {
  std::int64_t draws = 0;  ///< of all Gaussians together; 0: eight for every particle
  double independent = 1;  ///< how many independent particles the cloud is worth, over its number
  /// How much the particles count beside the draws; 0: by their number. The less, the nearer to importance sampling,
  /// which particles that the mixture knows already do not bias.
  double reliance = 0;
};

/// Meng and Wong's optimal bridge between the particles of each cluster and draws of its fitted Gaussian, both
/// restricted to the region where that component leads.
[[nodiscard]] BridgeResult bridge_weights(const Cloud& cloud, const Mixture& mixture, std::uint64_t seed,
                                          std::uint64_t stream, const Evaluator& evaluate,
                                          const BridgeOptions& options = {});

/// Which particle stands where afterwards: every cluster gets N times its weight, rounded; surplus particles become
/// copies of those of clusters that lack some. u [N] uniforms.
[[nodiscard]] std::vector<Eigen::Index> allocate(const BridgeResult& bridge, const Vector& u);

/// Weights [M] of points x [d, M] that give every cluster its share [K]; clusters as in bridge_weights.
[[nodiscard]] Vector weights_by_cluster(const Mixture& mixture, const Matrix& x, const Vector& shares);

}  // namespace scorefield::gas
