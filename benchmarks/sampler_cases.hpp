#pragma once

#include <vector>

#include "benchmarks/benchmark.hpp"

namespace scorefield::benchmarks {

/// Kernel flows and SPH: "ift", "ift-100d", "sph".
[[nodiscard]] std::vector<BenchmarkCase> sampler_cases();

}  // namespace scorefield::benchmarks
