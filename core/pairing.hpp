#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace scorefield {

/// The pairing of N points with N others of least total cost: row i goes to column result[i]. cost: [N, N] row-major,
/// finite. Shortest augmenting paths (R. Jonker, A. Volgenant, Computing 38 (1987) 325), O(N^3).
[[nodiscard]] std::vector<std::int64_t> optimal_pairing(std::span<const double> cost, std::int64_t n);

}  // namespace scorefield
