// Whether the modes have the target's shares, and whether one is missing.
#include <algorithm>
#include <cmath>

#include "solvers/gas/bridge.hpp"
#include "solvers/gas/mixture.hpp"
#include "solvers/gas/modes.hpp"
#include "solvers/sampling/checks/check.hpp"

namespace scorefield::sampling {
namespace {

using gas::Vector;

constexpr std::uint64_t kStream = std::uint64_t{0x63} << 56;
constexpr std::int64_t kMost = 2000;
constexpr double kReliable = 0.2;  ///< largest relative error of a bridge that says something

}  // namespace

std::optional<Check> check_mode_shares(const Subject& subject) {
  if (!subject.has_density()) return std::nullopt;
  const auto cloud = some_particles(subject.cloud, kMost);
  const auto& mixture = subject.mixture;
  if (mixture.size() < 2) return std::nullopt;
  const auto bridge = gas::bridge_weights(cloud, mixture, subject.seed, kStream, subject.evaluate);
  if (bridge.error > kReliable) return std::nullopt;
  Vector share = Vector::Zero(mixture.size());
  for (const auto k : bridge.cluster) share[k] += 1 / static_cast<double>(cloud.count());
  // Of means, .15 deviations between two far modes of equal shares are .075 of the share.
  const double floor = 0.04 + 0.5 * bridge.error + 1.5 * std::sqrt(0.25 / static_cast<double>(cloud.count()));
  return Check{"mode_shares", (share - bridge.weights).cwiseAbs().maxCoeff(), floor,
               "the modes' shares are not those that bridge sampling finds. Use --method gas."};
}

std::optional<Check> check_lost_modes(const Subject& subject) {
  if (!subject.has_density()) return std::nullopt;
  const auto cloud = some_particles(subject.cloud, kMost);
  const auto& wide = subject.initial.cols() > 1 ? subject.initial : cloud.x;
  gas::Search search{.mean = wide.rowwise().mean(), .starts = 64, .seed = subject.seed, .stream = kStream + 1000};
  search.deviation = 2 * std::sqrt((wide.colwise() - search.mean).squaredNorm() / static_cast<double>(wide.size()));
  if (!(search.deviation > 0)) return std::nullopt;
  const auto& mixture = subject.mixture;
  const auto bridge = gas::bridge_weights(cloud, mixture, subject.seed, kStream + 2000, subject.evaluate);
  const auto lost =
      gas::lost_modes(gas::find_modes(search, cloud, subject.evaluate), cloud, mixture, bridge.log_z, subject.evaluate);
  double share = 0;
  for (const auto& one : lost) share += one.share;
  return Check{"lost_modes", share, 0,
               "optimisation finds modes without particles, of about that share. Use --method gas, or start wider "
               "(gas.widen, sample.start_scale)."};
}

}  // namespace scorefield::sampling
