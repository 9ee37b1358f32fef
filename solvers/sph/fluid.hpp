#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "core/state_archive.hpp"
#include "solvers/sph/neighbours.hpp"
#include "solvers/sph/options.hpp"
#include "solvers/sph/whitening.hpp"

namespace scorefield::sph {

/// What the target says at x [n, d]: log p [n] and its gradient [n, d]; either may stay empty where it is not wanted.
struct Answer {
  std::vector<double> log_density, score;
};
using Target = std::function<Answer(const std::vector<double>& x)>;

/// A cloud of equal masses 1/n as an isothermal gas in whitened coordinates z, x = mean + L z:
///   dv/dt = -sum_j m (1/rho_i + 1/rho_j) grad W_ij + alpha grad_z log p + nu lap v + nu/3 grad div v - gamma v
/// At rest rho is proportional to p^alpha, up to the kernel's bias (solvers/sph/README.md).
class Fluid {
 public:
  /// steps: length of the run, over which h decreases. @throws UsageError above d = 6 unless forced
  /// elsewhere: where the sums over neighbours happen; null: in the fused loops
  Fluid(const SphOptions& options, const std::vector<double>& x, std::int64_t d, std::int64_t steps,
        NeighbourSums elsewhere = {});

  void step(const Target& target);

  /// The state, into a checkpoint or back.
  void exchange(StateArchive& archive);

  [[nodiscard]] std::vector<double> positions() const { return metric.to_x(z); }
  [[nodiscard]] double smoothing_length() const;

  // The state.
  std::vector<double> z, v, rho;
  Whitening metric;
  std::int64_t iteration = 0;
  /// Of the last step: sum m (log rho - alpha log p) + kinetic energy (NaN without log p), mean |v|, time step.
  double free_energy = std::numeric_limits<double>::quiet_NaN(), mean_speed = 0, dt = 0;

 private:
  void follow_the_cloud();
  [[nodiscard]] std::vector<double> body_force(const Answer& answer) const;

  SphOptions options_;
  std::int64_t d_, steps_;
  double final_h_;
  Neighbours neighbours_;
};

/// 1 + 4.5/d spacings at the mean density of n standard normal points, sqrt(4 pi) n^(-1/d): where the shrinking by a
/// particle's own kernel (small h) and the kernel's smoothing (large h) cost least on a Gaussian.
[[nodiscard]] double default_smoothing_length(std::int64_t n, std::int64_t d);

}  // namespace scorefield::sph
