#pragma once

#include <cstdint>
#include <string>

#include "core/progress.hpp"
#include "training/compare/experiment.hpp"

namespace scorefield::compare {

struct CompareRequest {
  Experiment experiment;
  std::string folder;  ///< made, or continued
  std::string device = "cpu";
  ProgressObserver observer{};
};

struct CompareSummary {
  std::int64_t cells = 0, computed = 0, reused = 0, failed = 0;
};

/// Runs every cell of an experiment into a folder:
///   data/PROBLEM-train.h5, -test.h5, -floor.h5    high-fidelity runs with their times (.json), made once
///   cells/PROBLEM/METHOD/seed-S.json              one finished or failed cell; seed-S.h5 its model
///   table.json, table.csv, table.md               all cells, rewritten after each
/// A finished cell whose options have not changed is not computed again, a failed one is tried again. A cell that fails
/// says why and does not stop the others. @throws Interrupted, and FileError when the folder cannot be written
CompareSummary compare(const CompareRequest& request);

}  // namespace scorefield::compare
