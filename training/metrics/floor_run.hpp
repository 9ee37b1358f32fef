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

/// What a floor run must be like.
struct FloorPlan {
  std::vector<std::vector<double>> mu;  ///< [M][p]
  std::int64_t particles = 0;           ///< per frame
  std::int64_t seed = 0;                ///< another one gives another run
  std::string beside;  ///< its temporary file lies beside this one, or in the system's folder if that place is not
                       ///< writable
};

/// An independent high-fidelity run at the mu of a rollout: what one sample of the truth is worth.
class FloorRun {
 public:
  /// A run that the user has made. @throws FileError
  [[nodiscard]] static FloorRun open(const std::string& path);

  /// Runs the reference's solver again with another seed.
  /// @throws UsageError if the problem cannot do that; FileError; Interrupted.
  [[nodiscard]] static FloorRun generate(const problems::Problem& problem, const Run& reference, const FloorPlan& plan,
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
