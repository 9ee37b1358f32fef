#pragma once

#include <vector>

#include "benchmarks/benchmark.hpp"

namespace scorefield::benchmarks {

/// Gradient steps of action matching, and s with grad_x s, beside LibTorch autograd (docs/results/speed.md).
[[nodiscard]] std::vector<BenchmarkCase> network_cases();

}  // namespace scorefield::benchmarks
