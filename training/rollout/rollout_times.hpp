#pragma once

#include <cstdint>
#include <vector>

namespace scorefield::training {

/// `frames` equally spaced times from the first to the last of `known`; where those are enough, the nearest of them, so
/// that data have frames to compare with; 0: all of them.
[[nodiscard]] std::vector<double> rollout_times(const std::vector<double>& known, std::int64_t frames);

}  // namespace scorefield::training
