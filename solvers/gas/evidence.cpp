#include "solvers/gas/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace scorefield::gas {
namespace {

constexpr double kReliance = 0.05;  ///< halves of a cloud whose far moves came from each other are not independent

}  // namespace

Evidence compute_evidence(const Cloud& points, const Mixture& mixture, double independent, std::uint64_t seed,
                          std::uint64_t stream, const Evaluator& evaluate) {
  std::vector<Eigen::Index> side[2];
  for (Eigen::Index i = 0; i < points.count(); ++i) side[i % 2].push_back(i);
  Evidence half[2];
  for (int a = 0; a < 2; ++a) {
    const Mixture fitted = Mixture::refine(points.x(Eigen::all, side[a]), mixture);
    Cloud other;
    other.x = points.x(Eigen::all, side[1 - a]);
    other.log_p = points.log_p(side[1 - a]);
    const auto bridge = bridge_weights(
        other, fitted, seed, stream + static_cast<std::uint64_t>(a), evaluate,
        {.draws = std::max<std::int64_t>(4000, points.count()), .independent = independent, .reliance = kReliance});
    half[a] = {bridge.log_z, bridge.log_z_error};
  }
  const double apart = 0.5 * (half[0].log_z - half[1].log_z);
  return {0.5 * (half[0].log_z + half[1].log_z),
          std::sqrt(0.5 * (half[0].error * half[0].error + half[1].error * half[1].error) + apart * apart)};
}

}  // namespace scorefield::gas
