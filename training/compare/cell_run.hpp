#pragma once

#include <cstdint>
#include <string>

#include "core/progress.hpp"
#include "training/compare/cell.hpp"
#include "training/compare/experiment.hpp"
#include "training/compare/high_fidelity.hpp"

namespace scorefield::compare {

/// Everything that one cell is computed from.
struct CellTask {
  const Experiment& experiment;
  const ProblemPlan& problem;
  const MethodPlan& method;
  std::int64_t seed;
  CellPlan plan;
  const ProblemData& data;
  std::string stem;  ///< its files: STEM.h5, the model, and those that do not stay
  std::string device;
  ProgressObserver observer;

  /// Seconds of the training; 0: training.steps decides.
  [[nodiscard]] double time_limit() const {
    return problem.time_limit < 0 ? experiment.time_limit : problem.time_limit;
  }
  /// Whether a rollout of all frames is timed.
  [[nodiscard]] bool times_all_frames() const {
    return experiment.timing_particles > 0 && seed == experiment.seeds.front();
  }
};

/// All options that make it another computation, as one line of JSON.
[[nodiscard]] std::string options_of(const CellTask& task);

/// Trains, predicts at the test mu and evaluates. A failure is the cell's result. @throws Interrupted
[[nodiscard]] Cell run_cell(const CellTask& task);

}  // namespace scorefield::compare
