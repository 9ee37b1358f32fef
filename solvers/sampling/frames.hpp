#pragma once

#include "solvers/sampling/run.hpp"

namespace scorefield::sampling {

/// Adds a run's present cloud without knowing how long the run will be: every stride-th one is kept, and every second
/// of them is left out when there are more than twice as many as wanted.
void keep_frame(Frames& frames, std::int64_t wanted, std::int64_t iteration, const Sampler& sampler);

/// `wanted` of them, the last cloud included.
[[nodiscard]] Frames choose_frames(Frames frames, std::int64_t wanted, std::int64_t iteration,
                                   const torch::Tensor& last);

/// Clouds of `particles` [N, d] up to `iteration`, into a checkpoint or back.
void exchange(StateArchive& archive, Frames& frames, at::IntArrayRef particles, std::int64_t iteration);

/// Where d = 2 and log p is known; empty elsewhere.
[[nodiscard]] DensityGrid density_grid(const targets::Target& target, const torch::Tensor& samples);

}  // namespace scorefield::sampling
