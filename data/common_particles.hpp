#pragma once

#include <cstddef>
#include <vector>

#include "data/frame_cache.hpp"

namespace scorefield::data {

/// Keeps of several frames of d coordinates the particles whose ids all of them have, in the order that they have in
/// the first one. An id that a frame has twice stands for the first particle of it.
void keep_common(std::size_t d, const std::vector<Frame*>& frames);

}  // namespace scorefield::data
