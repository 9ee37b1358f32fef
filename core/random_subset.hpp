#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace scorefield {

/// `count` of the numbers 0 .. n - 1 without repetition, in random order, a pure function of the seed; all of them when
/// count >= n. Neither the first rows of a file that may be sorted nor every k-th row of a low-discrepancy sequence
/// stand for all of them.
[[nodiscard]] std::vector<std::int64_t> random_subset(std::int64_t n, std::int64_t count, std::uint64_t seed);

/// `count` row numbers drawn by weight, in random order, a pure function of the seed: row n comes count weights[n]/sum
/// times, rounded down or up (systematic resampling: equal steps through the summed weights from one random start).
/// Rows of no weight never come. weights: at least one above 0.
[[nodiscard]] std::vector<std::int64_t> draw_by_weight(std::span<const float> weights, std::int64_t count,
                                                       std::uint64_t seed);

}  // namespace scorefield
