#pragma once

#include <torch/types.h>

#include "solvers/mpm/passage.hpp"

namespace scorefield::mpm {

/// The passage to the grid and back in LibTorch operations on `device`. Momentum is summed by sorting, not by atomic
/// additions, so that a run repeats bit for bit there, too. Same precision as the fused transfers, not the same bits.
[[nodiscard]] Passages device_passages(torch::Device device);

/// Null on the CPU, whose transfers are fused; those above elsewhere.
[[nodiscard]] Passages passages_on(torch::Device device);

}  // namespace scorefield::mpm
