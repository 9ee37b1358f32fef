#pragma once

#include <vector>

#include "benchmarks/benchmark.hpp"

namespace scorefield::benchmarks {

/// Whole training steps, data and optimiser included, and rollouts.
[[nodiscard]] std::vector<BenchmarkCase> training_cases();

}  // namespace scorefield::benchmarks
