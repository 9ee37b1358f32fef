#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "solvers/gas/cloud.hpp"
#include "solvers/gas/coupling.hpp"
#include "solvers/gas/evidence.hpp"
#include "solvers/gas/mixture.hpp"
#include "solvers/gas/options.hpp"

namespace scorefield::gas {

/// A cloud cooled from a wide Gaussian q to the target p along q^(1-beta) p^beta. Every step() is one temperature of
/// the ladder, then a search for modes that it lost, then sweeps at beta = 1, in straightened coordinates where the
/// cloud is a funnel or a curved ridge, then the bridge between clusters, then the choice of particles from the last
/// sweeps' clouds, then the polish. With teleport, bridge, thinning and polish switched off it is tempered sequential
/// Monte Carlo with Hamiltonian moves.
class Tempered {
 public:
  enum class Phase { ladder, straighten, equilibrium, bridge, thin, polish, done };

  /// @throws UsageError where the initial cloud has no extent, DivergenceError where no particle has a finite log p
  Tempered(const Matrix& initial, const GasOptions& options, std::uint64_t seed, Evaluator evaluate);

  void step();
  [[nodiscard]] bool done() const { return phase_ == Phase::done; }
  [[nodiscard]] const Matrix& particles() const { return coupling_.empty() ? cloud_.x : positions_; }
  [[nodiscard]] const Matrix& unpolished() const { return unpolished_; }  ///< empty before the polish
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const;
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  /// log of the integral of p, once the cloud is done.
  [[nodiscard]] const Evidence& evidence() const { return evidence_; }

  /// The state, into a checkpoint or back.
  void exchange(StateArchive& archive);

 private:
  void advance();
  void enter_support();
  void take(Eigen::Index to, const Cloud& from, Eigen::Index k);
  void warn_of_funnels();
  void warn_of_lost_clusters(const std::vector<Eigen::Index>& source);
  void cool();
  void refit();
  void keep_promising(const Cloud& proposals, const Vector& log_mixture, Eigen::Index count);
  void scan();
  void search();
  bool straighten();
  void publish();
  [[nodiscard]] bool mixes_by_far_moves() const;
  void sweep(std::int64_t kicks);
  void move(std::int64_t kicks);
  void kick();
  double kick_some(const std::vector<Eigen::Index>& members, Eigen::Index cluster, const Matrix& metric, double& size);
  void measure_evidence();
  void teleport();
  void bridge();
  void collect();
  void thin();
  void polish();
  [[nodiscard]] Phase after(Phase phase) const;
  void pick(const std::vector<Eigen::Index>& source);
  [[nodiscard]] Vector log_start(const Matrix& x) const;
  [[nodiscard]] std::uint64_t stream(std::uint64_t use) const;

  GasOptions options_;
  std::uint64_t seed_;
  Evaluator evaluate_;
  Evaluator ask_;  ///< the target in the cloud's coordinates
  Cloud cloud_;
  Coupling coupling_;  ///< empty: the cloud's coordinates are the target's
  Matrix positions_;   ///< in the target's coordinates, where they are not the cloud's
  Vector start_mean_;
  double start_deviation_ = 1;
  Cloud pool_;           ///< the last sweeps' clouds, one after the other
  Vector pool_weights_;  ///< empty: all equal
  Matrix unpolished_;
  Matrix promising_;  ///< [d, m] places on the ladder's way where p is large
  Mixture mixture_;
  Matrix metric_;  ///< Cholesky factor of the kicks' covariance
  Phase phase_ = Phase::ladder;
  double beta_ = 0, step_size_ = 0.4, acceptance_ = 0, accepted_teleports_ = 0, held_ = 0, proposal_ess_ = 0,
         bridge_error_ = 0, moved_ = 0,
         mean_teleports_ = 0;  // the last: over the pool's sweeps
  std::int64_t iteration_ = 0, sweep_ = 0, straightened_ = 0;
  bool found_lost_ = false;  ///< modes were put back: the mixture stays, and clusters move by metrics of their own
  Vector step_sizes_;        ///< of the clusters then
  Evidence evidence_;
  std::vector<std::string> notes_;
};

}  // namespace scorefield::gas
