#pragma once

#include <cstdint>

namespace scorefield::ift {

/// Squares of the distances from rows of[0..count) of x [n, d] to their nearest other rows; infinite where there is
/// none. Single precision: they set the scale of a random displacement. Built for the best instruction set of this
/// processor. memory: [16, d], for sixteen rows of x side by side.
void nearest_squares(const float* x, std::int64_t n, std::int64_t d, const std::int64_t* of, std::int64_t count,
                     float* squares, float* memory);

}  // namespace scorefield::ift
