#pragma once

#include <algorithm>
#include <cstdint>

#include "core/parallel.hpp"

namespace scorefield::mpm {

inline constexpr std::int64_t kParticleBlock = 2048;  ///< particles of a task

/// parallel_for over blocks of `size` items; in order on the calling thread where there is little to do.
template <class Body>
void over_blocks(std::int64_t count, std::int64_t size, const Body& body) {
  const std::int64_t blocks = (count + size - 1) / size;
  const auto one = [&](std::int64_t b) { body(b * size, std::min(count, (b + 1) * size)); };
  if (blocks < 4) {
    for (std::int64_t b = 0; b < blocks; ++b) one(b);
  } else {
    parallel_for(blocks, one);
  }
}

}  // namespace scorefield::mpm
