#pragma once

#include <memory>

#include "models/targets/target.hpp"
#include "solvers/gas/cloud.hpp"

namespace scorefield::gas {

/// The target as the gases call it.
[[nodiscard]] Evaluator make_evaluator(std::shared_ptr<const targets::Target> target);
/// [N, d] tensor to [d, N] columns, and back.
[[nodiscard]] Matrix columns(const torch::Tensor& x);
[[nodiscard]] torch::Tensor rows(const Matrix& x);

}  // namespace scorefield::gas
