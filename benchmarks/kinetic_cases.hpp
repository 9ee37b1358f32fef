#pragma once

#include <vector>

#include "benchmarks/benchmark.hpp"

namespace scorefield::benchmarks {

/// Whole steps of the kinetic solvers, each beside a plain loop that does the same on one thread, and beside the time
/// that reading and writing the state once takes.
[[nodiscard]] std::vector<BenchmarkCase> kinetic_cases();

}  // namespace scorefield::benchmarks
