#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/state_archive.hpp"

namespace scorefield::sampling {

/// log of the integral of p, with its standard error.
struct LogEvidence {
  double value = 0, error = 0;
};

/// A particle method between two iterations: one cloud, moved until it represents the target. Built from the target,
/// the initial cloud [N, d] float64, its options struct and a seed; keeps no file and prints nothing.
class Sampler {
 public:
  virtual ~Sampler() = default;

  /// One iteration. The random numbers of iteration k are a pure function of (seed, k, particle).
  /// @throws DivergenceError naming the iteration and the first bad quantity
  virtual void step() = 0;

  /// Positions [N, d].
  [[nodiscard]] virtual torch::Tensor particles() const = 0;
  /// [N], sum 1; undefined: all equal.
  [[nodiscard]] virtual torch::Tensor weights() const { return {}; }

  /// Named scalars of the last iteration (free energy, mean speed, loss...): always the same names in the same order.
  [[nodiscard]] virtual std::vector<std::pair<std::string, double>> trace() const = 0;
  /// The method's own stopping rule.
  [[nodiscard]] virtual bool converged() const = 0;
  /// Whether the particles stand still; absent where they never do, or nobody asks.
  [[nodiscard]] virtual std::optional<bool> at_rest() const { return std::nullopt; }
  /// Where the method knows it, once it is done.
  [[nodiscard]] virtual std::optional<LogEvidence> log_evidence() const { return std::nullopt; }
  /// What the user should know: settings chosen and why, validity tests that failed. Grows during the run.
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }

  /// Further arrays that belong into the samples file, by name (a cloud before its last correction...).
  [[nodiscard]] virtual std::map<std::string, torch::Tensor> extras() const { return {}; }

  /// Everything that a resumed run needs to go on bit for bit, by name: saved or restored by the same list.
  /// @throws FileError when what is restored does not fit
  virtual void exchange(StateArchive& archive) = 0;
};

}  // namespace scorefield::sampling
