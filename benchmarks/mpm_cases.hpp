#pragma once

#include <vector>

#include "benchmarks/benchmark.hpp"

namespace scorefield::benchmarks {

/// The material point method: "mpm".
[[nodiscard]] std::vector<BenchmarkCase> mpm_cases();

}  // namespace scorefield::benchmarks
