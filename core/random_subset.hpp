#pragma once

#include <cstdint>
#include <vector>

namespace scorefield {

/// `count` of the numbers 0 .. n - 1 without repetition, in random order, a pure function of the seed; all of them when
/// count >= n. Neither the first rows of a file that may be sorted nor every k-th row of a low-discrepancy sequence
/// stand for all of them.
[[nodiscard]] std::vector<std::int64_t> random_subset(std::int64_t n, std::int64_t count, std::uint64_t seed);

}  // namespace scorefield
