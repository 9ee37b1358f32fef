#pragma once

#include <torch/types.h>

#include "solvers/mpm/motion.hpp"

namespace scorefield::mpm {

/// The passage to the grid and back in LibTorch operations on `device`. Momentum is summed by sorting, not by atomic
/// additions, so that a run repeats bit for bit there, too. Same precision as the fused transfers, not the same bits.
[[nodiscard]] GridSteps device_grid_steps(torch::Device device);

/// Null on the CPU, whose transfers are fused; those above elsewhere.
[[nodiscard]] GridSteps grid_steps_on(torch::Device device);

}  // namespace scorefield::mpm
