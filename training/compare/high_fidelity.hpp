#pragma once

#include <string>
#include <vector>

#include "core/progress.hpp"
#include "training/compare/experiment.hpp"

namespace scorefield::compare {

/// The data files of one problem.
struct ProblemData {
  std::string train, test, floor;
  std::vector<std::vector<double>> test_mu;  ///< [M][p]
  double seconds_per_mu = 0;                 ///< of the solver, at the test mu
};

/// Makes a problem's files in `folder` unless they are there with the same configuration. @throws FileError,
/// Interrupted
[[nodiscard]] ProblemData prepare_data(const ProblemPlan& plan, const std::string& folder,
                                       const ProgressObserver& observer);

}  // namespace scorefield::compare
