#pragma once

#include <string>
#include <vector>

#include "core/progress.hpp"
#include "training/compare/experiment.hpp"

namespace scorefield::compare {

/// The data files of one problem.
struct ProblemData {
  std::string train, test;
  std::string floor{};                       ///< empty: none is wanted
  std::string coarse{};                      ///< empty: none is wanted
  std::vector<std::vector<double>> test_mu;  ///< [M][p]
  double seconds_per_mu = 0;                 ///< of the solver, at the test mu
  double coarse_seconds = 0;                 ///< of the coarse solver, per mu
  double timed_seconds = 0;                  ///< of the (coarse) solver with timing_particles and all frames, one mu
};

/// Which files besides those of training and test.
struct DataWanted {
  bool floor = true;
  std::int64_t timing_particles = 0;  ///< of the run that is timed; 0: none
};

/// Makes a problem's files in `folder` unless they are there with the same configuration. @throws FileError,
/// Interrupted
[[nodiscard]] ProblemData prepare_data(const ProblemPlan& plan, const std::string& folder, const DataWanted& wanted,
                                       const ProgressObserver& observer);

}  // namespace scorefield::compare
