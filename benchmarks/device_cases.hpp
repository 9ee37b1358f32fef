#pragma once

#include <vector>

#include "benchmarks/benchmark.hpp"

namespace scorefield::benchmarks {

/// What `benchmark --device cuda` times: gradient steps, the network's field, a rollout and sums over pairs on the
/// device that the options name, beside LibTorch's operations there or the CPU's kernels, with the device's own rate of
/// products as the bound.
[[nodiscard]] std::vector<BenchmarkCase> device_cases();

}  // namespace scorefield::benchmarks
