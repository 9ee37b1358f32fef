#pragma once

#include <memory>
#include <vector>

#include "benchmarks/benchmark.hpp"

namespace scorefield::models {
class ScoreNetwork;
}

namespace scorefield::benchmarks {

/// A network of the default kind and this size, for one physics parameter.
[[nodiscard]] std::shared_ptr<models::ScoreNetwork> some_network(const NetworkBatch& shape);

/// Gradient steps of action matching, and s with grad_x s, beside LibTorch autograd (docs/results/speed.md).
[[nodiscard]] std::vector<BenchmarkCase> network_cases();

}  // namespace scorefield::benchmarks
