#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "solvers/mpm/engine.hpp"
#include "solvers/mpm/options.hpp"

namespace scorefield::mpm {

/// A cloud of matter that falls in the field grad log p and is held up by its own pressure: MPM-ParVI, d <= 3.
/// Torch-free; the caller evaluates the target at positions() and hands the result to step().
///
/// Coordinates y = L^-1 (x - m) in which the cloud has unit covariance, taken anew every few steps; force L^T grad log
/// p / T, pressure of temperature 1. Phases: cooling of T to 1; motion with birth and death; rest, without them.
class Motion {
 public:
  virtual ~Motion() = default;
  /// Where the target is to be evaluated next, [N, d].
  [[nodiscard]] virtual const std::vector<double>& positions() const = 0;
  /// One step with the score [N, d] and log p [N] (empty: unknown, no birth and death) at positions().
  virtual void step(std::span<const double> score, std::span<const double> log_p) = 0;

  /// Of the last step: free energy (mean of log rho - log p / T + v^2 / 2; without log p the kinetic energy alone),
  /// mean square speed, temperature, particles copied, grid spacing, time step.
  [[nodiscard]] virtual std::vector<std::pair<std::string, double>> trace() const = 0;
  [[nodiscard]] virtual bool converged() const = 0;
  [[nodiscard]] virtual std::vector<std::string> notes() const = 0;

  /// The state, into a checkpoint or back.
  virtual void exchange(StateArchive& archive) = 0;
};

/// positions [N, d]; the schedule is laid out over `steps`. @throws UsageError
[[nodiscard]] std::unique_ptr<Motion> make_motion(int d, std::span<const double> positions, const MpmOptions& options,
                                                  std::uint64_t seed, std::int64_t steps,
                                                  const Passages& passages = {});

}  // namespace scorefield::mpm
