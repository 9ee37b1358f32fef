#pragma once

#include "solvers/gas/cloud.hpp"

namespace scorefield::gas {

/// Quasi-Newton ascent of log p from every column of x at once: L-BFGS with backtracking, one batched evaluation an
/// iteration. `unit` [d]: the coordinates' scales. Returns where the columns come to rest; log p is not finite in those
/// that did not.
[[nodiscard]] Cloud ascend(const Matrix& x, const Vector& unit, std::int64_t iterations, const Evaluator& evaluate);

}  // namespace scorefield::gas
