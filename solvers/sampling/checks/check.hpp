#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "solvers/gas/cloud.hpp"
#include "solvers/gas/mixture.hpp"

namespace scorefield::sampling {

/// One question to a finished cloud: passed where the value is at most the floor, which is what a right cloud of as
/// many particles may show.
struct Check {
  std::string name;
  double value = 0, floor = 0;
  std::string failure;  ///< what a value above the floor means, and what to do

  [[nodiscard]] bool passed() const { return value <= floor; }
};

/// Where a coordinate may go, as probes half a deviation from the particles tell: everywhere, up to a face of a box
/// at its lowest or highest particle, or up to an edge of another shape.
struct CoordinateSupport {
  bool lower_face = false, upper_face = false, edge = false;
  [[nodiscard]] bool open() const { return !lower_face && !upper_face && !edge; }
};

/// What the checks look at. Particles are columns, of equal weight.
struct Subject {
  gas::Cloud cloud;                     ///< with its score, and log p where the target has one
  gas::Matrix initial;                  ///< [d, M] where the run began; empty: unknown
  gas::Vector weights;                  ///< [N] of the method, before the particles were drawn by them; empty: equal
  gas::Evaluator evaluate{};            ///< the target anywhere
  std::optional<bool> at_rest{};        ///< absent: the method does not come to rest
  std::vector<std::int64_t> replica{};  ///< of every particle; empty: one run
  std::uint64_t seed = 0;

  // Filled in by check_cloud:
  std::vector<CoordinateSupport> support{};  ///< [d]
  gas::Mixture mixture{};                    ///< of its clusters, where log p is known

  [[nodiscard]] bool has_density() const { return cloud.log_p.size() > 0; }
  [[nodiscard]] bool unbounded() const;
};

/// What one check says; nothing where it does not apply.
using CheckFunction = std::optional<Check> (*)(const Subject&);

// One line each; the table in checks.cpp names them all.
[[nodiscard]] std::optional<Check> check_finite(const Subject& subject);
[[nodiscard]] std::optional<Check> check_moved(const Subject& subject);
[[nodiscard]] std::optional<Check> check_at_rest(const Subject& subject);
[[nodiscard]] std::optional<Check> check_constant(const Subject& subject);
[[nodiscard]] std::optional<Check> check_force(const Subject& subject);
[[nodiscard]] std::optional<Check> check_growth(const Subject& subject);
[[nodiscard]] std::optional<Check> check_distinct(const Subject& subject);
[[nodiscard]] std::optional<Check> check_coupling(const Subject& subject);
[[nodiscard]] std::optional<Check> check_stein_slices(const Subject& subject);
[[nodiscard]] std::optional<Check> check_stein_moments(const Subject& subject);
[[nodiscard]] std::optional<Check> check_kernel_discrepancy(const Subject& subject);
[[nodiscard]] std::optional<Check> check_tail_weight(const Subject& subject);
[[nodiscard]] std::optional<Check> check_importance(const Subject& subject);
[[nodiscard]] std::optional<Check> check_mode_shares(const Subject& subject);
[[nodiscard]] std::optional<Check> check_lost_modes(const Subject& subject);
[[nodiscard]] std::optional<Check> check_split_r_hat(const Subject& subject);
[[nodiscard]] std::optional<Check> check_replica_shares(const Subject& subject);

/// All of them, in order. Particles that are not finite end it: nothing else can be asked.
[[nodiscard]] std::vector<Check> check_cloud(Subject subject);

/// At most `most` particles, spread evenly over the columns.
[[nodiscard]] gas::Cloud some_particles(const gas::Cloud& cloud, std::int64_t most);

/// Two-sided quantile of a normal number that `tests` of them together exceed once in a thousand.
[[nodiscard]] double joint_quantile(double tests);

}  // namespace scorefield::sampling
