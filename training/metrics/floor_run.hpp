#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "data/problems/problem.hpp"
#include "data/temporary_file.hpp"
#include "training/metrics/run.hpp"

namespace scorefield::metrics {

/// An independent high-fidelity run at the mu of a rollout: what one sample of the truth is worth.
class FloorRun {
 public:
  /// A run that the user has made. @throws FileError
  [[nodiscard]] static FloorRun open(const std::string& path);

  /// Runs the reference's solver again at these mu with another seed, storing `particles` per frame, into a temporary
  /// file beside the file `beside` (in the system's temporary folder if that place is not writable).
  /// @throws UsageError if the problem cannot do that; FileError; Interrupted.
  [[nodiscard]] static FloorRun generate(const problems::Problem& problem, const Run& reference,
                                         const std::vector<std::vector<double>>& mu, std::int64_t particles,
                                         std::int64_t seed, const std::string& beside,
                                         const ProgressObserver& observer);

  [[nodiscard]] const Run& run() const { return run_; }
  [[nodiscard]] const std::string& origin() const { return origin_; }

 private:
  FloorRun(std::optional<data::TemporaryFile> temporary, const std::string& path, std::string origin)
      : temporary_(std::move(temporary)), run_(path), origin_(std::move(origin)) {}

  std::optional<data::TemporaryFile> temporary_;
  Run run_;
  std::string origin_;
};

}  // namespace scorefield::metrics
